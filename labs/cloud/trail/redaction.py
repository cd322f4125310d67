"""Request parameters and answers for the trail: CloudTrail's spelling, and nothing secret."""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SECRET = {
    "authorizationtoken",
    "ciphertextblob",
    "layerpartblob",
    "newpassword",
    "oldpassword",
    "password",
    "plaintext",
    "secretaccesskey",
    "secretbinary",
    "secretstring",
    "sessiontoken",
    "tokencode",
    "webidentitytoken",
    "samlassertion",
    "message",
}
# Whose keys are the caller's own words.
_MAPS = {"tags", "encryptioncontext", "attributes", "options", "labels"}
_LONGEST = 10_000
_GIVING = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetFederationToken", "GetSessionToken")


def request_parameters(service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Members with a small first letter, as CloudTrail writes them; secret values replaced."""
    if (service, operation) == ("logs", "PutLogEvents"):
        return {_small(name): _plain(name, value) for name, value in params.items() if name != "logEvents"}
    shown = {_small(name): _plain(name, value) for name, value in params.items()}
    if (service, operation) == ("ssm", "PutParameter") and "value" in shown:
        shown["value"] = HIDDEN
    definitions = shown.get("containerDefinitions")
    if isinstance(definitions, list):
        shown["containerDefinitions"] = [_without_environment(item) for item in definitions]
    overrides = shown.get("overrides")
    if isinstance(overrides, dict) and isinstance(overrides.get("containerOverrides"), list):
        overrides["containerOverrides"] = [_without_environment(item) for item in overrides["containerOverrides"]]
    return shown


def response_elements(service: str, operation: str, body: bytes) -> dict[str, Any] | None:
    """The answer of a call whose answer the trail keeps.

    Which tasks RunTask made, without their environment; which credentials STS gave, and to whom, without their secret
    (the shape is field-observed: AssumeRoleWithWebIdentity's ``credentials`` with its ``accessKeyId``).
    """
    if service == "sts" and operation in _GIVING:
        return _given(body)
    if (service, operation) != ("ecs", "RunTask"):
        return None
    answer = json.loads(body)
    tasks = [{name: value for name, value in task.items() if name != "overrides"} for task in answer.get("tasks", ())]
    return {**answer, "tasks": tasks}


def _given(body: bytes) -> dict[str, Any]:
    """The members of STS's answer, whose XML is the local AWS's own."""
    found = ElementTree.fromstring(body).find("{*}*")
    elements = {_small(each.tag.rpartition("}")[2]): each for each in (found if found is not None else ())}
    shown = {
        name: {_small(member.tag.rpartition("}")[2]): member.text or "" for member in each} or each.text or ""
        for name, each in elements.items()
    }
    return {
        name: {member: text for member, text in value.items() if member != "secretAccessKey"}
        | ({"sessionToken": HIDDEN} if name == "credentials" else {})
        if isinstance(value, dict)
        else value
        for name, value in shown.items()
    }


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _plain(name: str, value: Any) -> Any:
    if name.lower() in _SECRET:
        return HIDDEN
    if isinstance(value, Mapping):
        keep = name.lower() in _MAPS
        return {(str(key) if keep else _small(str(key))): _plain(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain("", item) for item in value]
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[:_LONGEST] + "..."
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value


def _without_environment(definition: Any) -> Any:
    """A container's environment may hold a password; its names are enough."""
    if not isinstance(definition, Mapping) or not isinstance(definition.get("environment"), list):
        return definition
    names = [
        {"name": item.get("name"), "value": HIDDEN} for item in definition["environment"] if isinstance(item, Mapping)
    ]
    return {**definition, "environment": names}
