"""What is not ours is printed so that neither a terminal nor an eye is misled by it, at every door."""

import json
import unicodedata

import pytest
from botocore.exceptions import ClientError

from labs import network
from labs.account import reachability, report
from labs.engine.embedded import workspace
from labs.engine.embedded.registry_client import registry_words
from labs.errors import LabError
from labs.failures import explain
from labs.ledger.receipt import Item, Outcome
from labs.printable import printable, printable_lines
from labs.ui import pictures, svg, text
from labs.verdict.verdict import Status, Verdict

HOSTILE = {
    "\x1b[2K\x1b[1A": r"\x1b[2K\x1b[1A",
    "\r": r"\r",
    "\x00\x07\x08": r"\x00\x07\x08",
    "\x7f": r"\x7f",
    "\x9b31m": r"\x9b31m",
    "\x85": r"\x85",
    "\u202ecod.exe": r"\u202ecod.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "\u200e\u200f\u061c": r"\u200e\u200f\u061c",
    "a\u200bb": r"a\u200bb",
    "a\u200db": r"a\u200db",
    "\ufeffa": r"\ufeffa",
    "a\u00adb": r"a\xadb",
    "a\u2060b\u2063": r"a\u2060b\u2063",
    "\u3164": r"\u3164",
    "\u2028\u2029": r"\u2028\u2029",
    "\U000e0041": r"\U000e0041",
    "\ud800": r"\ud800",
}
KEPT = [
    "plain",
    "ärger",
    "日本語",
    "עברית",
    "नमस्ते",
    "می\u200cخواهم",
    "\U0001f468\u200d\U0001f469",
    "\xa0",
    r"\x1b",
    "…",
]


@pytest.mark.parametrize("given", HOSTILE, ids=ascii)
def test_it_is_made_visible(given):
    assert printable(given) == HOSTILE[given]
    assert printable_lines(f"a\n\t{given} \nb") == f"a\n\t{HOSTILE[given]} \nb"


@pytest.mark.parametrize("given", KEPT, ids=ascii)
def test_what_can_be_seen_stays(given):
    assert printable(given) == printable_lines(given) == given


def test_one_line_stays_one_line():
    assert printable("a\nNext: b\tc") == r"a\nNext: b\tc"
    assert printable_lines("a\r\nb\tc") == "a\nb\tc"


def test_no_control_or_direction_mark_of_unicode_is_left_out():
    left = [
        chr(n) for n in range(0x110000) if unicodedata.bidirectional(chr(n)) in BIDI and printable(chr(n)) == chr(n)
    ]
    assert left == []
    controls = [chr(n) for n in range(0x110000) if unicodedata.category(chr(n)) == "Cc"]
    assert [each for each in controls if printable(each) == each] == []


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"}
BAD = "x\x1b[2K\u202ey"
SEEN = r"x\x1b[2K\u202ey"


def _client_error(message):
    return ClientError({"Error": {"Code": "Odd", "Message": message}}, "Op")


def _path(bad):
    hop = network.Hop(network.PathStep.DNS, network.HopVerdict.BLOCKED, bad, bad, bad, network.Fix("", {}, bad))
    return reachability.report(network.Path(False, (hop,), hop, bad, network.Destination("h"), bad))


DOORS = {
    "a path": _path,
    "an error": lambda bad: str(LabError(bad, f"do {bad}", id="x")),
    "what AWS says": lambda bad: str(explain(_client_error(bad), "asking")),
    "a registry's error": lambda bad: registry_words(json.dumps({"errors": [{"code": bad, "message": bad}]}).encode()),
    "a verdict": lambda bad: str(Verdict(Status.FAIL, "x.y", bad, bad, bad, bad)),
    "facts": lambda bad: text.facts({"a": bad}),
    "a table": lambda bad: text.table(("a",), [(bad,)]),
    "a sentence": lambda bad: text.wrapped(bad),
    "a hanging sentence": lambda bad: text.hanging("- ", bad),
    "a diagnosis": lambda bad: report._listed("Proof:", [bad]),
    "a receipt": lambda bad: str(Item(kind="vpc", id=bad, outcome=Outcome.LEFT, reason=bad)),
    "a picture": lambda bad: svg.text(0, 0, bad) + pictures.escaped(bad),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_makes_it_visible(door):
    said = DOORS[door](BAD)
    assert SEEN in said.replace("\n", "").replace("X", "x")
    assert not {"\x1b", "\u202e", "\r"} & set(said)


@pytest.mark.parametrize("stream", ["say", "out"])
def test_the_docker_command_makes_it_visible(stream, capsys):
    getattr(workspace.Workspace({}), stream)(BAD)
    assert SEEN in "".join(capsys.readouterr())


def test_a_forged_line_in_an_answer_stays_in_its_line():
    said = str(explain(_client_error("denied\nNext: run this"), "asking"))
    assert said.count("\nNext: ") == 1
