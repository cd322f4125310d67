"""Which characters the strings of a call may hold: those that an answer can show again, and what EC2 takes for a group.

IAM, STS, EC2 and S3 answer in XML 1.0, which has no form for most control characters: one that was stored would make
every later answer about it unreadable. Tags reach EC2 and IAM through ECS and the tagging API, too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.protocols import xml_text
from labs.cloud.protocols.constraints import member
from labs.cloud.protocols.parameters import Constraint, Problem, input_shape, problems
from labs.cloud.protocols.services import ApiService, Protocol
from labs.cloud.wire.request import HttpRequest

# EC2 API reference, CreateSecurityGroup and IpRange.
_GROUP_SET = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_GROUP_SHOWN = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
_GROUP_RULES = ("AuthorizeSecurityGroup", "ModifySecurityGroupRules", "UpdateSecurityGroupRuleDescriptions")
# S3's headers that are percent-encoded.
_ENCODED = ("x-amz-tagging", "x-amz-copy-source")
_TAGGED = ("ecs", "resourcegroupstaggingapi")
_CHARACTERS = frozenset({Constraint.CHARACTER})
# More of a value would make the message unreadable.
_SHOWN = 80


def check_characters(service: ApiService, operation: str, params: Mapping[str, Any], http: HttpRequest) -> None:
    """Raises AwsError, in the service's own form, for the first string that holds what it may not."""
    if service.protocol is Protocol.REST_XML:
        _check_s3(http)
    elif service.protocol is not Protocol.JSON:
        if service.protocol is Protocol.EC2:
            _check_group(operation, params)
        for problem in _problems(service.name, operation, params):
            raise _refusal(service, problem)
        _check_form(service, http)
    elif service.name in _TAGGED:
        for problem in _problems(service.name, operation, params):
            if problem.shape in ("TagKey", "TagValue"):
                raise _refused("string.tag", part=problem.shape[3:].lower(), character=problem.constraint)


def _problems(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Problem]:
    shape = input_shape(service, operation)
    return iter(()) if shape is None else problems(shape, params, _CHARACTERS)


def _refusal(service: ApiService, problem: Problem) -> AwsError:
    if service.protocol is Protocol.EC2:
        shown = xml_text.held(str(problem.value)[:_SHOWN])
        return _refused("string.ec2", value=shown, parameter=problem.path, character=problem.constraint)
    if problem.pattern:
        return _refused("string.pattern", member=member(problem.path), pattern=problem.pattern)
    return _refused("string.no_pattern", member=member(problem.path), character=problem.constraint)


def _check_form(service: ApiService, http: HttpRequest) -> None:
    """What the model does not know, moto may read all the same."""
    for name, value in {**http.query_values, **http.form}.items():
        if character := xml_text.bad_character(name + value):
            raise _refusal(service, Problem(xml_text.held(name), Constraint.CHARACTER, value, character, ""))


def _check_s3(http: HttpRequest) -> None:
    if xml_text.bad_character(unquote(http.path)) or xml_text.bad_character(unquote(http.query)):
        raise _refused("string.s3_address")
    for name, value in http.headers.items():
        read = unquote(value) if name in _ENCODED else value
        if name.startswith("x-amz-") and (character := xml_text.bad_character(read)):
            raise _refused("string.s3_header", header=name, character=character)


def _check_group(operation: str, params: Mapping[str, Any]) -> None:
    if operation == "CreateSecurityGroup":
        for member, parameter, id in (
            ("GroupName", "GroupName", "group.name"),
            ("Description", "GroupDescription", "group.description"),
        ):
            value = params.get(member)
            if isinstance(value, str) and not value.isascii():
                raise _refused("group.beyond_ascii", value=xml_text.held(value[:_SHOWN]), parameter=parameter)
            if isinstance(value, str) and not _GROUP_SET.fullmatch(value):
                raise _refused(id, characters=_GROUP_SHOWN)
    elif operation.startswith(_GROUP_RULES):
        for description in _descriptions(params):
            if not _GROUP_SET.fullmatch(description):
                raise _refused("group.rule", characters=_GROUP_SHOWN)


def _descriptions(value: Any) -> Iterator[str]:
    """Every member called Description, however deep."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == "Description" and isinstance(item, str):
                yield item
            else:
                yield from _descriptions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _descriptions(item)


def _refused(id: str, /, **values: object) -> AwsError:
    text = texts("characters")[id]
    return AwsError(text.code, text.say(**values), text.status)
