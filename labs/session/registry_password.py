"""A registry password for ``docker login``, of this shell's identity or of a role."""

import os
import sys
import time
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from labs.errors import LabError
from labs.failures import code_of, denied, explain, no_region
from labs.ledger.names import names_for
from labs.session import TargetName, answers, credentials, local
from labs.session.target import ROLE_SESSION, password_of, role_session, target_name

if TYPE_CHECKING:
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import AssumeRoleResponseTypeDef

# IAM on AWS takes some seconds until a new role can be assumed.
AWS_WAIT_S = 30.0
_DENIED = "with an explicit deny"
_ALLOW_TOKEN = 'allow ecr:GetAuthorizationToken on Resource "*"'


def registry_password(role: str = "") -> str:
    """The password, of ``role`` (name or ARN) when given; LabError in AWS's words when the account refuses."""
    session, endpoint = _current()
    caller = session
    try:
        if role:
            session = _as_role(session, endpoint, role)
    except (ClientError, BotoCoreError, ValueError) as error:
        said = explain(error, f"assuming the role {role} (sts:AssumeRole)")
        raise (_not_assumed(said.what, caller, endpoint, role) if denied(error) else said) from error
    try:
        answer = session.client("ecr", endpoint_url=endpoint or None).get_authorization_token()
    except (ClientError, BotoCoreError, ValueError) as error:
        said = explain(error, "asking for a registry password (ecr:GetAuthorizationToken)")
        raise (_no_token(said.what, role) if role and denied(error) else said) from error
    return password_of(answer["authorizationData"][0]["authorizationToken"])


def _not_assumed(what: str, session: boto3.Session, endpoint: str, role: str) -> LabError:
    """AWS refuses a role that is not there as it refuses one that one may not assume; IAM knows which it is."""
    name = role.rpartition("/")[2]
    make = "run lab.push_role() first: it makes the role" if _is_push_role(name) else "check the name"
    try:
        session.client("iam", endpoint_url=endpoint or None).get_role(RoleName=name)
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "NoSuchEntity":
            return LabError(f"There is no role {name} in this account. {what}", make, id="role-not-there")
        step = f"{make}; or ask for sts:AssumeRole on it"
    else:
        step = "the role is there: ask for sts:AssumeRole on it, or use another profile"
    return LabError(what, step, id="role-not-assumed")


def _no_token(what: str, role: str) -> LabError:
    """The role's own policies decide; in the lab they are the trainee's."""
    change = "take ecr:GetAuthorizationToken out of the Deny" if _DENIED in what else _ALLOW_TOKEN
    own = _is_push_role(role.rpartition("/")[2])
    where = "in your push policy, run lab.push_role() again, and log in" if own else f"in a policy of the role {role}"
    return LabError(what, f"{change} {where}", id="token-not-allowed")


def _is_push_role(name: str) -> bool:
    return name == names_for(os.environ).push_role


def _current() -> tuple[boto3.Session, str]:
    """The identity of this shell; of the local AWS's administrator where the shell has none and the target is local."""
    pointed = os.environ.get("AWS_ENDPOINT_URL") and os.environ.get("AWS_ACCESS_KEY_ID")
    if target_name(os.environ) is TargetName.LOCAL and not pointed:
        cloud = local.running_cloud()
        return cloud.session(), cloud.endpoint
    try:
        session = answers.session()
        region = session.region_name
    except (BotoCoreError, ValueError) as error:
        raise explain(error, "reading your AWS configuration") from error
    if not region:
        raise no_region()
    credentials.check(session)
    return session, ""


def _as_role(session: boto3.Session, endpoint: str, role: str) -> boto3.Session:
    sts = session.client("sts", endpoint_url=endpoint or None)
    if not role.startswith("arn:"):
        me = sts.get_caller_identity()
        role = f"arn:{me['Arn'].split(':')[1]}:iam::{me['Account']}:role/{role}"
    return role_session(_assume(sts, role)["Credentials"], str(session.region_name), endpoint)


def _assume(sts: "STSClient", role: str) -> "AssumeRoleResponseTypeDef":
    on_aws = target_name(os.environ) is TargetName.AWS and not os.environ.get("AWS_ENDPOINT_URL")
    deadline = time.monotonic() + (AWS_WAIT_S if on_aws else 0)
    told = False
    while True:
        try:
            return sts.assume_role(RoleArn=role, RoleSessionName=ROLE_SESSION)
        except ClientError as error:
            if not denied(error) or time.monotonic() >= deadline:
                raise
        if not told:
            print("AWS refuses the role so far; a new role takes some seconds. Trying again ...", file=sys.stderr)
            told = True
        time.sleep(2)
