"""Variables, quotes and escapes, as BuildKit's shell lexer has them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.engine.embedded.lexer import WordError, expand, expand_text, split

KNOWN = {"A": "x", "EMPTY": "", "P": "/a/b/c.tar.gz"}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$A", "x"),
        ("${A}b", "xb"),
        ("$Ab", ""),
        ("${NO}", ""),
        ("${NO:-d$A}", "dx"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${A:+y}", "y"),
        ("${EMPTY:+y}", ""),
        ("${EMPTY+y}", "y"),
        ("${NO:-${A}}", "x"),
        ("'$A'", "$A"),
        ('"$A b"', "x b"),
        ('"\\$A"', "$A"),
        ("\\$A", "$A"),
        ("a\\ b", "a b"),
        ("${P#*/}", "a/b/c.tar.gz"),
        ("${P##*/}", "c.tar.gz"),
        ("${P%.*}", "/a/b/c.tar"),
        ("${P%%.*}", "/a/b/c"),
        ("${P/a/o}", "/o/b/c.tar.gz"),
        ("${P//a/o}", "/o/b/c.tor.gz"),
        ("$", "$"),
        ("a$-b", "ab"),
        ("a$.b", "a$.b"),
        ("a$$A", "aA"),
        ("$10b", "b"),
    ],
)
def test_a_word_expands_as_in_buildkit(word, value):
    assert expand(word, KNOWN) == value


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("${NO:?give it}", "NO: give it"),
        ("${A", "missing '}'"),
        ("${A:=b}", r"unsupported modifier \(:\)"),
        ("'open", "matching single-quote"),
        ('"open', "matching double-quote"),
    ],
)
def test_a_bad_word_says_what_is_wrong(word, words):
    with pytest.raises(WordError, match=words):
        expand(word, KNOWN)


def test_words_are_split_outside_quotes_only():
    assert split("a=\"b c\" d=e\\ f 'g h'") == ['a="b c"', "d=e\\ f", "'g h'"]


def test_a_here_document_keeps_its_quotes_and_loses_its_escapes_as_in_buildkit():
    assert expand_text("say \"$A\" \\$A '$A' \\n\n", KNOWN) == "say \"x\" $A 'x' n\n"


@given(st.text(alphabet="$A{}:-+?#%/'\"\\ *[x", max_size=40))
def test_no_word_makes_anything_but_a_word_error(word):
    with contextlib.suppress(WordError):
        expand(word, KNOWN)
