"""What EC2, CloudWatch Logs and Systems Manager refuse of names, tags and values, and neither model nor store does.

Sources: Systems Manager user guide, sysman-paramstore-su-create and sysman-paramstore-hierarchies; CloudWatch Logs API
reference, PutRetentionPolicy; EC2 user guide, Using_Tags (128 characters for a key, 256 for a value); EC2 API
reference, CreateSecurityGroup.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from labs.aws_texts import texts
from labs.cloud.contract import AwsError

_PARAMETER = re.compile(r"[A-Za-z0-9._/-]+")
_STANDARD = 4096
_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
_KEY_MOST, _VALUE_MOST = 128, 256

Params = Mapping[str, Any]


def check_names(service: str, operation: str, params: Params) -> None:
    """Raises AwsError for a name, a tag or a value that AWS would refuse."""
    if service == "ec2":
        _check_tags(params)
    check = _CHECKS.get((service, operation))
    if check is not None:
        check(params)


def _check_parameter(params: Params) -> None:
    name, value = str(params.get("Name") or ""), str(params.get("Value") or "")
    # A name may be given as the parameter's ARN.
    if name and not name.startswith("arn:"):
        if not _PARAMETER.fullmatch(name):
            raise _refused("parameter.characters")
        if "/" in name and not name.startswith("/"):
            raise _refused("parameter.qualified")
    if len(value) > _STANDARD and params.get("Tier", "Standard") == "Standard":
        raise _refused("parameter.size")


def _check_log_group(params: Params) -> None:
    if str(params.get("logGroupName") or "").lower().startswith("aws/"):
        raise _refused("group.reserved")


def _check_retention(params: Params) -> None:
    days = params.get("retentionInDays")
    if days is not None and days not in _DAYS:
        raise _refused("group.retention", days=", ".join(map(str, _DAYS)))


def _check_security_group(params: Params) -> None:
    name = str(params.get("GroupName") or "")
    if name.lower().startswith("sg-"):
        raise _refused("group.format", name=name)


def _check_tags(params: Params) -> None:
    for key, value in _tags(params):
        if key.lower().startswith("aws:"):
            raise _refused("tag.reserved")
        if len(key) > _KEY_MOST:
            raise _refused("tag.length", part="key", most=_KEY_MOST)
        if len(value) > _VALUE_MOST:
            raise _refused("tag.length", part="value", most=_VALUE_MOST)


def _tags(params: Params) -> Iterator[tuple[str, str]]:
    """Key and value of each tag that a call would set."""
    specified = [tag for each in params.get("TagSpecifications") or () for tag in each.get("Tags") or ()]
    for tag in (*(params.get("Tags") or ()), *specified):
        yield str(tag.get("Key") or ""), str(tag.get("Value") or "")


_CHECKS = {
    ("ssm", "PutParameter"): _check_parameter,
    ("logs", "CreateLogGroup"): _check_log_group,
    ("logs", "PutRetentionPolicy"): _check_retention,
    ("ec2", "CreateSecurityGroup"): _check_security_group,
}


def _refused(id: str, /, **values: object) -> AwsError:
    text = texts("name_rules")[id]
    return AwsError(text.code, text.say(**values), text.status)
