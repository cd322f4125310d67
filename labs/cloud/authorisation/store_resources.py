"""Resource types of ECR, Logs, SSM, Secrets Manager and KMS, and the members that name them."""

import base64
import binascii
from collections.abc import Sequence

from labs.cloud.authorisation.question import Lookups, Resolver, arn, values_of
from labs.cloud.wire.request import ApiCall


def _repositories(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    registry = next(iter(values_of(call, "registryId")), call.account)
    named = [
        f"arn:aws:ecr:{call.region}:{registry}:repository/{name}"
        for name in values_of(call, "repositoryName", "repositoryNames")
    ]
    return named + values_of(call, "resourceArn")


def _log_groups(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    """AWS writes a group as ``log-group:NAME:log-stream:`` in its denials; tags are set on the bare ARN."""
    found = [value for value in values_of(call, "resourceArn") if ":log-group:" in value]
    names = values_of(call, "logGroupName", "logGroupNames", "logGroupIdentifier", "logGroupIdentifiers", "logGroupArn")
    for name in names:
        bare = name.removesuffix(":*") if name.startswith("arn:") else arn(call, "logs", f"log-group:{name}")
        found.append(f"{bare}:log-stream:")
    return found


def _log_streams(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    group = next(iter(values_of(call, "logGroupName", "logGroupIdentifier")), "")
    bare = group.removesuffix(":*") if group.startswith("arn:") else arn(call, "logs", f"log-group:{group}")
    stream = next(iter(values_of(call, "logStreamName")), "*")
    return [f"{bare}:log-stream:{stream}"] if group else []


def _parameters(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    names = values_of(call, "Name", "Names", "Path")
    if call.params.get("ResourceType") == "Parameter":
        names += values_of(call, "ResourceId")
    found = []
    for name in names:
        if name.startswith("arn:"):
            found.append(name)
            continue
        # A version or label selector (name:3) is not part of the resource.
        plain = name.split(":", 1)[0].lstrip("/")
        found.append(arn(call, "ssm", f"parameter/{plain}"))
    return found


def _documents(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    return [arn(call, "ssm", f"document/{name}") for name in values_of(call, "Name", "DocumentName")]


def _secrets(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    found = []
    for secret in values_of(call, "SecretId"):
        known = lookups.secret_arn(call.account, call.region, secret)
        found.append(
            known or (secret if secret.startswith("arn:") else arn(call, "secretsmanager", f"secret:{secret}"))
        )
    if call.operation == "CreateSecret":
        found += [arn(call, "secretsmanager", f"secret:{name}") for name in values_of(call, "Name")]
    return found


def _keys(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    named = values_of(call, "KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId")
    named = named or _key_of_ciphertext(call)
    found = []
    for key in named:
        known = lookups.key_arn(call.account, call.region, key)
        found.append(known or (key if key.startswith("arn:") else arn(call, "kms", f"key/{key}")))
    return found


def _key_of_ciphertext(call: ApiCall) -> list[str]:
    """moto's ciphertexts begin with the id of their key."""
    try:
        blob = base64.b64decode(str(call.params.get("CiphertextBlob", "")), validate=True)
        return [blob[:36].decode("ascii")] if len(blob) > 36 else []
    except (binascii.Error, ValueError):
        return []


def _aliases(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    return [
        name if name.startswith("arn:") else arn(call, "kms", name)
        for name in values_of(call, "AliasName")
        if "alias/" in name
    ]


ECR: dict[str, Resolver] = {"repository": _repositories}
LOGS: dict[str, Resolver] = {"log-group": _log_groups, "log-stream": _log_streams}
SSM: dict[str, Resolver] = {"parameter": _parameters, "document": _documents}
SECRETS: dict[str, Resolver] = {"Secret": _secrets}
KMS: dict[str, Resolver] = {"key": _keys, "alias": _aliases}
