"""What a Dockerfile may say, and what it is told when it may not."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.engine.embedded.dockerfile import DockerfileError, read
from labs.errors import LabError


def _one(text: str):
    return read(text.encode()).stages[-1].instructions


def test_a_continued_line_keeps_its_first_and_last_line_number():
    (env,) = _one("FROM scratch\nENV a=b \\\n\n   # why\n    c=d\n")
    assert (env.line, env.end, env.value.split()) == (2, 5, ["a=b", "c=d"])


def test_the_escape_directive_changes_the_continuation():
    (label,) = _one("# escape=`\nFROM scratch\nLABEL a=b `\n c=C:\\d\n")
    assert label.value.split() == ["a=b", "c=C:\\d"]


def test_a_here_document_is_not_read_as_instructions():
    copy, user = _one("FROM scratch\nCOPY <<EOF <<-'B' /x/\nFROM nothing \\\n\nEOF\n\ttab $A\n\tB\nUSER 1\n")
    assert [(each.name, each.text, each.expand) for each in copy.heredocs] == [
        ("EOF", "FROM nothing \\\n\n", True),
        ("B", "tab $A\n", False),
    ]
    assert (user.name, user.line) == ("USER", 8)


def test_a_continuation_at_the_end_of_the_file_still_counts():
    assert [each.name for each in _one('FROM scratch\nCMD ["a"] \\')] == ["CMD"]


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert read(b"\xef\xbb\xbfFROM scratch\r\nUSER app\r\n").stages[0].instructions[0].value == "app"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "file with no instructions"),
        ("# nothing\n", "file with no instructions"),
        ("USER a\nFROM x", "no build stage in current context"),
        ("ARG a=1\n", "dockerfile contains no stages to build"),
        ("FROM", "dockerfile parse error on line 1: FROM requires either one or three arguments"),
        ("FROM a b", "dockerfile parse error on line 1: FROM requires either one or three arguments"),
        ("FROM a\nFOO b", "dockerfile parse error on line 2: unknown instruction: FOO"),
        ("FROM a\n\nCOPPY", "dockerfile parse error on line 3: unknown instruction: COPPY"),
        ("FROM a\nCOPY --chwon=1 a b", "dockerfile parse error on line 2: unknown flag: --chwon"),
        ("FROM a\nCOPY <<EOF /x\nno end", "unterminated heredoc"),
    ],
)
def test_a_malformed_dockerfile_is_told_in_buildkits_words_with_its_line(text, words):
    with pytest.raises(DockerfileError) as error:
        read(text.encode())
    assert error.value.what == words


def test_bytes_that_are_not_text_are_one_sentence():
    with pytest.raises(LabError, match="not UTF-8"):
        read(b"FROM scratch\nLABEL a=\xff\xfe\n")


@given(st.text(alphabet="FROM scatchCOPYENVRUN<<EOF=\"'\\$#{}[]/ \n\t", max_size=200))
def test_no_text_makes_a_traceback(text):
    with contextlib.suppress(LabError):
        read(text.encode())
