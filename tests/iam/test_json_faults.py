"""A text that is not JSON is told in JSON's terms: which character, where, and what belongs there."""

import json
import random

import pytest

from labs.iam import MalformedPolicy, lint, parse_policy
from labs.iam.characters import character, differs, quoted, visible
from labs.iam.json_faults import json_fault
from labs.iam.positions import line_and_column

SPACE = " between the values; only spaces, tabs and line breaks may stand there"
LAST = "after a comma; JSON allows no comma after the last item: remove the comma"
FAULTS = [
    # what was written, line, column, what it says
    ('{"a": [1, 2,]}', 1, 13, f"] {LAST}"),
    ("[\n1,\n]", 3, 1, f"] {LAST} at the end of line 2"),
    ('{"a": 1 // no\n}', 1, 9, "// begins a comment; JSON has no comments: remove it"),
    ('/* x */ {"a": 1}', 1, 1, "/* begins a comment; JSON has no comments: remove it"),
    ('{\n# x\n"a": 1}', 2, 1, "# begins a comment; JSON has no comments: remove it"),
    ("{“a”: 1}", 1, 2, '“ (U+201C) is a curly quote; JSON takes the straight one (") only'),
    ('{"a": “b”}', 1, 7, '“ (U+201C) is a curly quote; JSON takes the straight one (") only'),
    ('{"a": "b”}', 1, 9, '” (U+201D) is a curly quote; JSON takes the straight one (") only'),
    ('{"a": "b”,\n "c": "d"}', 1, 9, '” (U+201D) is a curly quote; JSON takes the straight one (") only'),
    ('{"a": „b"}', 1, 7, '„ (U+201E) is a curly quote; JSON takes the straight one (") only'),
    ('{"a": «b»}', 1, 7, '« (U+00AB) is a curly quote; JSON takes the straight one (") only'),
    ("{'a': 1}", 1, 2, "a single quote (') where a straight double quote (\") belongs"),
    ("{\"a\": ’b’}", 1, 7, '’ (U+2019) where a straight double quote (") belongs'),
    ('{"a":\u00a01}', 1, 6, "a no-break space (U+00A0)" + SPACE),
    ('{\u3000"a": 1}', 1, 2, "an ideographic space (U+3000)" + SPACE),
    ('{"a": 1,\u200b"b": 2}', 1, 9, "a zero width space (U+200B)" + SPACE),
    ('{"a": 1}\u2028', 1, 9, "a line separator (U+2028)" + SPACE),
    ('{"a":\ufeff1}', 1, 6, "a byte order mark (U+FEFF)" + SPACE),
    ('\ufeff{"a": 1}', 1, 1, "the text begins with a byte order mark (U+FEFF); save the file as UTF-8 without it"),
    ('{"a": "x\ty"}', 1, 9, "a tab (U+0009) inside a string; write \\t, or a space"),
    ('{"a": "x\x00y"}', 1, 9, "a control character (U+0000) inside a string; write \\u0000, or a space"),
    ('{"a": "b,\n "c": 1}', 1, 7, 'this string is not closed on its line; a closing quote (") is missing'),
    ('{"a": "b}', 1, 7, 'this string is not closed; a closing quote (") is missing'),
    ('{"a": "x\\y"}', 1, 9, "\\y is no escape that JSON knows; a backslash itself is written \\\\"),
    ('{"a": "\\u12"}', 1, 8, "\\u needs four hexadecimal digits after it"),
    ('{"a": "say "hi""}', 1, 13, "'h' right after a closing quote; a quote inside a string is written \\\""),
    ('{"a": 1\n "b": 2}', 2, 2, 'a comma is missing before a double quote ("), at the end of line 1'),
    ('["a" "b"]', 1, 6, 'a comma is missing before a double quote (")'),
    ('[{"a": 1} {"b": 2}]', 1, 11, "a comma is missing before '{'"),
    ('{"a": 1; "b": 2}', 1, 8, "';' where a comma (,) or a closing bracket belongs"),
    ("[1,, 2]", 1, 4, "a comma after ,; there is nothing between them: remove it"),
    ("[, 1]", 1, 2, "a comma after [; there is nothing between them: remove it"),
    ('{\n "a": {"b": 1}\n', 3, 1, "the text ends, and { of line 1 is not closed; } is missing"),
    ('{"a": [1', 1, 9, "the text ends, and [ of line 1 is not closed; ] is missing"),
    ('{"a": [1}', 1, 9, "} closes what [ of line 1 opened; ] belongs here"),
    ('{"a": 1]', 1, 8, "] closes what { of line 1 opened; } belongs here"),
    ('{"a": 1}}', 1, 9, "} closes nothing: there is one too many of it"),
    ('{"a": 1},', 1, 9, "',' after the end of the document; nothing may follow the last bracket"),
    ('{"a" 1}', 1, 6, "'1' after a key; a colon (:) belongs there"),
    ('{"a" = 1}', 1, 6, "'=' after a key; a colon (:) belongs there"),
    ('{"a" => 1}', 1, 6, "'=>' after a key; a colon (:) belongs there"),
    ('{"a": }', 1, 7, "'}' right after a colon; a value is missing between them"),
    ('{"a": True}', 1, 7, "True is not a JSON value; JSON writes true"),
    ('{"a": False}', 1, 7, "False is not a JSON value; JSON writes false"),
    ('{"a": None}', 1, 7, "None is not a JSON value; JSON writes null"),
    ('{"a": NaN}', 1, 7, "NaN is not a JSON value; JSON has finite numbers only"),
    ('{"a": "NaN", "b": -Infinity}', 1, 19, "-Infinity is not a JSON value; JSON has finite numbers only"),
    ('["a", x:y/z]', 1, 7, 'x:y/z has no quotes; a text stands in straight double quotes: "x:y/z"'),
    ("{a: 1}", 1, 2, 'a has no quotes; a key stands in straight double quotes: "a"'),
    ('["a", ecr:Put]', 1, 7, 'ecr:Put has no quotes; a text stands in straight double quotes: "ecr:Put"'),
    ('{"a": 01}', 1, 8, "a number that begins with 0 has no further digits in JSON"),
    ('{"a": .5}', 1, 7, ".5 is not a JSON number: no + in front, and a digit before the point"),
    ('{"a": +1}', 1, 7, "+1 is not a JSON number: no + in front, and a digit before the point"),
    ("", 1, 1, "the text is empty; a JSON document begins with {"),
    (" \n", 1, 1, "the text is empty; a JSON document begins with {"),
    ("Version: 2012", 1, 1, "'V' at the beginning; a JSON document begins with {"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "words"), FAULTS, ids=[repr(each[0]) for each in FAULTS])
