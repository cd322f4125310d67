"""On real AWS nothing is created before the trainee has confirmed the account once."""

from datetime import UTC, datetime
from pathlib import Path

from labs.errors import LabError
from labs.files import read_json, write_json
from labs.session.home import confirmed_file


def who(identity: str) -> str:
    """The identity without the session name: a role is confirmed once, not once a session."""
    head, slash, rest = identity.partition(":assumed-role/")
    return f"{head}{slash}{rest.split('/')[0]}" if slash else identity


def is_confirmed(home: Path, account: str, identity: str) -> bool:
    """Whether this account was confirmed with this identity."""
    known = read_json(confirmed_file(home)) or {}
    entry = known.get(account)
    return isinstance(entry, dict) and who(identity) in entry


def question(account: str, region: str, identity: str) -> LabError:
    """Names what would be used and how to confirm it."""
    return LabError(
        f"The lab would create resources in AWS account {account}, region {region}, as {identity}. "
        "Nothing is created until you confirm.",
        f'if that is right, run lab.confirm("{account}"); if not, change AWS_PROFILE or LAB_TARGET',
        id="account-not-confirmed",
    )


def confirm(home: Path, account: str, region: str, identity: str, typed: str) -> None:
    """Remember that the trainee typed this account's number; LabError when it is another."""
    if "".join(typed.split()).replace("-", "") != account:
        raise LabError(
            f"You typed '{typed}', but these credentials belong to account {account} ({identity}, region {region}).",
            f'if you mean account {account}, run lab.confirm("{account}"); if not, change AWS_PROFILE',
            id="another-account-typed",
        )
    known = read_json(confirmed_file(home)) or {}
    entry = known.get(account)
    entry = entry if isinstance(entry, dict) else {}
    entry[who(identity)] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    known[account] = entry
    write_json(confirmed_file(home), known)
