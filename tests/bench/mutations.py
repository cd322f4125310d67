"""python -m tests.bench.mutations STATE N: so many mutating calls on a state folder, then SIGKILL.

The calls go to the store behind the gateway, as the gateway hands them on; over HTTP they would take minutes.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlencode

from labs.cloud.front.assembly import LocalAws
from labs.cloud.protocols.services import BY_NAME, Protocol
from labs.cloud.store.dispatch import StoreRequest
from tests.cloud.lab_cloud import allow, policy, trusts

VERSIONS = {"iam": "2010-05-08", "ec2": "2016-11-15"}
DOCUMENT = policy(allow("ecr:*"))
TRUST = policy(trusts({"AWS": "*"}))


def call(service: str, operation: str, **parameters: object) -> StoreRequest:
    """One call in its service's protocol."""
    if BY_NAME[service].protocol is Protocol.JSON:
        kept = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{BY_NAME[service].target}.{operation}",
        }
        body = json.dumps(parameters).encode()
    else:
        kept = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"Action": operation, "Version": VERSIONS[service], **parameters}).encode()
    return StoreRequest(service, operation, "111122223333", "us-east-1", "", "POST", "/", "", kept, body)


def mutations() -> Iterator[StoreRequest]:
    """What a class does again and again: identities, policies, security groups, parameters, log groups, secrets."""
    for n in count():
        yield call("iam", "CreateUser", UserName=f"u{n}")
        yield call("iam", "PutUserPolicy", UserName=f"u{n}", PolicyName="p", PolicyDocument=DOCUMENT)
        yield call("iam", "CreateAccessKey", UserName=f"u{n}")
        yield call("iam", "CreateRole", RoleName=f"r{n}", AssumeRolePolicyDocument=TRUST)
        yield call("ec2", "CreateSecurityGroup", GroupName=f"g{n}", GroupDescription="d")
        yield call("ssm", "PutParameter", Name=f"/p/{n}", Value="v", Type="String")
        yield call("logs", "CreateLogGroup", logGroupName=f"/g/{n}")
        yield call("secretsmanager", "CreateSecret", Name=f"s{n}", SecretString="x")
        yield call("ec2", "DeleteSecurityGroup", GroupName=f"g{n - 5}") if n > 5 else call("kms", "CreateKey")


def main(state: str, number: int) -> None:
    """Make them, then end as a laptop's battery would."""
    cloud = LocalAws(Path(state))
    for request in islice(mutations(), number):
        answer = cloud._store.write(request)
        assert answer.status < 400, (request.operation, answer.body)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
