"""Builders shared by the policy tests: who asks, and one call that makes the policies and decides."""

import pytest

from labs.iam import Policies, PolicyKind, Principal, PrincipalKind, Request, evaluate, evaluate_trust, parse_policy

ACCOUNT = "111122223333"
OTHER = "444455556666"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"

PRINCIPALS = {
    "user": Principal(f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT, PrincipalKind.USER),
    "role": Principal(f"arn:aws:iam::{ACCOUNT}:role/push", ACCOUNT, PrincipalKind.ROLE),
    "session": Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/push/lab", ACCOUNT, PrincipalKind.ROLE_SESSION),
    "session of a role with a path": Principal(
        f"arn:aws:sts::{ACCOUNT}:assumed-role/push/lab",
        ACCOUNT,
        PrincipalKind.ROLE_SESSION,
        f"arn:aws:iam::{ACCOUNT}:role/team/push",
    ),
    "session of a service-linked role": Principal(
        f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForECS/ecs",
        ACCOUNT,
        PrincipalKind.ROLE_SESSION,
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
    ),
    "root": Principal(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, PrincipalKind.ROOT),
    "service": Principal("ecs-tasks.amazonaws.com", "", PrincipalKind.SERVICE),
    "federated user": Principal(
        f"arn:aws:sts::{ACCOUNT}:federated-user/ana",
        ACCOUNT,
        PrincipalKind.FEDERATED,
        f"arn:aws:iam::{ACCOUNT}:user/ana",
    ),
    "web identity": Principal(
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com", ACCOUNT, PrincipalKind.FEDERATED
    ),
    "anonymous": Principal("", "", PrincipalKind.ANONYMOUS),
    "stranger": Principal(f"arn:aws:iam::{OTHER}:user/eve", OTHER, PrincipalKind.USER),
    "strange session": Principal(f"arn:aws:sts::{OTHER}:assumed-role/push/lab", OTHER, PrincipalKind.ROLE_SESSION),
    "strange root": Principal(f"arn:aws:iam::{OTHER}:root", OTHER, PrincipalKind.ROOT),
}


def _statement(given):
    """A bare action stands for an Allow of it."""
    if isinstance(given, str):
        given = {"Action": given}
    return {"Effect": "Allow", **given}


def _policy(statements, kind, version):
    if statements is None:
        return None
    wanted = [_statement(s) for s in statements]
    if kind is not PolicyKind.TRUST:
        wanted = [s if "NotResource" in s else {"Resource": "*", **s} for s in wanted]
    if kind in (PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.ENDPOINT, PolicyKind.RCP):
        wanted = [s if "NotPrincipal" in s else {"Principal": "*", **s} for s in wanted]
    return parse_policy({"Version": version, "Statement": wanted}, kind, kind.value)


@pytest.fixture(scope="session")
def principals():
    return PRINCIPALS


@pytest.fixture(scope="session")
def decide():
    """Decide one request. Each policy is a list of statements, None when there is no such policy."""

    def run(
        *,
        who="session",
        action="ecr:PutImage",
        on=REPOSITORY,
        context=None,
        owner="",
        identity=None,
        resource=None,
        trust=None,
        boundary=None,
        session=None,
        scp=None,
        rcp=None,
        endpoint=None,
        version="2012-10-17",
    ):
        def make(statements, kind):
            return _policy(statements, kind, version)

        def several(statements, kind):
            return () if statements is None else (make(statements, kind),)

        def levels(given, kind):
            """A list of statements is one level; a list of such lists, several."""
            if given is None:
                return ()
            several_levels = bool(given) and all(isinstance(level, list) for level in given)
            return tuple((make(level, kind),) for level in (given if several_levels else [given]))

        request = Request(PRINCIPALS[who], action, on, context or {}, owner)
        policies = Policies(
            several(identity, PolicyKind.IDENTITY),
            make(resource, PolicyKind.RESOURCE),
            make(boundary, PolicyKind.BOUNDARY),
            several(session, PolicyKind.SESSION),
            levels(scp, PolicyKind.SCP),
            make(endpoint, PolicyKind.ENDPOINT),
            levels(rcp, PolicyKind.RCP),
        )
        if trust is not None:
            return evaluate_trust(request, make(trust, PolicyKind.TRUST), policies)
        return evaluate(request, policies)

    return run
