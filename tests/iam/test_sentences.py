"""The words of a refusal. IAM User Guide: troubleshoot_access-denied, "Access denied error message examples"."""

import pytest

from labs.iam import (
    Decision,
    DecisionKind,
    Policies,
    PolicyKind,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    parse_policy,
    sentence,
)
from labs.iam.sentences import explicit_deny, implicit_deny

ACTION = "codecommit:ListRepositories"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PolicyKind.IDENTITY, "because no identity-based policy allows the codecommit:ListRepositories action"),
        (PolicyKind.RESOURCE, "because no resource-based policy allows the codecommit:ListRepositories action"),
        (PolicyKind.TRUST, "because no role trust policy allows the codecommit:ListRepositories action"),
        (PolicyKind.BOUNDARY, "because no permissions boundary allows the codecommit:ListRepositories action"),
        (PolicyKind.SESSION, "because no session policy allows the codecommit:ListRepositories action"),
        (PolicyKind.SCP, "because no service control policy allows the codecommit:ListRepositories action"),
        (PolicyKind.RCP, "because no resource control policy allows the codecommit:ListRepositories action"),
        (PolicyKind.ENDPOINT, "because no VPC endpoint policy allows the codecommit:ListRepositories action"),
    ],
)
def test_an_implicit_deny_names_the_policy_type_and_the_action(kind, words):
    assert implicit_deny(kind, ACTION) == words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PolicyKind.IDENTITY, "with an explicit deny in an identity-based policy"),
        (PolicyKind.RESOURCE, "with an explicit deny in a resource-based policy"),
        (PolicyKind.TRUST, "with an explicit deny in the role trust policy"),
        (PolicyKind.BOUNDARY, "with an explicit deny in a permissions boundary"),
        (PolicyKind.SESSION, "with an explicit deny in a session policy"),
        (PolicyKind.SCP, "with an explicit deny in a service control policy"),
        (PolicyKind.RCP, "with an explicit deny in a resource control policy"),
        (PolicyKind.ENDPOINT, "with an explicit deny in a VPC endpoint policy"),
    ],
)
def test_an_explicit_deny_names_the_policy_type(kind, words):
    assert explicit_deny(kind) == words


POLICY = "arn:aws:iam::111122223333:policy/guard"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PolicyKind.IDENTITY, f"with an explicit deny in an identity-based policy: {POLICY}"),
        (PolicyKind.BOUNDARY, f"with an explicit deny in a permissions boundary: {POLICY}"),
        (PolicyKind.SESSION, f"with an explicit deny in a session policy: {POLICY}"),
        (PolicyKind.SCP, f"with an explicit deny in a service control policy: {POLICY}"),
        (PolicyKind.RCP, f"with an explicit deny in a resource control policy: {POLICY}"),
        # "The policy types covered in this update" are these five.
        (PolicyKind.RESOURCE, "with an explicit deny in a resource-based policy"),
        (PolicyKind.TRUST, "with an explicit deny in the role trust policy"),
        (PolicyKind.ENDPOINT, "with an explicit deny in a VPC endpoint policy"),
    ],
)
def test_an_explicit_deny_names_the_policy_by_its_arn(kind, words):
    assert explicit_deny(kind, POLICY) == words


def test_the_sentence_of_a_service_control_policy_is_that_of_awss_announcement():
    guard = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd"
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}
    matt = Principal("arn:aws:iam::123456789012:user/Matt", "123456789012", PrincipalKind.USER)
    request = Request(matt, "iam:ListRoles", "arn:aws:iam::123456789012:role/*")
    policies = Policies(scps=[[parse_policy(deny, PolicyKind.SCP, "guard", arn=guard)]])
    assert sentence(request, evaluate(request, policies)) == (
        "User: arn:aws:iam::123456789012:user/Matt is not authorized to perform: iam:ListRoles on resource: "
        f"arn:aws:iam::123456789012:role/* with an explicit deny in a service control policy: {guard}"
    )


def test_the_sentence_is_the_one_a_real_registry_answered():
    """The line of a real run: a role with the six documented actions, an image already in the repository."""
    session = "arn:aws:sts::111122223333:assumed-role/ci-deploy-role/gha-34970646404-2"
    repository = "arn:aws:ecr:eu-north-1:111122223333:repository/notes-api"
    request = Request(
        Principal(session, "111122223333", PrincipalKind.ROLE_SESSION), "ecr:GetDownloadUrlForLayer", repository
    )
    assert sentence(request, evaluate(request, Policies())) == (
        f"User: {session} is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: {repository}"
        " because no identity-based policy allows the ecr:GetDownloadUrlForLayer action"
    )


def test_the_sentence_of_an_explicit_deny_ends_with_the_policy_type():
    deny = parse_policy(
        {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "codedeploy:*", "Resource": "*"}}
    )
    group = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:*"
    request = Request(
        Principal("arn:aws:iam::123456789012:user/JohnDoe", "123456789012", PrincipalKind.USER),
        "codedeploy:ListDeployments",
        group,
    )
    assert sentence(request, evaluate(request, Policies(identity=(deny,)))) == (
        "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: codedeploy:ListDeployments"
        f" on resource: {group} with an explicit deny in an identity-based policy"
    )


def test_the_action_is_worded_as_it_was_asked():
    request = Request(Principal("arn:aws:iam::1:user/a", "1", PrincipalKind.USER), "SNS:Publish", "*")
    assert evaluate(request, Policies()).words == "because no identity-based policy allows the SNS:Publish action"


def test_an_anonymous_caller_is_called_anonymous():
    request = Request(Principal("", "", PrincipalKind.ANONYMOUS), "s3:GetObject", "arn:aws:s3:::b/k")
    assert sentence(request, evaluate(request, Policies())).startswith("User: anonymous is not authorized")


def test_there_is_no_sentence_for_an_allowed_request():
    request = Request(Principal("arn:aws:iam::1:user/a", "1", PrincipalKind.USER), "s3:GetObject", "*")
    assert sentence(request, Decision(True, DecisionKind.ALLOW, None, "")) == ""
