"""The users and roles that resource policies name, by their unique ids.

"When you save the policy, the ARN is transformed to the principal's unique ID. This helps mitigate the risk of someone
escalating their privileges by removing and recreating the role or user" (IAM User Guide,
reference_policies_elements_principal): whoever is made again under a name is not trusted again.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_IDENTITY = re.compile(r"arn:aws:(?:iam|sts)::(\d{12}):(user|role|assumed-role|federated-user)/(.+)")
_UNIQUE = re.compile(r"(?:AIDA|AROA)[A-Z0-9]{8,}")
Ids = Mapping[str, str]


def is_unique_id(principal: str) -> bool:
    """Whether it has the form of a user's or role's unique id."""
    return _UNIQUE.fullmatch(principal) is not None


def unique_id(principal: str) -> str:
    """The unique id of a user or role by ARN; of a session, its role's, a colon and the session's name.

    An id that is in use is its own. "" for anybody who does not exist.
    """
    if _UNIQUE.fullmatch(principal):
        return principal if arn_of(principal) else ""
    found = _IDENTITY.fullmatch(principal)
    if found is None:
        return ""
    account, kind, rest = found.groups()
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        id = next((each.id for each in roles(account) if each.name == role), "")
        return f"{id}:{session}" if id and session else ""
    if kind == "federated-user":
        return f"{account}:{rest}"
    owners = roles(account) if kind == "role" else users(account)
    return next((str(owner.id) for owner in owners if owner.arn == principal), "")


def arn_of(id: str) -> str:
    """The ARN of the user or role with that unique id; "" when there is none any more."""
    for account in _accounts():
        for owner in (*users(account), *roles(account)):
            if owner.id == id:
                return str(owner.arn)
    return ""


def is_known() -> bool:
    """Whether there is an IAM to ask: tests of one service alone have none."""
    return _models() is not None


def ids_in(document: str | bytes | None) -> dict[str, str]:
    """The users, roles and sessions that a policy names as AWS principals, with the ids they have at this moment."""
    found: dict[str, str] = {}

    def note(principal: str) -> str:
        id = unique_id(principal)
        if id:
            found[principal] = id
        return principal

    _rewritten(document, note)
    return found


def as_of_now(document: Any, ids: Ids) -> Any:
    """The document as AWS shows and reads it: an ARN while its principal lives, the unique id afterwards."""

    def now(principal: str) -> str:
        id = ids.get(principal, "")
        if not id or _UNIQUE.fullmatch(principal):
            return arn_of(principal) or principal if id else principal
        return principal if unique_id(principal) == id else id

    if all(now(principal) == principal for principal in ids):
        return document
    text = json.dumps(_rewritten(document, now))
    return text.encode() if isinstance(document, bytes) else text


def _rewritten(document: str | bytes | None, change: Callable[[str], str]) -> Any:
    """The document with each of its AWS principals changed; what is no document as it is."""
    try:
        data = json.loads(document or "null")
    except ValueError:
        return None
    statements = data.get("Statement") if isinstance(data, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element) if isinstance(statement, dict) else None
            if isinstance(named, dict) and "AWS" in named:
                listed = named["AWS"]
                if isinstance(listed, list):
                    named["AWS"] = [change(each) if isinstance(each, str) else each for each in listed]
                elif isinstance(listed, str):
                    named["AWS"] = change(listed)
    return data


def anchor(kind: Any, attribute: str) -> None:
    """Have moto's objects of one class read ``attribute``, a policy, as of now.

    The ids are kept beside the document, and only where it names somebody. What a checkpoint of before holds has none.
    """
    beside = f"principals_of_{attribute}"

    def read(self: Any) -> Any:
        held = vars(self)
        document, ids = held.get(attribute), held.get(beside)
        return as_of_now(document, ids) if ids else document

    def write(self: Any, document: Any) -> None:
        held = vars(self)
        held[attribute] = document
        ids = ids_in(document) if isinstance(document, str | bytes) else {}
        if ids:
            held[beside] = ids
        else:
            held.pop(beside, None)

    setattr(kind, attribute, property(read, write))


def _models() -> Any:
    return sys.modules.get("moto.iam.models")


def _accounts() -> list[str]:
    models = _models()
    return list(models.iam_backends) if models is not None else []


def store_of(account: str) -> Any:
    """moto's IAM of an account; None when it was never asked for: asking moto would make it."""
    models = _models()
    partitions = models.iam_backends.get(account) if models is not None else None
    return dict.get(partitions, "aws") if partitions is not None else None


def users(account: str) -> Iterator[Any]:
    """moto's users of an account."""
    store = store_of(account)
    yield from list(store.users.values()) if store is not None else ()


def roles(account: str) -> Iterator[Any]:
    """moto's roles of an account."""
    store = store_of(account)
    yield from list(store.roles.values()) if store is not None else ()
