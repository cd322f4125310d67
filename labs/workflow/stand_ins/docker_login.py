"""docker/login-action. Source: v4.1.0, ``src/aws.ts``, ``docker.ts``, ``context.ts``.

Differs: ``scope`` and ``registry-auth`` are refused by name; nothing is logged out at the end, when the job's Docker
configuration goes; ECR Public is refused.
"""

import base64
import re

from botocore.exceptions import BotoCoreError, ClientError

from labs.workflow.stand_ins.step import Step, StepFailed, words_of

_ECR = re.compile(r"(([0-9]{12})\.(dkr\.ecr|dkr-ecr)\.(.+)\.(on\.aws|amazonaws\.(com(.cn)?|eu)))(/([^:]+)(:.+)?)?")


def run(step: Step) -> None:
    """Log docker in to a registry; one of ECR's names asks ECR for the password, with the job's credentials."""
    step.refuse("scope", "registry-auth")
    step.on("logout", default=True)
    registry, user, password = step.get("registry") or "docker.io", step.get("username"), step.get("password")
    if password:
        step.mask(password)
    kind = step.get("ecr") or "auto"
    if kind.lower() == "true" or (kind == "auto" and _ECR.fullmatch(registry)):
        _ecr(step, registry, user, password)
        return
    if not user and not password:
        raise StepFailed("Username and password required")
    if not user or not password:
        raise StepFailed(f"{'Password' if user else 'Username'} required")
    _login(step, registry, user, password)


def _ecr(step: Step, registry: str, user: str, password: str) -> None:
    step.say("Retrieving registries data through AWS SDK...")
    found = _ECR.fullmatch(registry)
    region = found[4] if found else ""
    accounts = [found[2]] if found else []
    if accounts and step.env.get("AWS_ACCOUNT_IDS"):
        accounts += step.env["AWS_ACCOUNT_IDS"].split(",")
    step.say(f"AWS ECR detected with {region} region")
    keys = {"AccessKeyId": user, "SecretAccessKey": password} if user and password else None
    wanted = {"registryIds": list(dict.fromkeys(accounts))} if accounts else {}
    try:
        answer = step.client("ecr", region, keys).get_authorization_token(**wanted)["authorizationData"]
    except (ClientError, BotoCoreError) as error:
        raise StepFailed(words_of(error)) from error
    if not answer:
        raise StepFailed("Could not retrieve an authorization token from AWS ECR")
    for each in answer:
        name, _, token = base64.b64decode(each["authorizationToken"]).decode().partition(":")
        step.mask(token)
        _login(step, str(each["proxyEndpoint"]), name, token)


def _login(step: Step, registry: str, user: str, password: str) -> None:
    step.say(f"Logging into {registry}...")
    done = step.docker("login", "--password-stdin", "--username", user, registry, stdin=password, quiet=True)
    if done.code != 0:
        raise StepFailed(done.err.strip())
    step.say("Login Succeeded!")
