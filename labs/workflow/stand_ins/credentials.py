"""aws-actions/configure-aws-credentials. Source: v6.2.3, ``src/index.ts``, ``assumeRole.ts``, ``helpers.ts``.

Differs: of the real one's twelve tries (about 100 s) three are made; profiles and proxies are refused by name.
"""

import json
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from labs.workflow.stand_ins.step import Step, StepFailed, words_of

_HOUR_S, _SESSION = 3600, "GitHubActions"
_TRIES, _MADE, _BASE_MS = 12, 3, 50
_NOT_SERVED = ("aws-profile", "http-proxy", "special-characters-workaround", "sts-endpoint", "custom-tags")
_LOADED = "Credentials could not be loaded, please check your action inputs: "
Found = TypeVar("Found")
Keys = Mapping[str, Any]


def run(step: Step) -> None:
    """Configure the job's AWS credentials."""
    step.refuse(*_NOT_SERVED)
    # The real one takes what is missing from variables of the same name.
    region = step.get("aws-region") or step.env.get("AWS_REGION", "") or step.get("aws-region", required=True)
    role = step.get("role-to-assume")
    key, secret = step.get("aws-access-key-id"), step.get("aws-secret-access-key")
    session_name = step.get("role-session-name") or _SESSION
    exports = step.on("output-env-credentials", default=True)
    if step.on("unset-current-credentials") and exports:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            step.export(name, "")
    if not re.fullmatch(r"[a-z0-9-]+", region):
        raise StepFailed(f"Region is not valid: {region}")
    if not 2 <= len(session_name) <= 64:
        raise StepFailed(
            f"Role session name must be between 2 and 64 characters, got {len(session_name)}: '{session_name}'"
        )
    if not re.fullmatch(r"[\w+=,.@-]*", session_name, re.ASCII):
        raise StepFailed(
            f"Role session name is not valid: '{session_name}'. Must satisfy regular expression pattern: [\\w+=,.@-]*"
        )
    if exports:
        step.export("AWS_DEFAULT_REGION", region)
        step.export("AWS_REGION", region)
    token, account = "", ""
    if _uses_oidc(step, role, key):
        try:
            token = _again(step, lambda: _id_token(step, step.get("audience")), "getIDToken")
        except _Failed as error:
            raise StepFailed(f"getIDToken call failed: {error}") from error
    elif key:
        if not secret:
            raise StepFailed("'aws-secret-access-key' must be provided if 'aws-access-key-id' is provided")
        keys = {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": step.get("aws-session-token")}
        _export(step, keys, exports)
        account = _identity(step, region, keys)
    elif not step.get("web-identity-token-file"):
        account = _identity(step, region, None)
    if not role:
        _check_account(step, account)
        step.say("Proceeding with IAM user credentials")
        return
    answer = _again(step, lambda: _assumed(step, region, role, session_name, token, account), "AssumeRole")
    step.say(f"Authenticated as assumedRoleId {answer['AssumedRoleUser']['AssumedRoleId']}")
    _export(step, answer["Credentials"], exports)
    _check_account(step, _identity(step, region, answer["Credentials"]))


def _uses_oidc(step: Step, role: str, key: str) -> bool:
    if step.on("force-skip-oidc") or not role or step.get("web-identity-token-file") or key or step.on("role-chaining"):
        return False
    if not step.env.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        step.say(
            "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` "
            "permission? If you are not trying to authenticate with OIDC and the action is working successfully, you "
            "can ignore this message."
        )
        return False
    return True


class _Failed(StepFailed):
    """A try that may be repeated."""


def _again(step: Step, act: Callable[[], Found], label: str) -> Found:
    tries = max(1, step.number("retry-max-attempts") or _TRIES)
    for attempt in range(1, tries + 1):
        try:
            return act()
        except _Failed as error:
            if step.on("disable-retry"):
                raise
            delay = random.random() * 2 ** (attempt - 1) * _BASE_MS
            step.say(f"Retry {label}: attempt {attempt} of {tries} failed: {error}. Retrying after {int(delay)}ms.")
            if attempt == tries:
                step.say(f"Retry {label}: reached max retries ({tries}); giving up.")
                raise
            if attempt == _MADE:
                step.say(
                    f"The kit's stand-in gives up here; the real action makes {tries} tries, longer and longer apart."
                )
                raise
            time.sleep(delay / 1000)
    raise AssertionError("unreachable")


def _id_token(step: Step, audience: str) -> str:
    """As ``core.getIDToken``."""
    url = step.env.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    if not url:
        raise _Failed("Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable")
    if audience:
        url += f"&audience={quote(audience, safe='')}"
    shown = {"Authorization": f"Bearer {step.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=shown), timeout=30) as answer:
            token = str(json.loads(answer.read()).get("value") or "")
    except urllib.error.HTTPError as error:
        raise _Failed(
            f"Error message: Failed to get ID Token. \n \n        Error Code : {error.code}\n \n"
            f"        Error Message: {error.reason}"
        ) from error
    except (OSError, ValueError) as error:
        raise _Failed(f"Error message: {error}") from error
    if not token:
        raise _Failed("Error message: Response json body do not have ID Token field")
    step.mask(token)
    return token


def _assumed(step: Step, region: str, role: str, session_name: str, token: str, account: str) -> Keys:
    arn = role
    if not role.startswith("arn:aws"):
        if not account:
            raise StepFailed("Source Account ID is needed if the Role Name is provided and not the Role Arn.")
        arn = f"arn:aws:iam::{account}:role/{role}"
    wanted: dict[str, Any] = {
        "RoleArn": arn,
        "RoleSessionName": session_name,
        "DurationSeconds": step.number("role-duration-seconds") or _HOUR_S,
    }
    if policy := step.get("inline-session-policy"):
        wanted["Policy"] = policy
    if managed := step.items("managed-session-policies", commas=False):
        wanted["PolicyArns"] = [{"arn": each} for each in managed]
    how = "with OIDC" if token else "with web identity token file"
    file = step.get("web-identity-token-file")
    try:
        sts = step.client("sts", region)
        if token or file:
            step.say(f"Assuming role {how}")
            wanted["WebIdentityToken"] = token or _from_file(step, file)
            found: Keys = sts.assume_role_with_web_identity(**wanted)
            return found
        how = "with user credentials"
        step.say(f"Assuming role {how}")
        if external := step.get("role-external-id"):
            wanted["ExternalId"] = external
        if not step.on("role-skip-session-tagging"):
            wanted["Tags"] = _tags(step)
            if transitive := step.items("transitive-tag-keys", commas=False):
                wanted["TransitiveTagKeys"] = transitive
        answer: Keys = sts.assume_role(**wanted)
        return answer
    except (ClientError, BotoCoreError) as error:
        raise _Failed(f"Could not assume role {how}: {words_of(error)}") from error


def _from_file(step: Step, file: str) -> str:
    from pathlib import Path

    path = Path(step.env.get("GITHUB_WORKSPACE", ""), file)
    try:
        return path.read_text()
    except OSError as error:
        raise StepFailed(f"Web identity token file does not exist: {path}") from error


_TAGS = {
    "Repository": "GITHUB_REPOSITORY",
    "Workflow": "GITHUB_WORKFLOW",
    "Action": "GITHUB_ACTION",
    "Actor": "GITHUB_ACTOR",
    "Commit": "GITHUB_SHA",
    "Branch": "GITHUB_REF",
}


def _tags(step: Step) -> list[dict[str, str]]:
    found = [{"Key": "GitHub", "Value": "Actions"}]
    for key, name in _TAGS.items():
        if value := step.env.get(name):
            found.append({"Key": key, "Value": re.sub(r"[^\w\s.:/=+\-@]", "_", value)[:256]})
    return found


def _export(step: Step, keys: Keys, exports: bool) -> None:
    named = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey"}
    named["AWS_SESSION_TOKEN"] = "SessionToken"
    for name in named.values():
        if keys.get(name):
            step.mask(str(keys[name]))
    if exports:
        for variable, name in named.items():
            if keys.get(name) or step.env.get(variable):
                step.export(variable, str(keys.get(name) or ""))
    if step.on("output-credentials"):
        for variable, name in named.items():
            if keys.get(name):
                step.output(variable.lower().replace("_", "-"), str(keys[name]))
        if keys.get("Expiration"):
            step.output("aws-expiration", str(keys["Expiration"]))


def _identity(step: Step, region: str, keys: Keys | None) -> str:
    """The account of the credentials that the job now has, by sts:GetCallerIdentity."""

    def asked() -> Mapping[str, str]:
        try:
            found: Mapping[str, str] = step.client("sts", region, keys).get_caller_identity()
            return found
        except (ClientError, BotoCoreError) as error:
            raise _Failed(f"{_LOADED}{words_of(error)}") from error

    answer = _again(step, asked, "validateCredentials")
    if step.on("mask-aws-account-id"):
        step.mask(answer["Account"])
        step.mask(answer["Arn"])
    step.output("aws-account-id", answer["Account"])
    return answer["Account"]


def _check_account(step: Step, account: str) -> None:
    expected = [each.strip() for each in step.get("allowed-account-ids").split(",") if each.strip()]
    if expected and account not in expected:
        raise StepFailed(
            f"The account ID of the provided credentials ({account or 'unknown'}) does not match any of the expected "
            f"account IDs: {', '.join(expected)}"
        )
