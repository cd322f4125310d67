"""Whose the things are that a lab makes: a name that stays, whatever the session is called today.

A user's name stays. A role's session has another name in each process (botocore's own), after each renewal of a broker,
or on each day; and another person may use the same role. So a lab keeps the name of its owner in its home.
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from labs import locks
from labs.files import read_json, write_json
from labs.ledger.names import GENERATED, owner_of
from labs.session.home import owners_file

_SESSION = re.compile(r"arn:[\w-]+:sts::\d+:(?:assumed-role/(?P<role>[^/]+)|federated-user)/(?P<session>.+)")


@dataclass(frozen=True)
class Owner:
    """``name`` is the tag of what is made now; ``names`` are all whose things are this lab's."""

    name: str
    names: frozenset[str]


def owner(home: Path, account: str, identity: str, trainee: str) -> Owner:
    """The owner of what the lab in this home makes in this account, kept there when it is first asked for.

    ``trainee`` is LAB_TRAINEE: who says a name is that. A session's own name was the owner in earlier versions, and
    still counts.
    """
    plain = owner_of(identity, {"LAB_TRAINEE": trainee})
    session = _SESSION.fullmatch(identity)
    if trainee or session is None:
        return Owner(plain, frozenset((plain,)))
    kept = _kept(home, account)
    if not kept:
        shown = session["role"] if session["role"] and GENERATED.fullmatch(session["session"]) else plain
        kept = _keep(home, account, f"{shown[:100]}-{secrets.token_hex(4)}")
    return Owner(kept, frozenset((kept, plain)))


def _kept(home: Path, account: str) -> str:
    name = (read_json(owners_file(home)) or {}).get(account)
    return name if isinstance(name, str) else ""


def _keep(home: Path, account: str, name: str) -> str:
    """The name in the file: another process may have written one a moment ago."""
    file = owners_file(home)
    with locks.waited(file.with_suffix(".lock")):
        known = read_json(file) or {}
        if not isinstance(known.get(account), str):
            write_json(file, {**known, account: name})
            return name
    return str(known[account])
