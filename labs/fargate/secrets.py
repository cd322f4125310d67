"""The step that fetches secrets: Systems Manager's parameters, then Secrets Manager's secrets.

Fargate asks SSM once for a container's parameters (GetParameters) and Secrets Manager once a secret (GetSecretValue).
Both services decrypt for the caller: the task needs kms:Decrypt on a customer managed key, but no path to KMS of its
own (AWS KMS Developer Guide, "How AWS Systems Manager Parameter Store uses AWS KMS").
"""

from __future__ import annotations

from collections.abc import Iterator

from labs import partitions
from labs.fargate.questions import Asking, AwsCall
from labs.fargate.route import HostRoute
from labs.fargate.sources import CannotRead, SecretFound, Secrets
from labs.fargate.steps import Check, CheckKind, StepVerdict
from labs.fargate.task import Secret

_ACTIONS = {"ssm": "ssm:GetParameters", "secretsmanager": "secretsmanager:GetSecretValue"}
_TEXTS = {"ssm": "ssm", "secretsmanager": "asm"}


def checks(asking: Asking, secrets: Secrets) -> Iterator[Check]:
    """Per service and Region the path; per secret the permission, that it is there, its key and its parts."""
    wanted = {secret.value_from: secret for c in asking.task.containers for secret in c.secrets}
    routes: dict[str, HostRoute] = {}
    for secret in sorted(wanted.values(), key=lambda s: s.service, reverse=True):
        host = partitions.host(secret.service, secret.region)
        if host not in routes:
            check, routes[host] = asking.reaches(host, _text(secret, "unreachable"), _values(secret))
            yield check
        yield from _secret(asking, secrets, secret, routes[host])


def _secret(asking: Asking, secrets: Secrets, secret: Secret, route: HostRoute) -> Iterator[Check]:
    action = _ACTIONS[secret.service]
    call = AwsCall(action, secret.arn, _text(secret, "denied"), asking.task.session, route)
    yield asking.allowed(call, _values(secret))
    about = f"{secret.name} is there"
    try:
        found = secrets.find(secret)
    except CannotRead as error:
        yield Check(CheckKind.EXISTENCE, StepVerdict.CANNOT_CHECK, about, str(error))
        return
    if found is None:
        what = "parameter" if secret.service == "ssm" else "secret"
        fix = f"Create the {what} {secret.name} in {secret.region}, or fix valueFrom of {secret.variable}."
        yield _missing(asking, secret, about, f"there is no such {what} in {secret.region}", fix, "missing")
        return
    yield Check(CheckKind.EXISTENCE, StepVerdict.DONE, about, "it is there")
    if found.key_arn:
        key = AwsCall(
            "kms:Decrypt",
            found.key_arn,
            _text(secret, "kms_denied"),
            asking.task.session,
            context=_via(secret),
            forwarded=True,
        )
        yield asking.allowed(key, _values(secret))
    yield from _parts(asking, secret, found)


def _parts(asking: Asking, secret: Secret, found: SecretFound) -> Iterator[Check]:
    if secret.service != "secretsmanager":
        return
    stage = _values(secret)["stage"]
    if not found.has_value:
        about = f"{secret.name} has a value at {stage}"
        fix = f"Put a value into the secret (PutSecretValue), stage {stage}."
        yield _missing(asking, secret, about, "it has none", fix, "no_value")
    elif secret.json_key and found.json_keys is not None and secret.json_key not in found.json_keys:
        about = f"{secret.name} has the JSON key {secret.json_key}"
        has = ", ".join(sorted(found.json_keys)) or "none"
        fix = f"Add the key to the secret, or fix valueFrom of {secret.variable}."
        yield _missing(asking, secret, about, f"its keys are: {has}", fix, "json_key")


def _missing(asking: Asking, secret: Secret, about: str, found: str, fix: str, text: str) -> Check:
    stop = asking.stop(_text(secret, text), _values(secret))
    return Check(CheckKind.EXISTENCE, StepVerdict.FAILED, about, found, fix, stop=stop)


def _via(secret: Secret) -> dict[str, str]:
    """The condition keys of a decryption that the service makes for the caller."""
    key = "PARAMETER_ARN" if secret.service == "ssm" else "SecretARN"
    return {
        "kms:ViaService": f"{secret.service}.{secret.region}.amazonaws.com",
        f"kms:EncryptionContext:{key}": secret.arn,
    }


def _text(secret: Secret, what: str) -> str:
    return f"{_TEXTS[secret.service]}.{what}"


def _values(secret: Secret) -> dict[str, str]:
    return {"secret": secret.name, "json_key": secret.json_key, "stage": secret.version_stage or "AWSCURRENT"}
