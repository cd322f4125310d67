"""The catalogue of AWS's texts: each entry is whole, is said somewhere in labs/, and names the test that shows it."""

import ast
import functools
import re
from collections import Counter
from pathlib import Path

import pytest

from labs.aws_texts import FILES, SIMULATED, Mark, texts

ROOT = Path(__file__).parents[2]
EVERY = [text for file in FILES for text in texts(file).values()]
IDS = [text.id for text in EVERY]
BY_ID = {text.id: text for text in EVERY}
# The functions that say a text by its id.
SPEAKERS = {"say", "said", "_said", "refused", "listed", "refusal"}
# A new text has a test. These are from before that rule; the list only gets shorter.
UNTESTED = {
    "cluster.has_tasks",
    "definition.same_names",
    "tags.setting",
    "list.size",
    "scheduler.draining",
    "scheduler.inactive",
    "api.no_folder",
    "api.parameters",
    "detail.no_date",
    "detail.no_query_part",
    "detail.expires",
    "detail.scope_date",
    "token.no_subject",
    "token.no_times",
    "session.not_with_this",
    "session.same_tags",
    "session.role_arn",
    "endpoint.address_type",
    "endpoint.record_type",
    "endpoint.zone_not_served",
    "endpoint.no_ipv6",
    "endpoint.table_elsewhere",
    "endpoint.no_private_dns",
    "endpoint.inbound_dns_not_for_gateways",
    "address.limit",
    "gateway.no_allocation",
    "gateway.allocation_used",
    "route.subnet_elsewhere",
}


@functools.cache
def nodes(path):
    """What a module is made of, read once."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def spoken(path):
    """Every id that a module may say: its strings, and f-strings (``f"{store}.denied"``) as patterns."""
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.escape(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "" for part in node.values]
            if re.fullmatch("[a-z_.]*[.][a-z_.]*", "".join(parts)):
                yield "".join(re.escape(part) if part else "[a-z0-9_]+" for part in parts)


@functools.cache
def all_that_is_said():
    """The ids that labs/ says, and the patterns of those that it puts together."""
    said = {each for path in (ROOT / "labs").rglob("*.py") for each in spoken(path)}
    return said, [re.compile(each) for each in said if "[a-z0-9_]+" in each]


def calls():
    """Each call that says a text by its id, with the names of its values: ``refused("task.override", name=...)``."""
    for path in sorted((ROOT / "labs").rglob("*.py")):
        for node in nodes(path):
            if not isinstance(node, ast.Call) or any(word.arg is None for word in node.keywords):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            ids = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and arg.value in BY_ID]
            if name in SPEAKERS and ids:
                yield ids[0], frozenset(word.arg for word in node.keywords)


def defined(path):
    """The names of a test module's functions."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_an_id_is_given_once():
    assert [id for id, count in Counter(IDS).items() if count > 1] == []


@pytest.mark.parametrize("text", EVERY, ids=IDS)
def test_a_text_has_its_service_its_case_its_words_and_its_evidence(text):
    assert text.service
    assert text.operations
    assert text.case
    assert text.words
    assert text.evidence
    assert isinstance(text.mark, Mark)


@pytest.mark.parametrize("text", EVERY, ids=IDS)
def test_only_words_of_ours_say_that_they_are_simulated(text):
    for words in (text.words, text.older, *text.also):
        assert (SIMULATED in words) is (text.mark is Mark.SIMULATED and bool(words))


@pytest.mark.parametrize("text", EVERY, ids=IDS)
def test_a_text_has_plain_placeholders_and_is_filled_whole(text):
    assert all(re.fullmatch("[a-z_]+", name) for name in text.placeholders)
    assert "{" not in text.render(dict.fromkeys(text.placeholders, "value"))


@pytest.mark.parametrize("text", EVERY, ids=IDS)
def test_an_error_has_a_code_and_a_status(text):
    assert bool(text.code) is bool(text.status and text.code)
    assert text.status in (0, *range(400, 600))


@pytest.mark.parametrize("text", EVERY, ids=IDS)
def test_a_text_is_said_somewhere(text):
    said, patterns = all_that_is_said()
    assert re.escape(text.id) in said or any(pattern.fullmatch(text.id) for pattern in patterns)


def test_every_text_names_a_test_but_those_that_have_none_yet():
    assert {text.id for text in EVERY if not text.test} == UNTESTED


@pytest.mark.parametrize("text", [text for text in EVERY if text.test], ids=lambda text: text.id)
def test_the_test_that_a_text_names_is_there(text):
    file, _, name = text.test.partition("::")
    path = ROOT / "tests" / file
    assert path.is_file(), text.test
    assert name.partition("[")[0] in defined(path)


def test_most_texts_are_said_by_a_call_that_is_read_here():
    assert len({id for id, _ in calls()}) > 150


def test_a_call_gives_what_its_text_needs():
    assert [(id, given) for id, given in calls() if given != BY_ID[id].placeholders] == []


@pytest.mark.parametrize("folder", ["cloud", "iam", "fargate"])
def test_an_id_that_is_said_is_in_the_catalogue(folder):
    unknown = [
        f"{path.name}:{node.lineno} {arg.value}"
        for path in sorted((ROOT / "labs" / folder).rglob("*.py"))
        for node in nodes(path)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in SPEAKERS
        for arg in node.args
        if isinstance(arg, ast.Constant) and re.fullmatch(r"[a-z]\w*[.]\w+", str(arg.value)) and arg.value not in BY_ID
    ]
    assert unknown == []
