"""How each kind of resource is recognised and removed in the account: one remover for every kind of ``kinds.py``."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.ledger.kind import Kind
from labs.ledger.names import KIT_TAG, Names
from labs.ledger.removal import ec2, ecs, named, stores
from labs.ledger.removal.ec2 import lineage
from labs.ledger.removal.remover import Blockers, Remover, Tags

__all__ = ["REMOVERS", "Blockers", "Remover", "Tags", "blockers", "lineage", "remove", "tagged", "tags_now"]

REMOVERS: Mapping[str, Remover] = {**ecs.REMOVERS, **ec2.REMOVERS, **stores.REMOVERS, **named.REMOVERS}


def tags_now(kind: Kind, client: Any, id: str) -> Tags | None:
    """The tags of a resource as the account has them now; None when it does not exist. Raises ClientError."""
    try:
        return REMOVERS[kind.name].tags(client, id)
    except ClientError as error:
        if kind.means_absent(code_of(error)):
            return None
        raise


def remove(kind: Kind, client: Any, id: str) -> None:
    """Remove a resource; one that is already gone is no error. Raises ClientError."""
    try:
        REMOVERS[kind.name].remove(client, id)
    except ClientError as error:
        if not kind.means_absent(code_of(error)):
            raise


def blockers(kind: Kind, client: Any, id: str) -> Blockers | None:
    """What keeps a resource from going, where that can be asked. Raises ClientError."""
    ask = REMOVERS[kind.name].blockers
    return ask(client, id) if ask else None


def tagged(kind: Kind, client: Any, names: Names) -> Iterator[tuple[str, Tags]]:
    """Everything of this kind in the account that the kit's tag and ``names`` claim, with its tags.

    Raises ClientError.
    """
    for id in REMOVERS[kind.name].named(client, names):
        now = tags_now(kind, client, id)
        if now is not None and KIT_TAG in now:
            yield id, now
