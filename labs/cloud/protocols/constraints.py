"""The bounds of botocore's models, for the services that say the same of each: lengths, numbers, patterns, enums.

SDKs check few of them before they send. ECR, ECS and STS refuse in their own words, beside their operations; EC2's and
S3's models bound next to nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.protocols.parameters import Constraint, Problem, input_shape, problems
from labs.cloud.protocols.services import ApiService

_MUST = {
    Constraint.TOO_SHORT: "Member must have length greater than or equal to {}",
    Constraint.TOO_LONG: "Member must have length less than or equal to {}",
    Constraint.TOO_SMALL: "Member must have value greater than or equal to {}",
    Constraint.TOO_LARGE: "Member must have value less than or equal to {}",
    Constraint.PATTERN: "Member must satisfy regular expression pattern: {}",
    Constraint.ENUM: "Member must satisfy enum value set: [{}]",
}
# The text of each service; IAM has its own for names.
_TEXTS = {
    "iam": "",
    "logs": "constraint.logs",
    "ssm": "constraint.ssm",
    **dict.fromkeys(("kms", "secretsmanager", "resourcegroupstaggingapi"), "constraint.others"),
}
# IAM's words for a policy's characters: labs.cloud.apis.documents.
_SAID_ELSEWHERE = (Constraint.PATTERN, "policyDocumentType")
_IAM_NAME = r"[\w+=,.@-]+"


def check_constraints(service: ApiService, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError, in the service's own form, for the values that its model bounds otherwise."""
    if service.name not in _TEXTS or (shape := input_shape(service.name, operation)) is None:
        return
    found = [each for each in problems(shape, params, frozenset(_MUST)) if (each.kind, each.shape) != _SAID_ELSEWHERE]
    if not found:
        return
    name = next((each for each in found if each.kind is Constraint.PATTERN and each.constraint == _IAM_NAME), None)
    if service.name == "iam" and name is not None and len(found) == 1:
        raise _refused("constraint.name", member=member(name.path))
    what = "; ".join(_sentence(each) for each in found)
    known = texts("constraints")
    one = len(found) == 1
    detected = (
        known["constraint.one"].say(what=what) if one else known["constraint.several"].say(count=len(found), what=what)
    )
    if _TEXTS[service.name]:
        raise _refused(_TEXTS[service.name], detected=detected)
    raise AwsError(known["constraint.one"].code, detected, known["constraint.one"].status)


def _sentence(found: Problem) -> str:
    shown = ", ".join(found.constraint) if found.kind is Constraint.ENUM else found.constraint
    must = _MUST[found.kind].format(shown)
    return texts("constraints")["constraint.value"].say(member=member(found.path), must=must)


def member(path: str) -> str:
    """``Tags[0].Value`` as services name it: ``tags.1.member.value``."""
    parts = [part[:1].lower() + part[1:] for part in path.split(".")]
    return re.sub(r"\[(\d+)\]", lambda found: f".{int(found[1]) + 1}.member", ".".join(parts))


def _refused(id: str, /, **values: object) -> AwsError:
    text = texts("constraints")[id]
    return AwsError(text.code, text.say(**values), text.status)
