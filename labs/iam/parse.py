"""A policy document, read and compiled, or refused as AWS refuses it.

Grammar: IAM User Guide, reference_policies_grammar. AWS's refusals are terse ("Syntax errors in policy."); that text is
``MalformedPolicy.message``, and what is wrong and where stands beside it. The texts are those seen in answers of IAM to
CreatePolicy, PutRolePolicy and CreateRole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from labs.iam.decision import Policy, PolicyKind
from labs.iam.elements import StatementReader
from labs.iam.json_faults import json_fault
from labs.iam.malformed import SYNTAX, DocumentRefusal, an_object, found, only, said
from labs.iam.positions import JsonPath, line_and_column, offset_of, path_text, repeated_key

CURRENT_VERSION = "2012-10-17"
FIRST_VERSION = "2008-10-17"

# Characters, white space not counted (reference_iam-quotas).
MANAGED_POLICY_SIZE = 6144
ROLE_INLINE_SIZE = 10240
USER_INLINE_SIZE = 2048
GROUP_INLINE_SIZE = 5120
TRUST_POLICY_SIZE = 2048

_TOP = ("Version", "Id", "Statement")


class MalformedPolicy(ValueError):
    """A policy document that AWS would refuse.

    ``message``: AWS's text, for an API answer. ``detail``: what is wrong, in plain words. ``path``: where, as in
    ``Statement[0].Effect`` ("" for the whole document). ``line``, ``column``: from 1; 0 when the document was not text.
    """

    code = "MalformedPolicyDocument"

    def __init__(self, message: str, line: int = 0, column: int = 0, detail: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}" if self.line else ""
        where = ", ".join(part for part in (self.path, place) if part)
        return " ".join(part for part in (self.message, self.detail, f"({where})" if where else "") if part)


class PolicyTooLong(MalformedPolicy):
    """A document over its size limit; AWS's code for it is LimitExceeded."""

    code = "LimitExceeded"


def parse_policy(
    document: str | Mapping[str, Any],
    kind: PolicyKind = PolicyKind.IDENTITY,
    name: str = "",
    *,
    oldest_version: str = FIRST_VERSION,
    max_size: int | None = None,
    arn: str = "",
) -> Policy:
    """Read a policy document, as JSON text or already decoded.

    ``kind`` decides the grammar: identity-like policies have no Principal, the others need one; a trust policy has no
    Resource. ``oldest_version`` "2012-10-17" is what CreatePolicy asks for. ``max_size`` is in characters without white
    space, one of the ..._SIZE constants. ``arn``: a managed policy's own.

    Raises MalformedPolicy (PolicyTooLong for the size).
    """
    text = document if isinstance(document, str) else None
    if max_size is not None:
        _check_size(json.dumps(document) if text is None else text, max_size, kind)
    trust = kind is PolicyKind.TRUST
    data = document if text is None else _decode(text, "trust.json" if trust else SYNTAX)
    try:
        return _policy(data, kind, name, oldest_version, text or "", arn)
    except DocumentRefusal as refusal:
        line, column = (0, 0) if text is None else line_and_column(text, offset_of(text, refusal.path))
        raise MalformedPolicy(refusal.message(trust), line, column, refusal.detail, path_text(refusal.path)) from None


def _check_size(text: str, limit: int, kind: PolicyKind) -> None:
    size = sum(not character.isspace() for character in text)
    if size > limit:
        detail = f"The document has {size} characters without white space."
        quota = "ACLSizePerRole" if kind is PolicyKind.TRUST else "PolicySize"
        raise PolicyTooLong(said("policy.too_long", quota=quota, limit=limit), detail=detail)


def _decode(text: str, id: str) -> object:
    """The JSON value; ``id``: what AWS says when it is none."""
    repeated = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) < len(pairs)
        return found

    def no_constant(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        data = json.loads(text, object_pairs_hook=members, parse_constant=no_constant)
    except (ValueError, RecursionError):
        fault = json_fault(text)
        raise MalformedPolicy(
            said(id), *line_and_column(text, fault.offset), f"Not valid JSON: {fault.words}."
        ) from None
    if repeated:
        key, offset = repeated_key(text)
        raise MalformedPolicy(said(id), *line_and_column(text, offset), f"The key '{key}' appears twice in one object.")
    return data


def _policy(data: object, kind: PolicyKind, name: str, oldest_version: str, text: str, arn: str) -> Policy:
    top = an_object(data, (), "The document")
    only(top, _TOP, ())
    version = top.get("Version", FIRST_VERSION)
    if version not in (FIRST_VERSION, CURRENT_VERSION):
        detail = f"Version must be {CURRENT_VERSION} (or the old {FIRST_VERSION})."
        raise DocumentRefusal(SYNTAX, detail + found(version, CURRENT_VERSION, FIRST_VERSION), ("Version",))
    if version < oldest_version:
        raise DocumentRefusal("policy.old_version", "", ("Version",))
    if not isinstance(top.get("Id", ""), str):
        raise DocumentRefusal(SYNTAX, "Id must be a string.", ("Id",))
    if "Statement" not in top:
        raise DocumentRefusal(SYNTAX, "Statement is missing.")
    raw = top["Statement"]
    single = isinstance(raw, Mapping)
    listed = [raw] if single else raw
    if not isinstance(listed, list) or not listed:
        raise DocumentRefusal(SYNTAX, "Statement must be an object or a list with at least one.", ("Statement",))
    reader = StatementReader(kind, version == CURRENT_VERSION)
    statements = []
    sids: set[str] = set()
    for index, item in enumerate(listed):
        path: JsonPath = ("Statement",) if single else ("Statement", index)
        statement = reader.read(index, item, path)
        if statement.sid and statement.sid in sids:
            raise DocumentRefusal("policy.same_sid", f"The Sid '{statement.sid}' is used twice.", (*path, "Sid"))
        sids.add(statement.sid)
        statements.append(statement)
    return Policy(kind, name, str(version), tuple(statements), str(top.get("Id", "")), text, arn, "Version" in top)
