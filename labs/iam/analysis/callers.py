"""Who the entries of a Principal element are."""

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
    kinds = {
        "user": PrincipalKind.USER,
        "assumed-role": PrincipalKind.ROLE_SESSION,
        "federated-user": PrincipalKind.FEDERATED,
    }
    return Principal(entry, account, kinds[what]) if what in kinds else None
