"""zizmor and jactionlint are asked offline, with nothing of the user's; one that was not asked says so."""

import os
import subprocess
import sysconfig

import pytest

from labs.workflow import linters
from labs.workflow.findings import Weight
from labs.workflow.review import errors
from tests.workflow.right_workflows import RIGHT_ONES
from tests.workflow.wrong_workflows import RIGHT, WRONG, with_changes

FLOATING = with_changes(("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "actions/checkout@v7"))
ZIZMOR, JACTIONLINT = linters.LINTERS


def program(monkeypatch, folder, text, name="zizmor"):
    """A program in the linter's place."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda kind: str(folder))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_who_else_sees_a_wrong_workflow(wrong):
    answers = linters.ask(wrong.text)
    assert [each.not_asked for each in answers] == ["", ""]
    assert tuple(each.linter for each in answers if errors(each.findings)) == wrong.others


@pytest.mark.parametrize("text", RIGHT_ONES.values(), ids=RIGHT_ONES)
def test_a_right_workflow_is_not_blamed_by_a_linter(text):
    answers = linters.ask(text)
    assert [(each.not_asked, errors(each.findings)) for each in answers] == [("", ()), ("", ())]


def test_a_finding_has_its_line_its_sentence_and_a_next_step():
    for answer in linters.ask(FLOATING):
        (finding,) = errors(answer.findings)
        assert (finding.id, finding.line, finding.found_by) == ("unpinned-uses", 19, answer.linter)
        assert finding.what.endswith(".")
        assert finding.next_step.startswith("write the full commit")
        assert linters.about(finding) == "not-pinned"
        assert answer.version


@pytest.mark.parametrize("linter", linters.LINTERS, ids=lambda linter: linter.name)
def test_a_linter_that_is_not_there_was_not_asked(linter, tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda kind: str(tmp_path))
    answer = linters.ask_one(linter, FLOATING)
    assert answer.not_asked == f"{linter.name} is not installed"
    assert answer.findings == ()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo no such option >&2; exit 2", "zizmor ended with 2: no such option"),
        ("exit 1", "zizmor ended with 1"),
        ("echo words", "what zizmor said could not be read"),
        ("echo '[{}]'", "what zizmor said could not be read"),
        ("kill -9 $$", "zizmor ended with -9"),
        ("exec sleep 60", "zizmor did not end within 0.2 s"),
    ],
)
def test_a_linter_that_fails_was_not_asked(script, why, tmp_path, monkeypatch):
    program(monkeypatch, tmp_path, script)
    assert linters.ask_one(ZIZMOR, RIGHT, within_s=0.2 if "sleep" in script else 20).not_asked == why


def test_a_linter_sees_nothing_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("GH_TOKEN", "a-token")
    monkeypatch.setenv("ZIZMOR_CONFIG", "/a/config")
    seen = tmp_path / "seen"
    program(monkeypatch, tmp_path, f"env > {seen}; pwd >> {seen}; find . >> {seen}; echo '[]'")
    assert linters.ask_one(ZIZMOR, RIGHT).not_asked == ""
    said = seen.read_text()
    assert "a-token" not in said
    assert "ZIZMOR_CONFIG" not in said
    assert f"HOME={os.environ['HOME']}\n" not in said
    assert "./.github/workflows/push.yml" in said


@pytest.mark.parametrize("comment", ["# zizmor: ignore[unpinned-uses]", "# jactionlint ignore=unpinned-uses"])
def test_a_comment_in_the_file_silences_no_linter(comment):
    text = FLOATING.replace("actions/checkout@v7", f"actions/checkout@v7 {comment}")
    assert all(errors(each.findings) for each in linters.ask(text))


def test_a_file_that_is_no_yaml_is_told_or_was_not_looked_at():
    answers = linters.ask("on: [push\njobs: {")
    assert all(each.not_asked or errors(each.findings) for each in answers)


def test_every_rule_that_is_weighed_has_a_reason_and_a_next_step():
    for table in linters.rules().values():
        for rule in table.values():
            assert rule.why
            assert rule.next_step
            assert not rule.next_step.endswith(".")
            assert rule.weight is not Weight.UNKNOWN


def test_every_rule_of_jactionlint_that_is_weighed_is_one():
    listed = subprocess.run(
        [f"{sysconfig.get_path('scripts')}/jactionlint", "--list-rules"], capture_output=True, check=True, text=True
    ).stdout
    assert set(linters.rules()["jactionlint"]) - {line.split()[0] for line in listed.splitlines() if line} == set()
