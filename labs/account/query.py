"""What a person calls the thing to be diagnosed: a task's id, a service's name, a family, or one of their ARNs."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from labs.errors import LabError

_ARN = re.compile(
    r"arn:aws[a-z-]*:ecs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?P<kind>task|service|task-definition)/(?:(?P<cluster>[\w-]+)/)?(?P<id>[\w:-]+)"
)
# The newer form and that of the first years.
_TASK_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}(:\d+)?")
_GIVE = "give a task's id or ARN, a service's name, or a task definition's family"


class QueryKind(enum.Enum):
    """What a name can stand for."""

    TASK = "task"
    SERVICE = "service"
    DEFINITION = "task-definition"
    # A service's name or a family.
    EITHER = ""


@dataclass(frozen=True)
class Name:
    """``id`` as the API takes it; ``cluster`` from an ARN, "" when it has none."""

    kind: QueryKind
    id: str
    cluster: str = ""


def parse(text: str, account: str, region: str) -> Name:
    """Read a name or an ARN. LabError says what is wrong with it."""
    if text.startswith("arn:"):
        return _arn(text, account, region)
    if _TASK_ID.fullmatch(text):
        return Name(QueryKind.TASK, text)
    if not _NAME.fullmatch(text):
        raise LabError(f"'{text}' is not a name in ECS.", _GIVE, id="not-an-ecs-name")
    return Name(QueryKind.DEFINITION if ":" in text else QueryKind.EITHER, text)


def _arn(text: str, account: str, region: str) -> Name:
    match = _ARN.fullmatch(text)
    if match is None:
        raise LabError(
            f"'{text}' is not the ARN of a task, a service or a task definition.", _GIVE, id="not-an-ecs-arn"
        )
    kind = QueryKind(match["kind"])
    if match["region"] != region:
        there = match["region"]
        raise LabError(
            f"That {_word(kind)} is in {there}, and this looks at {region}.",
            f"set AWS_REGION={there}",
            id="other-region",
        )
    if match["account"] != account:
        raise LabError(
            f"That {_word(kind)} is in account {match['account']}, and these credentials are for {account}.",
            "use a profile of that account (AWS_PROFILE)",
            id="other-account",
        )
    if kind is QueryKind.DEFINITION:
        return Name(kind, text)
    return Name(kind, match["id"], match["cluster"] or "")


def _word(kind: QueryKind) -> str:
    return kind.value.replace("-", " ")
