"""What holds of the analysis for every pair of policies: it finds what is there, and only that."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from labs.iam import Policies, PolicyKind, Request, Scene, analyse, evaluate, excess, lacking, parse_policy
from labs.iam.analysis.rights import rights
from labs.iam.statement import Asked
from tests.examples import examples
from tests.iam.analysis.analysis_cases import SESSION, USER, pair, read, request
from tests.iam.test_properties import ACCOUNT, collections, made_of, named, requests

seeds = st.integers(0, 2**32)
principals = st.sampled_from([USER, SESSION])
trusts = st.lists(
    st.builds(
        lambda effect, action, who: {"Effect": effect, "Action": action, "Principal": who},
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from(["sts:AssumeRole", "sts:*"]),
        named,
    ),
    min_size=1,
    max_size=3,
).map(lambda listed: parse_policy({"Version": "2012-10-17", "Statement": listed}, PolicyKind.TRUST, "trust"))
few, many = examples(60), examples(120)
REQUESTS = 40
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def requests_of(principal, seed):
    """Requests such as AWS could send, of one principal."""
    for number in range(REQUESTS):
        drawn = request(seed + number)
        yield Request(principal, drawn.action, drawn.resource, drawn.context)


@many
@given(seeds, principals)
def test_no_excess_means_that_no_request_is_allowed_and_not_wanted(seed, principal):
    policies, wanted = pair(seed)
    if excess(policies, wanted, Scene(principal)):
        return
    for each in requests_of(principal, seed):
        assert not evaluate(each, policies).allowed or evaluate(each, wanted).allowed


@many
@given(seeds, principals)
def test_each_witness_is_allowed_and_not_wanted(seed, principal):
    policies, wanted = pair(seed)
    for each in excess(policies, wanted, Scene(principal)):
        if each.witness is not None:
            assert evaluate(each.witness, policies).allowed
            assert not evaluate(each.witness, wanted).allowed


@few
@given(seeds, principals)
def test_what_lacks_is_wanted_and_refused_and_for_certain_whatever_the_keys(seed, principal):
    policies, wanted = pair(seed)
    for each in lacking(policies, wanted, Scene(principal)):
        if each.witness is None:
            continue
        assert evaluate(each.witness, wanted).allowed
        assert not evaluate(each.witness, policies).allowed
        if each.certain:
            for other in requests_of(principal, seed):
                same = replace(other, action=each.witness.action, resource=each.witness.resource)
                assert not evaluate(same, policies).allowed


@few
@given(seeds, principals)
def test_a_policy_against_itself_has_neither_excess_nor_lack(seed, principal):
    policies, _ = pair(seed)
    assert excess(policies, policies, Scene(principal)) == ()
    assert lacking(policies, policies, Scene(principal)) == ()


@few
@given(seeds, seeds, principals)
def test_widening_never_removes_excess(seed, other, principal):
    policies, wanted = pair(seed)
    before = excess(policies, wanted, Scene(principal))
    more, _ = pair(other)
    allows = [EVERYTHING] if other % 5 == 0 else []
    added = [read({"Version": "2012-10-17", "Statement": allows})] if allows else list(more.identity)
    added = [each for each in added if not each.denies]
    wider = replace(policies, identity=[*policies.identity, *added])
    assert not before or excess(wider, wanted, Scene(principal))


@many
@given(seeds, principals)
def test_nothing_to_analyse_means_that_nothing_is_allowed(seed, principal):
    policies, _ = pair(seed)
    if not analyse(policies, Scene(principal)):
        assert not any(evaluate(each, policies).allowed for each in requests_of(principal, seed))


def allowed(formula, asked):
    """What the formula says of one request."""

    def applies(part):
        return part.statement.applies(asked)

    sort = formula.sort(asked.action)
    given_by_some_way = any(all(any(map(applies, layer)) for layer in way) for way in formula.ways[sort])
    return given_by_some_way and not any(map(applies, formula.denies[sort]))


@many
@given(requests, collections, st.none() | trusts, st.sampled_from(["", "kms:Decrypt", "sts:AssumeRole"]))
def test_the_formula_is_what_evaluate_decides(asked, policies, trust, action):
    """Every kind of policy and principal: the layers that the analysis sees are those of ``evaluate``."""
    asked = replace(asked, action=action or asked.action)
    whole = replace(policies, resource=trust or policies.resource)
    formula = rights(whole, asked.principal, asked.resource_account)
    assert allowed(formula, Asked(asked)) is evaluate(asked, whole).allowed


ALL = parse_policy({"Version": "2012-10-17", "Statement": [EVERYTHING]})
of_a_repository = st.builds(lambda policy: Policies(resource=policy), made_of(PolicyKind.RESOURCE, with_principal=True))
of_a_role = st.builds(lambda policy: Policies(resource=policy), trusts)


@few
@given(
    st.tuples(of_a_repository, of_a_repository) | st.tuples(of_a_role, of_a_role),
    st.lists(requests, min_size=20, max_size=20),
    st.booleans(),
)
def test_no_excess_of_a_resources_policy_means_that_nobody_else_is_let_in(pair, asked, with_rights):
    policies, wanted = pair
    if excess(policies, wanted, Scene(account=ACCOUNT)):
        return
    own = (ALL,) if with_rights else ()
    for each in asked:
        action = "sts:AssumeRole" if policies.resource.kind is PolicyKind.TRUST else each.action
        one = replace(each, action=action, resource_account=ACCOUNT)
        given, meant = (replace(whole, identity=own) for whole in pair)
        assert not evaluate(one, given).allowed or evaluate(one, meant).allowed


@few
@given(of_a_repository | of_a_role)
def test_a_resources_policy_against_itself_has_neither_excess_nor_lack(policies):
    assert excess(policies, policies, Scene(account=ACCOUNT)) == ()
    assert lacking(policies, policies, Scene(account=ACCOUNT)) == ()