def test_a_fault_is_named_with_its_character_and_its_place(text, line, column, words):
    fault = json_fault(text)
    assert (*line_and_column(text, fault.offset), fault.words) == (line, column, words)


def test_a_text_that_is_json_has_no_fault():
    with pytest.raises(ValueError, match="is JSON"):
        json_fault('{"a": [1, true, null, "b“"]}')


def test_whatever_is_broken_is_told_in_one_sentence_at_a_place_of_the_text():
    whole = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["a:b", "c:d"]}]}, indent=1
    )
    chance = random.Random(9)
    odd = "{}[],:\"'“”\\/\u00a0\u200b\t\n0-tN# "
    broken = 0
    for _ in range(3000):
        at = chance.randrange(len(whole))
        text = whole[:at] + chance.choice(["", chance.choice(odd)]) + whole[at + chance.randrange(3) :]
        try:
            json.loads(text)
        except ValueError:
            broken += 1
            fault = json_fault(text)
            assert 0 <= fault.offset <= len(text)
            assert fault.words
            assert "\n" not in fault.words
            assert "Expecting" not in fault.words
    assert broken > 1000


def test_a_character_that_cannot_be_seen_is_called_by_its_name_and_number():
    assert character("\u2003") == "an em space (U+2003)"
    assert character("\u202e") == "a right-to-left override (U+202E)"
    assert character("x") == "'x'"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("app", '"app"'),
        ("app ", '"app "'),
        ("app\u00a0", '"app[no-break space (U+00A0)]"'),
        ("a\u200bpp", '"a[zero width space (U+200B)]pp"'),
        ("\ufeffapp", '"[byte order mark (U+FEFF)]app"'),
        ("a\tpp", '"a[tab (U+0009)]pp"'),
        ("\u202eapp", '"[right-to-left override (U+202E)]app"'),
        ("größe", '"größe"'),
    ],
)
def test_what_cannot_be_seen_is_shown(text, seen):
    assert quoted(text) == seen
    assert visible(text) == seen[1:-1]


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ("lab/app", "lab/app ", "It has a space (U+0020) at its end, after character 7."),
        ("lab/app", " lab/app", "Character 1 of it is a space (U+0020), which does not belong there."),
        ("lab/app", "lab/app\u00a0", "It has a no-break space (U+00A0) at its end, after character 7."),
        ("lab/app", "lab\u200b/app", "Character 4 of it is a zero width space (U+200B), which does not belong there."),
        ("lab/app", "\ufefflab/app", "Character 1 of it is a byte order mark (U+FEFF), which does not belong there."),
        ("lab/app", "lab/App", "Character 5 of it is 'A', not 'a'."),
        ("lab/app", "lab/\u0430pp", "Character 5 of it is \u0430, a cyrillic small letter a (U+0430), not 'a'."),
        ("lab-x", "lab\u2013x", "Character 4 of it is \u2013, an en dash (U+2013), not '-'."),
        ("1111", "11 11", "Character 3 of it is a space (U+0020), which does not belong there."),
        ("a b", "ab", "It lacks a space (U+0020) before its character 2."),
        ("lab/app", "lab/app", ""),
        ("lab/app", "lab/web", ""),
        ("lab/app", "lab/apps", ""),
    ],
)
def test_two_texts_that_look_the_same_are_told_apart(ours, theirs, words):
    assert differs(ours, theirs) == words


POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Sid": "Push", "Effect": "Allow", "Action": "ecr:PutImage", '
    '"Resource": "arn:aws:ecr:us-east-1:111122223333:repository/a"}]}'
)


@pytest.mark.parametrize(
    ("there", "instead", "words"),
    [
        ('"Allow"', '"Allow\u200b"', "It has a zero width space (U+200B) at its end"),
        ('"Allow"', '"Allow "', "It has a space (U+0020) at its end"),
        ('"Allow"', '"allow"', "Effect must be Allow or Deny, written so."),
        ('"Allow"', '"Permit"', 'It is "Permit".'),
        ("2012-10", "2012\u201310", "Character 5 of it is \u2013, an en dash (U+2013), not '-'."),
        ("2012-10-17", "2026-10-17", 'It is "2026-10-17".'),
        ("ecr:", "ecr\u200b:", "a zero width space (U+200B) is none of them."),
        ("ecr:Put", "\u0435cr:Put", "\u0435 (U+0435) is none of them."),
        ("arn:aws", "arn\u200b:aws", 'It is "arn[zero width space (U+200B)]:aws:ecr'),
        ("arn:aws", " arn:aws", 'It is " arn:aws:ecr'),
        ("arn:aws:", "arn:aws\u200b:", "It has a zero width space (U+200B) at its end"),
        ('"Effect"', '"Effect\u200b"', "'Effect[zero width space (U+200B)]' is not an element here"),
        ('"Push"', '"Pu\u00adsh"', "The Sid is 'Pu[soft hyphen (U+00AD)]sh'."),
    ],
)
def test_what_is_wrong_with_an_element_is_seen_though_its_character_is_not(there, instead, words):
    with pytest.raises(MalformedPolicy) as raised:
        parse_policy(POLICY.replace(there, instead))
    assert words in raised.value.detail


def test_lint_shows_what_cannot_be_seen():
    found = lint(parse_policy(POLICY.replace("PutImage", "Put\u200bImage")), frozenset({"ecr:PutImage"}))
    assert found[0].message.startswith("'ecr:Put[zero width space (U+200B)]Image' is not an action")
