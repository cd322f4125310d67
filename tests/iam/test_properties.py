"""What holds for every policy and every request. IAM User Guide: reference_policies_evaluation-logic."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from labs.iam import MalformedPolicy, Policies, PolicyKind, Principal, PrincipalKind, Request, evaluate, parse_policy
from labs.iam.match import Patterns
from tests.examples import examples

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/push/lab"
REPO = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/"

principals = st.sampled_from(
    [
        Principal(ARN + "user/ana", ACCOUNT, PrincipalKind.USER),
        Principal(SESSION, ACCOUNT, PrincipalKind.ROLE_SESSION),
        Principal(ARN + "role/push", ACCOUNT, PrincipalKind.ROLE),
        Principal(ARN + "root", ACCOUNT, PrincipalKind.ROOT),
        Principal("ecs-tasks.amazonaws.com", "", PrincipalKind.SERVICE),
        Principal("", "", PrincipalKind.ANONYMOUS),
        Principal("arn:aws:iam::444455556666:user/eve", "444455556666", PrincipalKind.USER),
        Principal(f"arn:aws:sts::{ACCOUNT}:federated-user/ana", ACCOUNT, PrincipalKind.FEDERATED, ARN + "user/ana"),
    ]
)
actions = st.sampled_from(["ecr:PutImage", "ecr:BatchGetImage", "s3:GetObject"])
resources = st.sampled_from([REPO + "app", REPO + "other", "*"])
patterns = st.sampled_from(["*", "ecr:*", "ecr:PutImage", "ecr:Batch*", "s3:GetObject"])
arns = st.sampled_from(["*", REPO + "app", REPO + "*", REPO + "${aws:PrincipalTag/team}"])
conditions = st.sampled_from(
    [
        {},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringNotEquals": {"aws:PrincipalTag/team": "app"}},
        {"ForAllValues:StringLike": {"aws:TagKeys": ["a*"]}},
    ]
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "aws:SecureTransport": st.sampled_from(["true", "false"]),
        "aws:PrincipalTag/team": st.sampled_from(["app", "other"]),
        "aws:TagKeys": st.lists(st.sampled_from(["a", "b"]), max_size=2),
    },
)
named = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": ARN + "user/ana"}, {"AWS": ARN + "role/push"}, {"AWS": SESSION}]
)


@st.composite
def statements(draw, with_principal=False, effects=("Allow", "Deny")):
    made = {
        "Effect": draw(st.sampled_from(effects)),
        draw(st.sampled_from(["Action", "NotAction"])): draw(st.lists(patterns, min_size=1, max_size=2)),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(st.lists(arns, min_size=1, max_size=2)),
        "Condition": draw(conditions),
    }
    if with_principal:
        made[draw(st.sampled_from(["Principal", "NotPrincipal"]))] = draw(named)
    return made


def policy(listed, kind):
    return parse_policy({"Version": "2012-10-17", "Statement": listed}, kind, kind.value)


def made_of(kind, with_principal=False):
    return st.lists(statements(with_principal), min_size=1, max_size=3).map(lambda listed: policy(listed, kind))


requests = st.builds(Request, principals, actions, resources, contexts, st.sampled_from(["", ACCOUNT, "444455556666"]))
collections = st.builds(
    Policies,
    identity=st.lists(made_of(PolicyKind.IDENTITY), max_size=2),
    resource=st.none() | made_of(PolicyKind.RESOURCE, with_principal=True),
    boundary=st.none() | made_of(PolicyKind.BOUNDARY),
    session=st.lists(made_of(PolicyKind.SESSION), max_size=1),
    scps=st.lists(st.lists(made_of(PolicyKind.SCP), min_size=1, max_size=2), max_size=2),
    endpoint=st.none() | made_of(PolicyKind.ENDPOINT, with_principal=True),
)
DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
many = examples(100)


@many
@given(requests, collections)
def test_an_explicit_deny_always_wins(request, policies):
    everyone = {**DENY_ALL, "Principal": "*"}
    denied = [
        replace(policies, identity=[*policies.identity, policy([DENY_ALL], PolicyKind.IDENTITY)]),
        replace(policies, boundary=policy([DENY_ALL, ALLOW_ALL], PolicyKind.BOUNDARY)),
        replace(policies, session=[policy([DENY_ALL, ALLOW_ALL], PolicyKind.SESSION)]),
        replace(policies, resource=policy([everyone], PolicyKind.RESOURCE)),
        replace(policies, endpoint=policy([everyone], PolicyKind.ENDPOINT)),
    ]
    for each in denied:
        decision = evaluate(request, each)
        assert not decision.allowed
        assert "explicit deny" in decision.words


@many
@given(requests, collections, statements(effects=("Allow",)))
def test_adding_an_allow_never_removes_access(request, policies, more):
    before = evaluate(request, policies).allowed
    wider = replace(policies, identity=[*policies.identity, policy([more], PolicyKind.IDENTITY)])
    assert evaluate(request, wider).allowed >= before


@many
@given(requests, st.lists(statements(), min_size=1, max_size=3), statements(effects=("Deny",)))
def test_adding_a_deny_never_gives_access(request, listed, more):
    before = evaluate(request, Policies(identity=(policy(listed, PolicyKind.IDENTITY),)))
    after = evaluate(request, Policies(identity=(policy([*listed, more], PolicyKind.IDENTITY),)))
    assert after.allowed <= before.allowed


@many
@given(requests, collections, st.lists(statements(with_principal=True), min_size=1, max_size=4), st.randoms())
def test_the_order_of_statements_and_policies_does_not_matter(request, policies, listed, random):
    shuffled = random.sample(listed, len(listed))
    one = replace(policies, resource=policy(listed, PolicyKind.RESOURCE))
    other = replace(
        policies, resource=policy(shuffled, PolicyKind.RESOURCE), identity=list(reversed(policies.identity))
    )
    assert evaluate(request, one).kind is evaluate(request, other).kind


@many
@given(requests, collections, made_of(PolicyKind.BOUNDARY), made_of(PolicyKind.SCP))
def test_a_boundary_a_session_policy_or_a_guard_rail_never_widens(request, policies, boundary, scp):
    without = evaluate(request, replace(policies, boundary=None, scps=(), endpoint=None)).allowed
    assert evaluate(request, replace(policies, boundary=boundary, scps=(), endpoint=None)).allowed <= without
    assert evaluate(request, replace(policies, boundary=None, scps=((scp,),), endpoint=None)).allowed <= without
    assert evaluate(request, replace(policies, boundary=None, scps=())).allowed <= without


@many
@given(requests, collections, made_of(PolicyKind.SCP), st.randoms())
def test_another_level_never_widens_and_the_order_of_levels_does_not_matter(request, policies, scp, random):
    before = evaluate(request, policies)
    levels = [*policies.scps, (scp,)]
    after = evaluate(request, replace(policies, scps=levels))
    assert after.allowed <= before.allowed
    assert evaluate(request, replace(policies, scps=random.sample(levels, len(levels)))).kind is after.kind


@many
@given(requests, collections)
def test_a_refusal_has_words_and_an_allow_has_none(request, policies):
    decision = evaluate(request, policies)
    assert decision.allowed is (decision.words == "")
    assert decision.allowed is (decision.kind.value == "allowed")
    if decision.kind.value == "explicitDeny":
        assert decision.statement is not None


@many
@given(st.text(alphabet="ab*?:/", max_size=12), st.text(alphabet="ab:/", max_size=12))
def test_a_pattern_agrees_with_a_plain_matcher(pattern, text):
    def plain(pattern, text):
        if not pattern:
            return not text
        if pattern[0] == "*":
            return plain(pattern[1:], text) or bool(text and plain(pattern, text[1:]))
        return bool(text) and pattern[0] in ("?", text[0]) and plain(pattern[1:], text[1:])

    assert Patterns([pattern]).match(text) is plain(pattern, text)


def refusal_of(document, kind=PolicyKind.IDENTITY):
    try:
        parse_policy(document, kind)
    except MalformedPolicy as error:
        return error
    return None


@many
@given(st.text(max_size=200))
def test_a_text_that_is_no_policy_is_refused_with_a_place(text):
    refusal = refusal_of(text)
    assert refusal is not None
    assert (refusal.line >= 1, refusal.column >= 1) == (True, True)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | patterns
    | arns,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
elements = st.sampled_from(
    ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition", "Other"]
)


@many
@given(st.lists(st.dictionaries(elements, json_values, max_size=5), max_size=3), st.sampled_from(PolicyKind))
def test_a_document_and_its_text_are_read_alike(listed, kind):
    document = {"Version": "2012-10-17", "Statement": listed}
    one, other = refusal_of(document, kind), refusal_of(json.dumps(document, indent=1), kind)
    assert (one and (one.message, one.path)) == (other and (other.message, other.path))
    assert other is None or other.line >= 1
