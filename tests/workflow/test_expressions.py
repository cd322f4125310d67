"""Expressions are read as GitHub reads them: what they look at, what flows through them, what they become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.workflow.expressions import condition, contexts, expressions, flows, parts, value

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("github.sha", ["github.sha"]),
        ("GitHub.Event.Issue.Title", ["github.event.issue.title"]),
        ("github['event'].issue['title']", ["github.event.issue.title"]),
        ("github.event.pages[0].page_name", ["github.event.pages.*.page_name"]),
        ("github.event.commits.*.message", ["github.event.commits.*.message"]),
        ("steps.a-b_c.outputs.d", ["steps.a-b_c.outputs.d"]),
        ("env.A || 'x' && vars.B", ["env.a", "vars.b"]),
        ("!(a.b == 'it''s }} here')", ["a.b"]),
        ("format('{0}-{1}', github.sha, matrix.os)", ["github.sha", "matrix.os"]),
        ("fromJSON(needs.a.outputs.b).c", ["needs.a.outputs.b"]),
        ("github[vars.KEY].x", ["github.*", "vars.key"]),
        ("1 < 2.5 && 0xff != -1e3 && true && null", []),
    ],
)
def test_what_an_expression_looks_at(source, names):
    (found,) = expressions("${{ " + source + " }}")
    assert found.fault == ""
    assert [each.name for each in contexts(found.node)] == names
    assert [each.name for each in contexts(condition(source).node)] == names


@pytest.mark.parametrize(
    "source", ["", "a b", "a.", "a[", "a &&", "f(a", "f(a b)", "'open", '"two"', "a ? b : c", "a.1"]
)
def test_what_is_no_expression_says_why(source):
    found = condition("${{ " + source + " }}")
    assert found.node is None
    assert found.fault


def test_an_expression_without_an_end_is_a_fault():
    assert expressions("x ${{ github.sha }")[0].fault == "it has no }}"


def test_a_condition_needs_no_braces_and_may_be_missing():
    assert condition("") is None
    assert [each.name for each in contexts(condition("${{ always() && a.b }}").node)] == ["a.b"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a.b", ["a.b"]),
        ("a.b == 'x'", []),
        ("contains(a.b, 'x')", []),
        ("a.b == 'x' && c.d || e.f", ["c.d", "e.f"]),
        ("format('{0}', a.b)", ["a.b"]),
        ("toJSON(a.b)", ["a.b"]),
        ("!a.b", []),
    ],
)
def test_what_flows_into_the_text(source, names):
    assert [each.name for each in flows(condition(source).node)] == names


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a.b", "value"),
        ("'it''s'", "it's"),
        ("a.none || a.b", None),
        ("a.b || a.none", "value"),
        ("a.empty || 'default'", "default"),
        ("a.b && 'yes' || 'no'", "yes"),
        ("a.b == 'VALUE'", "true"),
        ("format('{0}/{{{1}}}', a.b, 'x')", "value/{x}"),
        ("format('{2}', a.b)", None),
        ("toJSON(a.b)", None),
    ],
)
def test_what_an_expression_becomes(source, text):
    known = {"a.b": "value", "a.empty": ""}
    assert value(condition(source).node, lambda context: known.get(context.name)) == text


@given(st.text(alphabet="${}' abz.[]()*,&|!=<>0\n", max_size=60))
def test_any_text_is_read_and_nothing_of_it_is_lost(text):
    found = parts(text)
    again = "".join(
        each if isinstance(each, str) else text[each.offset : each.offset + 3] + each.source for each in found
    )
    assert len(again) <= len(text)
    condition(text)
    literal = "".join(each for each in found if isinstance(each, str))
    assert "${{" not in literal
