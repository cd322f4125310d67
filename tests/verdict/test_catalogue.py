"""Messages: stable ids, named values, at most five lines."""

from pathlib import Path

import pytest

from labs.verdict import BadCatalogue, Catalogue, Gate, Status, Verdict, run_gates

TEXT = """
["push.denied.other_action"]
status = "FAIL"
expected = "{action} refused"
found = "{other} refused"
next = "fix it"
"""


def load(tmp_path: Path, text: str = TEXT) -> Catalogue:
    path = tmp_path / "messages.en.toml"
    path.write_text(text)
    return Catalogue.load(path)


def test_a_verdict_is_filled_in_from_named_values(tmp_path: Path) -> None:
    verdict = load(tmp_path).verdict("push.denied.other_action", action="a", other="b")
    assert verdict == Verdict(Status.FAIL, "push.denied.other_action", "a refused", "b refused", "", "fix it")


def test_its_text_is_at_most_five_lines_whatever_the_values_hold(tmp_path: Path) -> None:
    verdict = load(tmp_path).verdict("push.denied.other_action", action="a\nb\r\nc", other="d\n" * 9)
    text = str(verdict)
    assert len(text.splitlines()) <= 5
    assert text.splitlines()[1] == "Expected: a b c refused"


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"needs a value for: other"):
        load(tmp_path).verdict("push.denied.other_action", action="a")


def test_an_unknown_id_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"No message has the id push\.none"):
        load(tmp_path).verdict("push.none")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('["a"]\nexpected = "x"', "needs a status"),
        ('["a"]\nstatus = "MAYBE"', "needs a status, one of: PASS, NOT YET, FAIL, CANNOT CHECK"),
        ('["a"]\nstatus = "FAIL"\nwhy = "x"', "unknown keys: why"),
        ('[a.b]\nstatus = "FAIL"', "unknown keys: b"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadCatalogue, match=says):
        load(tmp_path, text)


def test_an_id_belongs_to_one_file(tmp_path: Path) -> None:
    first, second = tmp_path / "one.toml", tmp_path / "two.toml"
    first.write_text(TEXT)
    second.write_text(TEXT)
    with pytest.raises(BadCatalogue, match="already taken"):
        Catalogue.load(first, second)


def test_the_first_shut_gate_is_the_verdict_and_the_rest_are_not_asked() -> None:
    asked: list[str] = []
    shut = Verdict(Status.FAIL, "x.shut", expected="e")

    def gate(name: str, answer: Verdict | None) -> Gate[None]:
        def ask(_: None) -> Verdict | None:
            asked.append(name)
            return answer

        return Gate(name, ask)

    gates = [gate("one", None), gate("two", shut), gate("three", None)]
    report = run_gates("stage", gates, None, lambda _: Verdict(Status.PASS, "x.pass"))
    assert asked == ["one", "two"]
    assert str(report).splitlines()[0] == "FAIL  x.shut  (at two; not reached: three)"
    assert len(str(report).splitlines()) <= 5


def test_all_gates_open_is_a_pass() -> None:
    report = run_gates("stage", [Gate("one", lambda _: None)], None, lambda _: Verdict(Status.PASS, "x.pass"))
    assert str(report) == "PASS  x.pass"
