"""The kinds of resources the ledger knows: what makes one, names it, tags it and removes it.

A new kind is one row here and one in ``removal.py``. Sources: the request shapes of the ECR and IAM API references.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

# Calls that make something that stays (and may cost) begin with one of these words.
CREATING = ("Create", "Run", "Allocate", "Register", "Request", "Import", "Restore", "Launch")
# They begin so and leave nothing behind, or only content of a resource that the ledger already holds.
HARMLESS = frozenset({("ec2", "CreateTags"), ("logs", "CreateLogStream")})


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    ``named_by``: the request parameters that name it, in order; the id is their values joined by ``/``.
    ``id_in_answer``: where the account makes the id, the path to it in the answer; ``named_by`` is empty then.
    ``tag_list``: the request parameter that takes ``[{"Key":, "Value":}]``; empty where the kind takes no tags and
    belongs to a tagged parent (a role's policies).
    ``absent``: the error codes that mean there is no such resource.
    """

    name: str
    service: str
    create: str
    delete: str
    named_by: tuple[str, ...]
    id_in_answer: tuple[str, ...] = ()
    tag_list: str = ""
    absent: frozenset[str] = frozenset()

    def id_of(self, params: Mapping[str, Any]) -> str:
        """The id that a request names; empty where the account makes it."""
        return "/".join(str(params.get(name, "")) for name in self.named_by)

    def id_from(self, answer: Mapping[str, Any]) -> str:
        """The id in the answer to the create call; empty for a kind that is named by its request."""
        value: Any = answer if self.id_in_answer else ""
        for step in self.id_in_answer:
            value = value.get(step, "") if isinstance(value, Mapping) else ""
        return str(value)

    def tag(self, params: MutableMapping[str, Any], tags: Mapping[str, str]) -> None:
        """Put the lab's tags into a create request, whatever it held under those keys."""
        if not self.tag_list:
            return
        kept = [tag for tag in params.get(self.tag_list) or [] if tag.get("Key") not in tags]
        params[self.tag_list] = kept + [{"Key": key, "Value": value} for key, value in tags.items()]


REPOSITORY = Kind(
    "ecr repository",
    "ecr",
    "CreateRepository",
    "DeleteRepository",
    ("repositoryName",),
    tag_list="tags",
    absent=frozenset({"RepositoryNotFoundException"}),
)
ROLE = Kind(
    "iam role",
    "iam",
    "CreateRole",
    "DeleteRole",
    ("RoleName",),
    tag_list="Tags",
    absent=frozenset({"NoSuchEntity"}),
)
ROLE_POLICY = Kind(
    "iam role policy",
    "iam",
    "PutRolePolicy",
    "DeleteRolePolicy",
    ("RoleName", "PolicyName"),
    absent=frozenset({"NoSuchEntity"}),
)
ROLE_ATTACHMENT = Kind(
    "iam role attachment",
    "iam",
    "AttachRolePolicy",
    "DetachRolePolicy",
    ("RoleName", "PolicyArn"),
    absent=frozenset({"NoSuchEntity"}),
)

KINDS: tuple[Kind, ...] = (REPOSITORY, ROLE, ROLE_POLICY, ROLE_ATTACHMENT)
_MAKERS = {(kind.service, kind.create): kind for kind in KINDS}
_REMOVERS = {(kind.service, kind.delete): kind for kind in KINDS}
_NAMED = {kind.name: kind for kind in KINDS}


def made_by(service: str, operation: str) -> Kind | None:
    """The kind that a call makes."""
    return _MAKERS.get((service, operation))


def removed_by(service: str, operation: str) -> Kind | None:
    """The kind that a call removes."""
    return _REMOVERS.get((service, operation))


def kind_named(name: str) -> Kind | None:
    """The kind of a ledger entry; None for a kind that this version of the kit does not know."""
    return _NAMED.get(name)


def leaves_something(service: str, operation: str) -> bool:
    """Whether a call would make a resource that the ledger could not take back."""
    return (
        operation.startswith(CREATING) and (service, operation) not in _MAKERS and (service, operation) not in HARMLESS
    )
