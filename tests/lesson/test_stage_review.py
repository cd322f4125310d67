"""A mistake in a stage's files: the error names the file and the line to change."""

import re
import shutil
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.lesson import additions, scaffold, stage_file
from labs.lesson import stage as stage_module
from labs.lesson.hints import topics
from labs.lesson.message_file import hint_mistakes, message_mistakes
from labs.lesson.stage import COMMON, Stage, Wrong, following, stage, stages
from labs.lesson.stage_file import read_stage, read_toml
from labs.lesson.stage_review import problems

FOLDER = "labs/stages/tag_rules"
MADE = scaffold.NewStage("tag-rules", 6, Path("tag_rules"), "06-tag-rules")
Change = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The template's folder, filled in."""
    monkeypatch.setattr(stage_file, "ROOT", tmp_path)
    place = tmp_path / FOLDER
    for path in scaffold.TEMPLATE.rglob("*.txt"):
        file = place / path.relative_to(scaffold.TEMPLATE).with_suffix("")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MADE.filled(path.read_text()))
    return place


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def first(folder: Path, name: str, change: Change) -> LabError:
    """The first error after a change of one file."""
    path = folder / name
    path.write_text(change(path.read_text()))
    try:
        return reading(path)[0]
    except LabError as error:
        return error


def reading(path: Path) -> list[LabError]:
    if path.name == "stage.toml":
        read_stage(path)
    if path.name == "messages.en.toml":
        return list(message_mistakes((COMMON, stage("build").folder / path.name, path)))
    if path.name == "hints.en.toml":
        return list(hint_mistakes(path, read_toml(path)))
    return []


@pytest.mark.parametrize(
    ("name", "change", "id", "line", "words"),
    [
        ("stage.toml", swap("minutes", "minuts"), "stage-key-unknown", 4, "'minuts' is not a key"),
        ("stage.toml", swap('cost = "nothing"\n', ""), "stage-key-missing", 1, "no 'cost'"),
        ("stage.toml", swap("minutes = 15", 'minutes = "15"'), "stage-key-of-another-type", 4, "a whole number"),
        ("stage.toml", swap('needs = ["start"]', "needs = [0]"), "stage-key-of-another-type", 8, "a list of texts"),
        ("stage.toml", swap("minutes = 15", "minutes ="), "stage-file-not-toml", 4, "not TOML"),
        ("stage.toml", swap("order = 6", "order = 6\norder = 8"), "name-twice-in-a-file", 2, "order is written twice"),
        ("stage.toml", swap("order = 6", "order = 8"), "notebook-not-in-order", 3, "08-"),
        ("stage.toml", swap('right = "always"', 'right = "ever"'), "prediction-without-its-answer", 13, "'ever'"),
        ("stage.toml", swap("order = 6", "order = -6"), "stage-value-out-of-range", 1, "from 0 to 99"),
        ("stage.toml", swap("minutes = 15", "minutes = 0"), "stage-value-out-of-range", 4, "more than 0"),
        ("stage.toml", swap("order = 6", 'name = ""\norder = 6'), "stage-value-out-of-range", 1, "lower-case letters"),
        ("stage.toml", swap('"06-', '"06-../'), "stage-value-out-of-range", 3, "without a folder"),
        ("stage.toml", swap(".options]\n", ".options]\nodd = 3\n"), "prediction-option-not-a-text", 17, "'odd'"),
        ("stage.toml", swap("why =", "because ="), "stage-key-unknown", 14, "'because' is not a key of prediction"),
        ("stage.toml", swap('right = "always"\n', ""), "prediction-key-missing", 11, "no 'right'"),
        ("messages.en.toml", swap("no_retention", "no_group"), "name-twice-in-a-file", 7, "tag.rules.no_group"),
        ("messages.en.toml", swap("tag.rules.pass", "build.pass"), "message-id-twice", 13, "build.pass is used twice"),
        ("messages.en.toml", swap("expected", "expects"), "message-key-unknown", 3, "'expects'"),
        ("messages.en.toml", swap("NOT YET", "LATER"), "message-without-status", 1, "no status"),
        ("messages.en.toml", swap('next = "', 'next = "{'), "message-template-malformed", 5, "'next'"),
        ("messages.en.toml", swap('found = "', 'found = 3 # "'), "message-template-malformed", 4, "'found'"),
        ("messages.en.toml", swap('["tag.rules.no_group"]', "[tag.rules.no_group]"), "message-id-not-quoted", 1, "tag"),
        ("messages.en.toml", swap('next = "open {following}"\n', ""), "message-without-next", 13, "what to do next"),
        ("hints.en.toml", swap("locate =", "located ="), "hint-key-unknown", 5, "'located'"),
        ("hints.en.toml", swap("[group]\n", "hello = 1\n[group]\n"), "hint-not-a-table", 1, "'hello'"),
        ("hints.en.toml", lambda text: re.sub(r"for = \[(.*?)\]", r"for = \1", text, count=1),
         "hint-of-another-type", 2, "'for' is not a list of message ids"),
        ("hints.en.toml", lambda text: re.sub(r"(?m)^locate = .*$", "locate = 5", text, count=1),
         "hint-of-another-type", 5, "'locate' is not a text"),
    ],
)  # fmt: skip
def test_a_mistake_in_one_file_is_named_with_its_line(
    folder: Path, name: str, change: Change, id: str, line: int, words: str
) -> None:
    error = first(folder, name, change)
    assert error.what.startswith(f"{FOLDER}/{name}:{line}: "), error.what
    assert words in error.what
    assert error.next_step
    assert error.id == id


