"""A question that takes too long ends after a number of steps, and what is left is "cannot tell", never "none"."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.iam import Policies, PolicyKind, Scene, evaluate, excess, lacking, parse_policy
from labs.iam.analysis import everyone
from labs.iam.analysis.budget import STEPS, Budget
from labs.iam.analysis.comparison import TOO_LONG, Comparison
from labs.iam.analysis.lacks import Lacks
from tests.bench import analysis
from tests.examples import examples
from tests.iam.analysis.analysis_cases import SESSION, pair
from tests.iam.test_properties import ACCOUNT, made_of

pytestmark = pytest.mark.unit

SCENE = Scene(account=ACCOUNT)
OTHER = "444455556666"
HARD = analysis.entangled()
# No single check of the budget is for more than this many steps in the policies below.
ONE_CHECK = 5_000
few = examples(60)
budgets = st.sampled_from([0, 3, 30, 300, 3_000])


def read(statements, kind=PolicyKind.IDENTITY):
    return parse_policy({"Version": "2012-10-17", "Statement": statements}, kind)


def identity(statements):
    return Policies(identity=(read(statements),))


@pytest.mark.parametrize("name", HARD)
def test_entangled_patterns_end_after_their_steps_decided_or_not(name):
    policies, wanted = map(identity, HARD[name])
    for question in (Comparison, Lacks):
        budget = Budget()
        asked = question(policies, wanted, SCENE, budget=budget)
        found = asked.beyond() if isinstance(asked, Comparison) else asked.found()
        assert found
        assert budget.left > -ONE_CHECK
        assert all(each.witness is not None or each.unclear for each in found)


def test_what_the_steps_did_not_suffice_for_is_said_to_take_too_long():
    policies, wanted = map(identity, HARD["all but 12, 12 times"])
    assert [each.place.index for each in excess(policies, wanted, SCENE)] == list(range(12))
    assert all(each.unclear == TOO_LONG for each in excess(policies, wanted, SCENE))
    assert [each.unclear for each in lacking(policies, wanted, SCENE)] == [TOO_LONG]


@pytest.mark.parametrize("name", HARD)
def test_the_same_question_has_the_same_answer_however_often_it_is_asked(name):
    policies, wanted = map(identity, HARD[name])
    assert excess(policies, wanted, SCENE) == excess(policies, wanted, SCENE)


def test_entangled_patterns_of_a_resources_policy_end_too():
    one, other = (
        [{**each, "Principal": {"AWS": [f"{number:012d}" for number in range(200)]}} for each in half]
        for half in HARD["12 statements less 12"]
    )
    budget = Budget()
    policies, wanted = (Policies(resource=read(each, PolicyKind.RESOURCE)) for each in (one, other))
    found = everyone.beyond(policies, wanted, SCENE, budget)
    assert budget.spent
    assert any(each.unclear == TOO_LONG for each in found)
    assert {each.place.index for each in found} == set(range(12))


@pytest.mark.parametrize("size", analysis.SIZES)
def test_a_policy_at_awss_size_limit_takes_a_small_part_of_the_steps(size):
    for text in analysis.documents(size).values():
        budget = Budget()
        wanted = Policies(identity=(read([{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]),))
        Comparison(Policies(identity=(parse_policy(text),)), wanted, SCENE, budget=budget).beyond()
        assert budget.left > STEPS * 0.9


@few
@given(st.integers(0, 2**32), budgets)
def test_fewer_steps_never_turn_some_into_none(seed, steps):
    policies, wanted = pair(seed)
    scene = Scene(SESSION)
    found = Comparison(policies, wanted, scene, budget=Budget(steps)).beyond()
    if not found:
        assert excess(policies, wanted, scene) == ()
    for each in found:
        shown = each.witness
        assert shown is not None or each.unclear
        assert shown is None or (evaluate(shown, policies).allowed and not evaluate(shown, wanted).allowed)
    lacks = Lacks(policies, wanted, scene, Budget(steps)).found()
    if not lacks:
        assert lacking(policies, wanted, scene) == ()
    for lack in lacks:
        assert lack.witness is not None or lack.unclear
        # What is called certain was shown: a short search never makes it so.
        assert not lack.certain or not evaluate(lack.witness, policies).allowed


@few
@given(st.tuples(*[made_of(PolicyKind.RESOURCE, with_principal=True)] * 2), budgets)
def test_fewer_steps_never_turn_some_callers_into_none(policies, steps):
    one, other = (Policies(resource=each) for each in policies)
    found = everyone.beyond(one, other, SCENE, Budget(steps))
    if not found:
        assert excess(one, other, SCENE) == ()


def test_whom_alone_a_deny_with_notprincipal_spares_is_a_caller_too():
    """A role without a session, and the root user of another account: nobody else passes this policy."""
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "ecr:*", "Resource": "*"}
    for entry in (f"arn:aws:iam::{ACCOUNT}:role/push", f"arn:aws:iam::{OTHER}:root", OTHER):
        but = {"Effect": "Deny", "NotPrincipal": {"AWS": entry}, "Action": "*", "Resource": "*"}
        policies = Policies(resource=read([everybody, but], PolicyKind.RESOURCE))
        found = excess(policies, (), replace(SCENE, resource=f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app"))
        assert any(each.witness is not None for each in found)
