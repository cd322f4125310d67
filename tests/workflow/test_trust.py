"""A trust policy for a job of GitHub: exactly right, or lets in others (one is shown), or keeps the wanted one out."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.iam import PolicyKind, evaluate_trust, parse_policy
from labs.workflow.findings import Weight
from labs.workflow.trust import WEB, Question, judge
from labs.workflow.trust_strangers import claims, read_subject, strangers

pytestmark = pytest.mark.unit

ACCOUNT, HOST = "111122223333", "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/push"
SUB, AUD = f"{HOST}:sub", f"{HOST}:aud"
STS = "sts.amazonaws.com"
REPO, CLASSIC = "repo:octo-org@123456/octo-repo@789012:", "repo:octo-org/octo-repo:"
MAIN = f"{REPO}ref:refs/heads/main"
OLD = f"{CLASSIC}ref:refs/heads/main"
PRODUCTION = f"{REPO}environment:production"


def question(*subjects, **more):
    return Question(ROLE, PROVIDER, subjects or (MAIN,), **more)


def statement(condition, **more):
    written = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": WEB}
    return {**written, **({"Condition": condition} if condition else {}), **more}


def trust(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


def equals(sub=MAIN, aud=STS, operator="StringEquals"):
    return (
        {operator: {SUB: sub}, "StringEquals": {AUD: aud}}
        if operator != "StringEquals"
        else {"StringEquals": {SUB: sub, AUD: aud}}
    )


def like(sub):
    return equals(sub, operator="StringLike")


def ids(found):
    return [each.id for each in found]


RIGHT = {
    "as it is written": (equals(), (MAIN,)),
    "StringLike without a wildcard": (like(MAIN), (MAIN,)),
    "each value in a list": ({"StringEquals": {SUB: [MAIN], AUD: [STS]}}, (MAIN,)),
    "the key in other letters": ({"StringEquals": {SUB.upper(): MAIN, AUD: STS}}, (MAIN,)),
    "two subjects, both wanted": (equals([MAIN, PRODUCTION]), (MAIN, PRODUCTION)),
    "classic for a classic repository": (equals(OLD), (OLD,)),
    "an environment": (equals(PRODUCTION), (PRODUCTION,)),
    "any branch, narrowed to the one by another operator": (
        {"StringLike": {SUB: f"{REPO}*"}, "StringEquals": {SUB: MAIN, AUD: STS}},
        (MAIN,),
    ),
    "the ref besides": ({"StringEquals": {SUB: MAIN, AUD: STS, f"{HOST}:ref": "refs/heads/main"}}, (MAIN,)),
}


@pytest.mark.parametrize(("condition", "subjects"), RIGHT.values(), ids=RIGHT)
def test_a_right_trust_lets_in_the_wanted_one_alone(condition, subjects):
    answer = judge(trust(statement(condition)), question(*subjects, claims={"ref": "refs/heads/main"}))
    assert answer.findings == ()
    assert answer.right is True


def test_a_deny_of_all_others_is_right_too():
    others = statement({"StringNotEquals": {SUB: MAIN}}, Effect="Deny")
    assert judge(trust(statement(like(f"{REPO}*")), others), question()).right is True


def test_session_tags_and_two_statements_are_right():
    tagging = statement(equals(), Action=["sts:TagSession", WEB])
    assert judge(trust(statement(equals()), tagging), question()).findings == ()


LETS_IN = {
    # name: (condition, the finding, a piece of the witness's subject)
    "any branch": (like(f"{REPO}ref:refs/heads/*"), "trust-any-branch", "some-branch"),
    "any branch that begins so": (like(f"{REPO}ref:refs/heads/main*"), "trust-any-branch", "main-2"),
    "another branch beside": (equals([MAIN, f"{REPO}ref:refs/heads/x"]), "trust-lets-in-others", "heads/x"),
    "any tag": (equals([MAIN, f"{REPO}ref:refs/tags/v1"]), "trust-any-tag", "refs/tags/v1"),
    "pull requests": (equals([MAIN, f"{REPO}pull_request"]), "trust-any-pull-request", "pull_request"),
    "any environment": (like([MAIN, f"{REPO}environment:*"]), "trust-any-environment", "environment:"),
    "anything of the repository": (like(f"{REPO}*"), "trust-any-pull-request", "pull_request"),
    "any repository of the owner": (like("repo:octo-org@123456/*"), "trust-any-repository", "another-repo"),
    "repositories that begin so": (like("repo:octo-org@123456/octo-repo*"), "trust-any-repository", "octo-repo-2"),
    "owners that begin so": (like("repo:octo-org*"), "trust-any-owner", "octo-org-2"),
    "that branch of any repository": (like("repo:*:ref:refs/heads/main"), "trust-any-owner", "somebody-else"),
    "names without their ids": (
        like("repo:octo-org@*/octo-repo@*:ref:refs/heads/main"),
        "trust-names-alone",
        "octo-repo@434343",
    ),
    "no subject": ({"StringEquals": {AUD: STS}}, "trust-any-owner", "somebody-else"),
    "a bare wildcard": (like("*"), "trust-any-owner", "somebody-else"),
    "repo and a wildcard": (like("repo:*"), "trust-any-owner", "somebody-else"),
    "IfExists and a wildcard": (
        {"StringLikeIfExists": {SUB: f"{REPO}*"}, "StringEquals": {AUD: STS}},
        "trust-any-pull-request",
        "pull_request",
    ),
    "one letter that is any": (like(f"{REPO}ref:refs/heads/mai?"), "trust-lets-in-others", "refs/heads/mai"),
    "everybody but one": (
        {"StringNotEquals": {SUB: f"{REPO}pull_request"}, "StringEquals": {AUD: STS}},
        "trust-any-owner",
        "somebody-else",
    ),
}


@pytest.mark.parametrize(("condition", "id", "piece"), LETS_IN.values(), ids=LETS_IN)
def test_a_trust_that_lets_in_others_shows_one(condition, id, piece):
    text = trust(statement(condition))
    answer = judge(text, question())
    assert answer.right is False
    assert answer.keeps_out == ()
    found = next(each for each in answer.lets_in if each.id == id)
    assert piece in found.witness.context[SUB]
    assert found.witness.context[SUB] in found.what
    assert evaluate_trust(found.witness, parse_policy(text, PolicyKind.TRUST)).allowed
    assert found.place.index == 0
    assert found.line > 0


def test_the_widest_kind_is_told_first():
    answer = judge(trust(statement(like("repo:*"))), question())
    assert ids(answer.lets_in)[:3] == ["trust-any-owner", "trust-any-repository", "trust-names-alone"]
    assert ids(answer.besides) == []
    assert ids(judge(trust(statement(like("*"))), question()).besides) == ["trust-refused-by-aws"]


def test_another_audience_is_let_in_where_none_is_asked_for():
    text = trust(statement({"StringEquals": {SUB: MAIN}}))
    (found,) = judge(text, question()).findings
    assert (found.id, found.weight) == ("trust-any-audience", Weight.ERROR)
    assert found.witness.context[AUD] == "https://github.com/octo-org"
    (found,) = judge(text, question(clients=(STS,))).findings
    assert (found.id, found.weight) == ("trust-any-audience", Weight.ADVICE)
    assert judge(text, question(clients=(STS, "https://github.com/octo-org"))).right is False


OTHERS = {
    "another provider": ({"Federated": PROVIDER.replace(HOST, "gitlab.com")}, "trust-other-provider", "gitlab.com"),
    "the same issuer in another account": (
        {"Federated": PROVIDER.replace(ACCOUNT, "444455556666")},
        "trust-other-provider",
        "444455556666",
    ),
    "a role": ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}, "trust-other-principal", "role/admin"),
    "the account": ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "trust-other-principal", ACCOUNT),
    "another account": ({"AWS": "444455556666"}, "trust-other-principal", "444455556666"),
    "everybody": ("*", "trust-other-principal", "999988887777"),
    "a service": ({"Service": "ec2.amazonaws.com"}, "trust-other-principal", "ec2.amazonaws.com"),
}


@pytest.mark.parametrize(("principal", "id", "piece"), OTHERS.values(), ids=OTHERS)
def test_others_than_the_providers_jobs_are_shown(principal, id, piece):
    action = WEB if "Federated" in principal else "sts:AssumeRole"
    more = {"Effect": "Allow", "Principal": principal, "Action": action}
    answer = judge(trust(statement(equals()), more), question())
    assert answer.right is False
    (found,) = answer.lets_in
    assert (found.id, found.place.index) == (id, 1)
    assert piece in found.what


def test_a_token_of_the_same_issuer_by_another_accounts_provider_is_shown():
    more = statement(equals(), Principal={"Federated": PROVIDER.replace(ACCOUNT, "444455556666")})
    (found,) = judge(trust(statement(equals()), more), question()).lets_in
    assert found.id == "trust-other-provider"


def test_a_service_beside_the_provider_in_one_statement_is_shown():
    both = {"Federated": PROVIDER, "Service": "ec2.amazonaws.com"}
    text = trust(statement(None, Principal=both, Action=[WEB, "sts:AssumeRole"], Condition=equals()))
    assert judge(text, question()).right is True  # no service has the claims
    text = trust(statement(None, Principal=both, Action=[WEB, "sts:AssumeRole"]))
    assert "trust-other-principal" in ids(judge(text, question()).lets_in)


KEEPS_OUT = {
    # name: (statement, wanted subject, the finding, its words)
    "another branch": (equals(f"{REPO}ref:refs/heads/dev"), MAIN, "trust-other-ref", "another branch"),
    "a tag": (equals(f"{REPO}ref:refs/tags/v1"), MAIN, "trust-other-ref", "a tag"),
    "classic for an immutable repository": (equals(OLD), MAIN, "trust-classic-subject", "carries the ids"),
    "immutable for a classic repository": (equals(MAIN), OLD, "trust-immutable-subject", "carries no ids"),
    "other ids": (equals(MAIN.replace("789012", "7")), MAIN, "trust-other-ids", "other ids"),
    "another repository": (equals(MAIN.replace("octo-repo", "x")), MAIN, "trust-other-repository", "another repo"),
    "the ref for a job with an environment": (equals(), PRODUCTION, "trust-environment-form", "in place of the ref"),
    "an environment for a job without": (equals(PRODUCTION), MAIN, "trust-ref-form", "has no environment"),
    "another environment": (
        equals(PRODUCTION.replace("production", "staging")),
        PRODUCTION,
        "trust-other-environment",
        "another environment",
    ),
    "pull_request": (equals(f"{REPO}pull_request"), MAIN, "trust-pull-request-form", "names its ref"),
    "the audience of GitHub's default": (
        equals(aud="https://github.com/octo-org"),
        MAIN,
        "trust-wrong-audience",
        "audience is sts.amazonaws.com",
    ),
    "a wildcard under StringEquals": (equals(f"{REPO}*"), MAIN, "trust-no-wildcards", "a * is a letter"),
    "other letters": (equals(MAIN.replace("octo-org", "Octo-Org")), MAIN, "trust-letters", "case of letters"),
    "a key that is none": (
        {"StringEquals": {f"{HOST}:subject": MAIN, AUD: STS}},
        MAIN,
        "trust-wrong-key",
        "No token has",
    ),
    "a key with https": ({"StringEquals": {f"https://{SUB}": MAIN, AUD: STS}}, MAIN, "trust-wrong-key", "No token has"),
    "Null": ({"Null": {SUB: "true"}, "StringEquals": {AUD: STS}}, MAIN, "trust-null", "be missing"),
    "the wanted one left out": ({"StringNotEquals": {SUB: MAIN}}, MAIN, "trust-leaves-out", "leaves out"),
    "another ref by its own claim": (
        {"StringEquals": {SUB: MAIN, AUD: STS, f"{HOST}:ref": "refs/heads/dev"}},
        MAIN,
        "trust-other-claim",
        "refs/heads/dev",
    ),
    "a subject of no form": (equals("octo-org/octo-repo"), MAIN, "trust-wrong-subject", "asks for octo-org"),
}


@pytest.mark.parametrize(("condition", "subject", "id", "words"), KEEPS_OUT.values(), ids=KEEPS_OUT)
def test_a_trust_that_keeps_the_wanted_one_out_says_why(condition, subject, id, words):
    answer = judge(trust(statement(condition)), question(subject, claims={"ref": "refs/heads/main"}))
    assert answer.right is False
    (found,) = answer.keeps_out
    assert found.id == id
    assert words in found.what
    assert found.line > 0
    assert found.witness is None


@pytest.mark.parametrize(
    ("more", "id", "words"),
    [
        ({"Action": "sts:AssumeRole"}, "trust-wrong-action", "allows sts:AssumeRole"),
        ({"Principal": {"Federated": PROVIDER.replace("token.", "tokens.")}}, "trust-wrong-provider", "tokens."),
        ({"Principal": {"AWS": "*"}}, "trust-wrong-provider", "it names *"),
        ({"Effect": "Deny"}, "trust-denied", "Deny"),
    ],
)
def test_the_rest_of_a_statement_may_keep_it_out(more, id, words):
    (found,) = judge(trust(statement(equals(), **more)), question()).keeps_out
    assert found.id == id
    assert words in found.what


def test_the_nearest_statement_is_the_one_that_is_told():
    tasks = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    (found,) = judge(trust(tasks, statement(equals(OLD))), question()).keeps_out
    assert (found.id, found.place.index) == ("trust-classic-subject", 1)


def test_what_depends_on_more_than_the_token_cannot_be_told():
    narrow = equals() | {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    answer = judge(trust(statement(narrow)), question())
    assert (answer.right, ids(answer.findings)) == (None, ["trust-depends"])
    assert "aws:SourceIp" in answer.findings[0].what
    unknown = {"StringEquals": {SUB: MAIN, AUD: STS, f"{HOST}:actor": "octocat"}}
    assert judge(trust(statement(unknown)), question()).right is None


def test_claims_that_hang_together_are_not_guessed_at():
    by_id = {
        "StringLike": {SUB: "repo:*:ref:refs/heads/main"},
        "StringEquals": {AUD: STS, f"{HOST}:repository_id": "789012"},
    }
    answer = judge(trust(statement(by_id)), question(claims={"repository_id": "789012"}))
    assert answer.right is not True


@pytest.mark.parametrize(
    ("operator", "weight"), [("ForAllValues:StringEquals", Weight.ERROR), ("ForAnyValue:StringEquals", Weight.ADVICE)]
)
def test_a_set_operator_on_a_claim_with_one_value_is_told(operator, weight):
    (found,) = judge(trust(statement({operator: {SUB: MAIN}, "StringEquals": {AUD: STS}})), question()).besides[-1:]
    assert (found.id, found.weight, found.next_step) == ("trust-set-operator", weight, "write StringEquals")
    assert found.line > 0


def test_what_is_no_policy_is_told():
    (found,) = judge('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}', question()).findings
    assert found.id == "trust-malformed"


def test_every_finding_has_a_sentence_and_a_next_step():
    conditions = [*(each[0] for each in LETS_IN.values()), *(each[0] for each in KEEPS_OUT.values())]
    for condition in conditions:
        for found in judge(trust(statement(condition)), question()).findings:
            assert found.what.endswith(".")
            assert found.next_step
            assert not found.next_step.endswith(".")


def test_a_subject_is_read_and_written_the_same():
    for text in (MAIN, OLD, PRODUCTION, f"{CLASSIC}pull_request"):
        assert str(read_subject(text)) == text
    assert read_subject("octo-org/octo-repo") is None


PIECES = [
    "repo:",
    "octo-org",
    "octo-repo",
    "@123456",
    "@789012",
    "@",
    "/",
    ":",
    "ref:refs/heads/",
    "main",
    "*",
    "?",
    "environment:",
]


@st.composite
def patterns(draw):
    base = draw(st.sampled_from([MAIN, OLD, PRODUCTION, f"{REPO}*", "repo:*", f"{REPO}pull_request"]))
    begin, end = sorted(draw(st.tuples(st.integers(0, len(base)), st.integers(0, len(base)))))
    return base[:begin] + draw(st.sampled_from([*PIECES, ""])) + base[end:]


def many_subjects():
    made = random.Random(7)
    rests = [f"ref:refs/heads/{each}" for each in ("main", "dev", "main2", "a/b")] + [
        "pull_request",
        "environment:production",
    ]
    for _ in range(300):
        owner = made.choice(["octo-org", "octo-org2", "evil"]) + made.choice(["", "@123456", "@9"])
        name = made.choice(["octo-repo", "octo-repo2", "x"]) + made.choice(["", "@789012", "@9"])
        yield f"repo:{owner}/{name}:{made.choice(rests)}"
    yield from (stranger.claims["sub"] for stranger in strangers(MAIN, STS))


SUBJECTS = sorted(set(many_subjects()))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["StringEquals", "StringLike", "StringNotLike", "StringLikeIfExists", "ForAnyValue:StringLike"]
            ),
            st.lists(patterns(), min_size=1, max_size=2),
            st.sampled_from(["Allow", "Allow", "Deny"]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([MAIN, PRODUCTION, OLD]),
)
def test_where_nobody_else_is_let_in_no_subject_of_many_is(rows, wanted):
    listed = [statement({op: {SUB: values}, "StringEquals": {AUD: STS}}, Effect=effect) for op, values, effect in rows]
    text = trust(*listed)
    answer, policy = judge(text, question(wanted)), parse_policy(text, PolicyKind.TRUST)
    asked = question(wanted)
    let_in = [each for each in SUBJECTS if evaluate_trust(asked.request({"sub": each, "aud": STS}), policy).allowed]
    assert (wanted in let_in or evaluate_trust(asked.request({"sub": wanted, "aud": STS}), policy).allowed) is (
        not answer.keeps_out
    )
    others = [each for each in let_in if each != wanted]
    if others:
        assert answer.lets_in
    for found in answer.lets_in:
        if found.witness is not None:
            assert evaluate_trust(found.witness, policy).allowed


def test_the_claims_of_a_subject_say_what_it_says():
    found = claims(read_subject(PRODUCTION), STS)
    assert (found["environment"], found["repository"], found["repository_id"]) == (
        "production",
        "octo-org/octo-repo",
        "789012",
    )
