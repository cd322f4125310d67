"""Who the entries of a Principal element are."""

import re

from labs.iam.decision import Principal, PrincipalKind


def principal_of(kind: str, entry: str) -> Principal | None:
    """The user, role (by a session of it), service or identity provider that an entry names; None: it names no one.

    ``kind``: AWS, Service or Federated. An account, or an id instead of an ARN, names no one.
    """
    if kind == "Service":
        return Principal(entry, "", PrincipalKind.SERVICE)
    parts = entry.split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    if kind == "Federated":
        return Principal(entry, account, PrincipalKind.FEDERATED)
    if kind != "AWS" or len(parts) != 6:
        return None
    what, _, name = parts[5].partition("/")
    if what == "role":
        session = f"{parts[0]}:{parts[1]}:sts::{account}:assumed-role/{name.rsplit('/', 1)[-1]}/session"
        return Principal(session, account, PrincipalKind.ROLE_SESSION, entry)
    return _itself(entry, account)


def called(arn: str) -> Principal | None:
    """Whose ``aws:PrincipalArn`` this is: a user's, a role's (by a session of it), a root user's; None: nobody's."""
    return spared_by(arn) if arn.endswith(":root") else principal_of("AWS", arn)


def spared_by(entry: str) -> Principal | None:
    """Whom alone a Deny with NotPrincipal spares by this entry: a role without a session, an account's root user.

    Neither is whom the entry names elsewhere, so they are callers of their own. None: there is no such one.
    """
    account = entry.split(":")[4] if entry.count(":") >= 5 else entry
    if re.fullmatch(r"\d{12}", entry) or entry.endswith(":root"):
        return Principal(f"arn:aws:iam::{account}:root", account, PrincipalKind.ROOT)
    return Principal(entry, account, PrincipalKind.ROLE) if ":role/" in entry else None


def _itself(entry: str, account: str) -> Principal | None:
    what = entry.split(":", 5)[5].partition("/")[0]
    kinds = {
        "user": PrincipalKind.USER,
        "assumed-role": PrincipalKind.ROLE_SESSION,
        "federated-user": PrincipalKind.FEDERATED,
    }
    return Principal(entry, account, kinds[what]) if what in kinds else None