@pytest.mark.parametrize("name", ["stage.toml", "messages.en.toml", "hints.en.toml"])
def test_a_file_in_another_encoding_is_named_with_its_line(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n# caf\xe9\n", 1))
    with pytest.raises(LabError) as raised:
        read_toml(path)
    assert raised.value.what == f"{FOLDER}/{name}:2: this is not UTF-8."
    assert raised.value.id == "stage-file-not-utf8"


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    path = folder / "stage.toml"
    path.unlink()
    path.mkdir()
    with pytest.raises(LabError, match="cannot be read: Is a directory") as raised:
        read_stage(path)
    assert raised.value.id == "stage-file-unreadable"


def test_two_stages_of_one_name_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = folder.with_name("other")
    shutil.copytree(folder, other)
    change = swap("order = 6", 'name = "tag-rules"\norder = 8')
    (other / "stage.toml").write_text(change((other / "stage.toml").read_text()).replace('"06-', '"08-'))
    monkeypatch.setattr(stage_module, "FOLDER", folder.parent)
    with pytest.raises(LabError) as raised:
        stages.__wrapped__()
    assert raised.value.id == "stage-names-twice"
    assert raised.value.what == "labs/stages/other/stage.toml:1: labs/stages/tag_rules is already called 'tag-rules'."


def test_a_message_id_used_in_two_stages_names_both_places(folder: Path) -> None:
    error = first(folder, "messages.en.toml", swap("tag.rules.pass", "build.pass"))
    assert re.search(r"the first is in .*labs/stages/build_image/messages\.en\.toml:\d+$", error.next_step)


@pytest.fixture
def own(folder: Path) -> Stage:
    """A stage in the template's folder; it has no notebook, and no module that Python can import."""
    raw = read_stage(folder / "stage.toml")
    like = stages()[0]
    return replace(
        like, name="tag-rules", folder=folder, order=raw["order"], notebook=raw["notebook"], needs=("start",)
    )


def words_of(own: Stage, monkeypatch: pytest.MonkeyPatch) -> dict[str, LabError]:
    """The problems, with the modules loaded from the folder."""
    monkeypatch.setattr(Stage, "module", loaded)
    return {error.id: error for error in problems(own)}


def loaded(subject: Stage, name: str) -> object:
    """``check``, ``solve`` or ``wrong``: only what they define is looked at."""
    module = types.ModuleType(name)
    text = (subject.folder / f"{name}.py").read_text()
    for each in ("check", "solve", "reset"):
        if f"def {each}(" in text:
            setattr(module, each, None)
    if "WRONG" in text:
        module.WRONG = tuple(  # type: ignore[attr-defined]
            Wrong(mistake, id, lambda _: None) for mistake, id in re.findall(r'Wrong\("([^"]+)", "([^"]+)"', text)
        )
    return module


@pytest.mark.parametrize(
    ("name", "change", "id", "line", "words"),
    [
        ("hints.en.toml", swap("no_group", "nogroup"), "hint-without-message", 2, "no message tag.rules.nogroup"),
        ("messages.en.toml", swap('["tag.rules.pass"]', '["tag.rules.late"]\nstatus = "FAIL"\nnext = "x"\n'
         '["tag.rules.pass"]'), "message-without-hint", 13, "tag.rules.late has no hints"),
        ("messages.en.toml", swap('["tag.rules.pass"]', '["tag.rules.late"]\nstatus = "FAIL"\nnext = "x"\n'
         '["tag.rules.pass"]'), "message-without-wrong", 13, "no wrong answer gives tag.rules.late"),
        ("hints.en.toml", swap('["tag.rules.no_retention"]', '["tag.rules.no_retention", "tag.rules.no_group"]'),
         "message-hinted-twice", 10, "has hints in 'group' already"),
        ("wrong.py", swap("tag.rules.no_group", "tag.rules.gone"), "wrong-without-message", 13, "tag.rules.gone"),
        ("messages.en.toml", swap("NOT YET", "LATER"), "message-without-status", 1, "no status"),
        ("messages.en.toml", swap("expected", "expects"), "message-key-unknown", 3, "'expects'"),
        ("messages.en.toml", swap('status = "NOT YET"\n', ""), "message-without-status", 1, "no status"),
        ("check.py", swap('say("tag.rules.no_group', 'say("tag.rules.nogroup'), "said-without-message", 28, "nogroup"),
        ("policies/check.json", swap("DescribeLogGroups", "*"), "check-policy-not-reading", 7, "logs:*"),
        ("policies/check.json", swap("DescribeLogGroups", "DeleteLogGroup"), "check-policy-not-reading", 7, "Delete"),
        ("policies/check.json", swap('"Allow",', '"Allow"'), "check-policy-malformed", 7, "not an IAM policy"),
        ("solve.py", swap("def reset(", "def undone("), "stage-module-incomplete", 1, "no 'reset'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_named_with_its_line(
    own: Stage, monkeypatch: pytest.MonkeyPatch, name: str, change: Change, id: str, line: int, words: str
) -> None:
    path = own.folder / name
    path.write_text(change(path.read_text()))
    found = words_of(own, monkeypatch)
    assert id in found, found
    assert found[id].what.startswith(f"{FOLDER}/{name}:{line}: "), found[id].what
    assert words in found[id].what


@pytest.mark.parametrize("change", [swap("NOT YET", "LATER"), swap('next = "', 'next = "{')])
def test_a_mistake_in_the_messages_does_not_stop_the_review(
    own: Stage, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    path = own.folder / "messages.en.toml"
    path.write_text(change(path.read_text()))
    (own.folder / "solve.py").write_text("def solve(bench): ...\n")
    found = words_of(own, monkeypatch)
    assert found.keys() >= {"stage-module-incomplete", "stage-notebook-missing"}
    assert found.keys() & {"message-without-status", "message-template-malformed"}


def test_a_missing_notebook_is_named_where_it_is_called_for(own: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    found = words_of(own, monkeypatch)
    assert str(found["stage-notebook-missing"]).startswith(
        f"{FOLDER}/stage.toml:3: solutions/06-tag-rules.ipynb is missing."
    )
    assert set(found) <= {"stage-notebook-missing", "stage-module-broken"}


def test_a_missing_file_is_named(own: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (own.folder / "hints.en.toml").unlink()
    assert words_of(own, monkeypatch)["stage-file-missing"].what == f"{FOLDER}/hints.en.toml is missing."
    with pytest.raises(LabError, match="is missing"):
        topics(own)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("VERBS = ('show',)", "stage-additions-of-another-type"),
        ("VERBS = 3", "stage-additions-of-another-type"),
        ("NAMES = ['x']", "stage-additions-of-another-type"),
        ("VARIABLES = {'X': 'a text'}", "stage-additions-of-another-type"),
        ("VARIABLES = {'WORK': lambda bench: ''}", "lab-name-taken"),
    ],
)
def test_what_a_notebook_py_cannot_add_is_named(
    own: Stage, monkeypatch: pytest.MonkeyPatch, text: str, id: str
) -> None:
    (own.folder / "notebook.py").write_text(f"# one line\n{text}\n")
    module = types.ModuleType("notebook")
    exec(text, module.__dict__)
    monkeypatch.setattr(Stage, "module", lambda _, name: module if name == "notebook" else loaded(own, name))
    found = {error.id: error for error in problems(own)}
    assert found[id].what.startswith(f"{FOLDER}/notebook.py:2: ")
    if id != "lab-name-taken":
        with pytest.raises(LabError):
            additions.additions_of(own)


def test_wrong_answers_of_another_type_are_named(own: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (own.folder / "wrong.py").write_text("WRONG = ('a mistake',)\n")
    module = types.ModuleType("wrong")
    module.WRONG = ("a mistake",)  # type: ignore[attr-defined]
    monkeypatch.setattr(Stage, "module", lambda _, name: module if name == "wrong" else loaded(own, name))
    found = {error.id: error for error in problems(own)}
    assert found["wrong-answers-of-another-type"].what.startswith(f"{FOLDER}/wrong.py:1: ")


def test_a_stage_that_needs_a_later_one_is_told(own: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    found = words_of(replace(own, needs=("start", "clean-up")), monkeypatch)
    assert found["stage-needs-unknown"].what.startswith(f"{FOLDER}/stage.toml:8: 'clean-up' is not a stage before")


@pytest.mark.parametrize(
    ("wanted", "order", "id"),
    [
        ("import", None, "stage-name-reserved"),
        ("Tag rules", None, "stage-name-malformed"),
        ("../elsewhere", None, "stage-name-malformed"),
        ("9lives", None, "stage-name-malformed"),
        ("x" * 31, None, "stage-name-malformed"),
        ("build", None, "stage-name-taken"),
        ("tag-rules", 3, "stage-order-not-free"),
        ("tag-rules", 100, "stage-order-out-of-range"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_had_is_refused_in_a_sentence(wanted: str, order: int | None, id: str) -> None:
    with pytest.raises(LabError) as raised:
        scaffold.new(wanted, order)
    assert raised.value.id == id
    assert len(str(raised.value).splitlines()) == 2


def test_what_follows_a_stage_comes_from_the_order() -> None:
    names = [each.notebook for each in stages()]
    assert [following(each) for each in stages()] == [*names[1:], ""]


def test_a_file_that_an_editor_began_with_a_byte_order_mark_is_read(folder: Path) -> None:
    path = folder / "stage.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_stage(path)["order"] == 6
