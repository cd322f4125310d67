"""What every stage folder holds, so that a new stage is one new folder."""

import json
import tomllib

import pytest

from labs import lab
from labs.iam import lint, parse_policy
from labs.lesson.bench import Bench
from labs.lesson.hints import RUNGS, topics
from labs.lesson.stage import COMMON, Stage, catalogue, stage, stages
from labs.lesson.stage_review import READS, problems
from labs.verdict import Catalogue, Status

EVERY = pytest.mark.parametrize("subject", stages(), ids=lambda each: each.name)


def test_the_stages_are_found_by_their_folders_in_order() -> None:
    names = [each.name for each in stages()]
    assert names[:4] == ["start", "build", "push-denied", "push-fixed"]
    assert len({each.order for each in stages()}) == len(names)
    assert [each.notebook[:2] for each in stages()] == [f"{each.order:02}" for each in stages()]
    assert stage("push_denied") is stage("push-denied") is stage("02-push-denied") is stage("02")


@EVERY
def test_a_stage_answers_to_its_name_its_notebook_and_its_number(subject: Stage) -> None:
    for word in (subject.name, subject.notebook, f"{subject.order:02}", str(subject.order)):
        assert stage(word) is subject


@EVERY
def test_nothing_is_wrong_with_its_files(subject: Stage) -> None:
    assert [str(problem) for problem in problems(subject, lab.EVERYWHERE)] == []


@pytest.mark.parametrize("name", ["push-denied", "push-fixed", "private-subnet", "fargate"])
def test_a_stage_about_a_policy_has_right_answers_beside_its_solution(name: str) -> None:
    assert len({each.how for each in stage(name).right()}) == len(stage(name).right()) >= 8


@EVERY
def test_a_stage_needs_only_stages_before_it(subject: Stage) -> None:
    assert all(stage(name).order < subject.order for name in subject.needs)


@EVERY
def test_every_message_is_produced_by_a_wrong_answer_or_is_the_pass(subject: Stage) -> None:
    own = Catalogue.load(subject.folder / "messages.en.toml").messages
    produced = {wrong.message_id for wrong in subject.wrong()}
    passes = {name for name, message in own.items() if message.status is Status.PASS}
    assert set(own) - produced - passes == set()
    assert produced - set(own) == set()


@EVERY
def test_every_message_but_a_pass_has_hints_on_all_five_rungs(subject: Stage) -> None:
    own = Catalogue.load(subject.folder / "messages.en.toml").messages
    wanted = {name for name, message in own.items() if message.status in (Status.FAIL, Status.NOT_YET)}
    hinted = [name for topic in topics(subject) for name in topic.ids]
    assert sorted(hinted) == sorted(wanted)
    assert all(len(topic.rungs) == len(RUNGS) and all(topic.rungs) for topic in topics(subject))


@EVERY
def test_every_message_says_what_to_do_next(subject: Stage) -> None:
    own = Catalogue.load(subject.folder / "messages.en.toml").messages
    assert [name for name, message in own.items() if not message.next_step] == []


@EVERY
def test_the_published_policy_parses_and_knows_its_actions(bench: Bench, subject: Stage) -> None:
    text = subject.policy("check", **bench.names())
    document = json.loads(text)
    actions = [each for statement in document["Statement"] for each in _list(statement["Action"])]
    assert all("*" not in each for each in actions), "a check's policy names its actions one by one"
    assert all(each.split(":")[1].startswith(READS) for each in actions), "a check only reads"
    assert lint(parse_policy(text), frozenset(actions)) == []


@EVERY
def test_the_prediction_has_its_right_answer_among_the_options(subject: Stage) -> None:
    assert subject.prediction.right in subject.prediction.options


def test_the_common_messages_are_the_kits_faults_or_about_order_and_one_passes_a_part() -> None:
    common = tomllib.loads(COMMON.read_text())
    assert common.pop("check.part_passed")["status"] == "PASS"
    assert {entry["status"] for entry in common.values()} <= {"CANNOT CHECK", "NOT YET"}
    assert set(common) <= set(catalogue().messages)


def _list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value]  # type: ignore[attr-defined]
