"""One question for the evaluator, and what the answer to a question may need to look up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from labs.cloud.contract import Context
from labs.cloud.wire.request import ApiCall


@dataclass(frozen=True)
class RequiredAction:
    """One action on one ARN ("*" where AWS knows no resource), with the condition keys of the request."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


class Lookups(Protocol):
    """What stands in the stores and not in the request."""

    def iam_path(self, account: str, kind: str, name: str) -> str:
        """The path of a "user", "role", "group" or "instance-profile": "/" or "/some/path/"; "/" when unknown."""
        ...

    def secret_arn(self, account: str, region: str, secret: str) -> str:
        """The ARN of a secret by name or ARN; "" when there is none."""
        ...

    def key_arn(self, account: str, region: str, key: str) -> str:
        """The ARN of a KMS key by id, ARN, alias or alias ARN; "" when there is none."""
        ...

    def task_definition(self, account: str, region: str, name: str) -> tuple[str, tuple[str, ...]]:
        """ARN and role ARNs of a task definition by family, family:revision or ARN; ("", ()) when there is none."""
        ...

    def profile_role(self, account: str, profile: str) -> str:
        """The ARN of the role in an instance profile by name or ARN; "" when there is none."""
        ...

    def boundary(self, account: str, kind: str, name: str) -> str:
        """The ARN of the permissions boundary of a "user" or "role"; "" when it has none."""
        ...

    def traits(self, arn: str) -> Mapping[str, str]:
        """Condition keys of an EC2 or KMS resource that exists, as ec2:Vpc or kms:KeySpec; the id of any."""
        ...

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource; empty when it has none or is not known."""
        ...


# The ARNs of one resource type that a call names; empty when it names none.
Resolver = Callable[[ApiCall, Lookups], Sequence[str]]


def values_of(call: ApiCall, *names: str) -> list[str]:
    """The strings that the call gives for these members, lists spread out, empty ones left out."""
    found: list[str] = []
    for name in names:
        value = call.params.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item and item not in found:
                found.append(item)
    return found


def arn(call: ApiCall, service: str, rest: str) -> str:
    """An ARN in the call's region and the caller's account."""
    return f"arn:aws:{service}:{call.region}:{call.account}:{rest}"
