"""A policy as a trainee has just written it: is it one, can it work, and what may be done now that could not be before.

The faults are those of ``labs.iam``'s reader, the misspelt words those of its lint, the change its analysis.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import botocore.session

from labs import iam
from labs.iam.json_faults import json_fault
from labs.iam.positions import line_and_column, offset_of
from labs.subjects.policies import as_written
from labs.ui import policy_access
from labs.ui.policy_cell import Fault, PolicyCell

# Where a misspelt service's action may belong to; the other services are read when a policy names them.
_OF_THE_LAB = ("cloudtrail", "ecr", "ecs", "iam", "kms", "logs", "s3", "secretsmanager", "ssm", "sts")
_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Where:
    """The account and the Region that a policy is for."""

    account: str
    region: str


def review(said: str, written: str, before: str, where: Where) -> PolicyCell | None:
    """What can be said of a text that should be JSON; None where that is nothing beyond ``said``.

    ``before`` is the last version, "" without one.
    """
    if '"Statement"' not in written:
        found = _json(written)
        return PolicyCell(said, (found,)) if found else None
    if as_written.is_empty(written):
        return None
    kind = as_written.kind_of(written)
    try:
        policy = iam.parse_policy(written, kind)
    except iam.MalformedPolicy as error:
        return PolicyCell(said, (_fault(written, error),))
    return _compared(PolicyCell(said, advice=_advice(policy, written, where)), policy, before, where)


def _json(written: str) -> Fault | None:
    try:
        found = json_fault(written)
    except ValueError:
        return None
    line, column = line_and_column(written, found.offset)
    return Fault(line, column, found.words, _line(written, line))


def _fault(written: str, error: iam.MalformedPolicy) -> Fault:
    words = (error.detail or error.message).strip()
    return Fault(error.line, error.column, words, _line(written, error.line))


def _line(written: str, number: int) -> str:
    lines = written.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _advice(policy: iam.Policy, written: str, where: Where) -> tuple[Fault, ...]:
    services = {each.partition(":")[0].lower() for one in policy.statements for each in one.actions.written}
    known = _known(frozenset(services))
    found = iam.lint(policy, known, account=where.account, region=where.region)
    # A service that is unknown here may be new; one that is nearly another's name is misspelt.
    told = [each for each in found if each.code is not iam.LintCode.UNKNOWN_SERVICE or each.suggestion]
    return tuple(_placed(each, written) for each in told)


def _placed(found: iam.LintFinding, written: str) -> Fault:
    """The finding where its value stands in the text."""
    path = [part for name, number in _STEP.findall(found.path) for part in ((name, int(number)) if number else (name,))]
    if not path:
        return Fault(0, 0, found.message)
    begin = offset_of(written, tuple(path))
    at = written.find(json.dumps(found.value, ensure_ascii=False), begin) if found.value else -1
    line, column = line_and_column(written, begin if at < 0 else at)
    return Fault(line, column, found.message, _line(written, line))


@cache
def _known(services: frozenset[str]) -> frozenset[str]:
    """Every action of the lab's services and of these; of each other service that it exists."""
    session = botocore.session.get_session()
    there = set(session.get_available_services())
    read = (services | set(_OF_THE_LAB)) & there
    listed = {name: session.get_service_model(name).operation_names for name in read}
    return iam.known_actions({**dict.fromkeys(there - read, ("*",)), **listed})


def _compared(cell: PolicyCell, policy: iam.Policy, before: str, where: Where) -> PolicyCell:
    if not before or as_written.is_empty(before):
        return cell
    try:
        old = iam.parse_policy(before, policy.kind)
    except iam.MalformedPolicy:
        return PolicyCell(cell.said, cell.faults, cell.advice, None, "the version before was not a policy")
    scene = iam.Scene(account=where.account, region=where.region, now=datetime.now(UTC))
    changed = tuple(policy_access.change(as_written.alone(old), as_written.alone(policy), scene))
    return PolicyCell(cell.said, cell.faults, cell.advice, changed)
