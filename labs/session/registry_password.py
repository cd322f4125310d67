"""A registry password for ``docker login``, of this shell's identity or of a role."""

import os
import sys
import time
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from labs.failures import denied, explain, no_region
from labs.session import TargetName, local
from labs.session.target import ROLE_SESSION, password_of, role_session, target_name

if TYPE_CHECKING:
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import AssumeRoleResponseTypeDef

# IAM on AWS takes some seconds until a new role can be assumed.
AWS_WAIT_S = 30.0


def registry_password(role: str = "") -> str:
    """The password, of ``role`` (name or ARN) when given; LabError in AWS's words when the account refuses."""
    session, endpoint = _current()
    doing = "reading your AWS configuration"
    try:
        if role:
            doing = f"assuming the role {role} (sts:AssumeRole)"
            session = _as_role(session, endpoint, role)
        doing = "asking for a registry password (ecr:GetAuthorizationToken)"
        answer = session.client("ecr", endpoint_url=endpoint or None).get_authorization_token()
    except (ClientError, BotoCoreError, ValueError) as error:
        raise explain(error, doing) from error
    return password_of(answer["authorizationData"][0]["authorizationToken"])


def _current() -> tuple[boto3.Session, str]:
    """The identity of this shell; of the local AWS's administrator where the shell has none and the target is local."""
    pointed = os.environ.get("AWS_ENDPOINT_URL") and os.environ.get("AWS_ACCESS_KEY_ID")
    if target_name(os.environ) is TargetName.LOCAL and not pointed:
        cloud = local.running_cloud()
        return cloud.session(), cloud.endpoint
    try:
        session = boto3.Session()
        region = session.region_name
    except (BotoCoreError, ValueError) as error:
        raise explain(error, "reading your AWS configuration") from error
    if not region:
        raise no_region()
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
