"""What a job's token may do, and long-lived keys beside it.

Sources: GitHub docs, "Workflow syntax" (permissions), "OpenID Connect reference", "Secure use reference", "Enabling
debug logging"; the README of aws-actions/configure-aws-credentials ("OIDC", "Long-term credentials").
"""

import difflib
import re
from collections.abc import Iterator, Mapping

from labs.workflow import expressions
from labs.workflow.document import ID_TOKEN, WRITE_ALL, Job, Place, Step
from labs.workflow.findings import Finding, Weight
from labs.workflow.rules.reading import CREDENTIALS, LOGIN, Reading

_SYNTAX = "GitHub docs, Workflow syntax: permissions"
_OIDC = "GitHub docs, OpenID Connect reference; README of aws-actions/configure-aws-credentials"
_SECURE = "GitHub docs, Secure use reference"
SCOPES = (
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    ID_TOKEN,
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "repository-projects",
    "security-events",
    "statuses",
)
_KEY_INPUTS = ("aws-access-key-id", "aws-secret-access-key")
_KEY_NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
# IAM User Guide, "Unique identifiers": AKIA begins a long-lived access key's id.
_KEY = re.compile(r"\bAKIA[A-Z2-7]{16}\b")
_DEBUG = ("ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG")
_PRINTS = re.compile(r"(?:^|[;&|\s])(?:echo|printf|cat\s*<<|printenv|env)\b")


def found(reading: Reading) -> Iterator[Finding]:
    """Every finding of this subject."""
    yield from _scopes(reading)
    yield from _no_token(reading)
    yield from _keys(reading)
    yield from _secrets_in_scripts(reading)
    yield from _debug(reading)


def _blocks(reading: Reading) -> Iterator[tuple[Place, Mapping[str, str] | str]]:
    workflow = reading.workflow
    if workflow.permissions is not None:
        yield ("permissions",), workflow.permissions
    for job in workflow.jobs:
        if job.permissions is not None:
            yield ("jobs", job.id, "permissions"), job.permissions


def _scopes(reading: Reading) -> Iterator[Finding]:
    for place, block in _blocks(reading):
        if block == WRITE_ALL:
            yield Finding(
                "write-all",
                reading.workflow.line(*place),
                "permissions: write-all lets every step of it change everything in the repository.",
                "list the scopes that are needed alone: contents: read, and id-token: write where a role is assumed",
                evidence=_SECURE,
            )
        for scope in block if isinstance(block, Mapping) else ():
            if scope not in SCOPES:
                yield _unknown_scope(reading, place, scope)


def _unknown_scope(reading: Reading, place: Place, scope: str) -> Finding:
    near = difflib.get_close_matches(scope, SCOPES, 1)
    step = f"write {near[0]}" if near else "take it out, or write a scope that GitHub has"
    what = f"GitHub knows no permission {scope}, and refuses a workflow that names one."
    return Finding("permission-unknown", reading.workflow.line(*place, scope), what, step, evidence=_SYNTAX)


def assumes_by_token(reading: Reading, job: Job, step: Step) -> bool:
    """Whether a step asks GitHub for a token and takes it to AWS."""
    if step.action != CREDENTIALS or not reading.input(job, step, "role-to-assume"):
        return False
    others = ("web-identity-token-file", "role-chaining", "force-skip-oidc", *_KEY_INPUTS)
    return not any(reading.input(job, step, name) not in ("", "false") for name in others)


def _no_token(reading: Reading) -> Iterator[Finding]:
    for job in reading.workflow.jobs:
        asking = next((step for step in job.steps if _asks(reading, job, step)), None)
        if asking is None or reading.workflow.gives_token(job):
            continue
        written = job.permissions if job.permissions is not None else reading.workflow.permissions
        near = difflib.get_close_matches(ID_TOKEN, written if isinstance(written, Mapping) else (), 1)
        if near and near[0] != ID_TOKEN:
            continue  # told as an unknown permission
        access = reading.workflow.access(job, ID_TOKEN)
        why = f" (id-token: {access} gives none)" if access == "read" else ""
        yield Finding(
            "no-id-token",
            reading.line(job, asking),
            f"Job {job.id} asks for GitHub's OIDC token and may not have one{why}: permissions has no id-token: write.",
            f"add id-token: write to the permissions of job {job.id}",
            evidence=_OIDC,
        )


def _asks(reading: Reading, job: Job, step: Step) -> bool:
    return assumes_by_token(reading, job, step) or "ACTIONS_ID_TOKEN_REQUEST" in step.run


def _keys(reading: Reading) -> Iterator[Finding]:
    workflow = reading.workflow
    for number, line in enumerate(workflow.text.splitlines(), 1):
        if _KEY.search(line):
            yield Finding(
                "key-in-file",
                number,
                "An access key's id stands in the file, which everybody who reads the repository sees.",
                "delete that key in IAM now, and let the job assume a role by OIDC",
                evidence="IAM User Guide, Unique identifiers",
            )
    for place, what in _key_places(reading):
        yield Finding(
            "long-lived-keys",
            workflow.line(*place),
            f"{what} is a long-lived key: it works for whoever has it, until somebody deletes it.",
            "let the job assume a role by OIDC: role-to-assume with id-token: write, and delete the key",
            evidence=_OIDC,
        )


def _key_places(reading: Reading) -> Iterator[tuple[Place, str]]:
    workflow = reading.workflow
    for job, step in reading.steps(CREDENTIALS, LOGIN):
        place: Place = ("jobs", job.id, "steps", step.index, "with")
        for name, value in step.inputs.items():
            given = name.lower() in _KEY_INPUTS or (step.action == LOGIN and _is_key(value))
            if given and value and not _of_a_step(value):
                yield (*place, name), name
                break
    envs: list[tuple[Place, Mapping[str, str]]] = [(("env",), workflow.env)]
    for job in workflow.jobs:
        envs.append((("jobs", job.id, "env"), job.env))
        envs += [(("jobs", job.id, "steps", step.index, "env"), step.env) for step in job.steps]
    for place, env in envs:
        held = next((each for each in env if each.upper() in _KEY_NAMES and not _of_a_step(env[each])), None)
        if held is not None:
            yield (*place, held), f"{held} in env"


def _is_key(value: str) -> bool:
    """Whether a value is a secret that is called as a key is."""
    found = (context for each in expressions.expressions(value) for context in expressions.contexts(each.node))
    return any(context.path[0] == "secrets" and context.path[-1].upper() in _KEY_NAMES for context in found)


def _of_a_step(value: str) -> bool:
    """Whether a value comes from an earlier step or job: credentials that end."""
    found = [context for each in expressions.expressions(value) for context in expressions.contexts(each.node)]
    return bool(found) and all(context.path[0] in ("steps", "needs") for context in found)


def _secrets_in_scripts(reading: Reading) -> Iterator[Finding]:
    for job, step in reading.steps():
        place: Place = ("jobs", job.id, "steps", step.index, "run")
        told = False
        for each in expressions.expressions(step.run):
            if any(context.path[0] == "secrets" for context in expressions.contexts(each.node)):
                told = True
                yield Finding(
                    "secret-in-script",
                    reading.line_of(place, each.source),
                    f"{each.shown} is written into the script itself: its characters become part of the command.",
                    "give it to the step by env:, and read the variable in the script",
                    evidence=_SECURE,
                )
                break
        secret = [name for name, value in step.env.items() if "secrets." in value.lower()]
        line = None if told else _printed(step.run, secret)
        if line is not None:
            yield Finding(
                "secret-echoed",
                reading.line_of(place, line),
                "The script prints a secret. GitHub masks the exact text alone: encoded or cut, it is in the log.",
                "take that line out",
                evidence=_SECURE,
            )


def _printed(script: str, names: list[str]) -> str | None:
    """The first line that prints one of some variables to the log: not into a pipe, a file or a variable."""
    for line in script.splitlines():
        if _PRINTS.search(line) and not re.search(r"[|>]|\$\(", line):
            for name in names:
                if re.search(rf"\$\{{?{re.escape(name)}\b", line):
                    return line
    return None


def _debug(reading: Reading) -> Iterator[Finding]:
    workflow = reading.workflow
    for name in (each for each in reading.known.vars if each.upper() in _DEBUG):
        if reading.known.vars[name].lower() == "true":
            yield Finding(
                "debug-logging",
                1,
                f"The variable {name} is true: every run writes what its steps do inside into the log.",
                "take the variable out again; re-run a single run with debug logging where you need it",
                weight=Weight.ADVICE,
                evidence="GitHub docs, Enabling debug logging",
            )
    places: list[Place] = [("env",), *(("jobs", job.id, "env") for job in workflow.jobs)]
    places += [("jobs", job.id, "steps", step.index, "env") for job, step in reading.steps()]
    for place in places:
        for name in _DEBUG:
            if (*place, name) in workflow.lines:
                yield Finding(
                    "debug-logging",
                    workflow.line(*place, name),
                    f"{name} in env switches nothing on: GitHub reads it from the secrets and variables alone.",
                    "take it out; re-run a single run with debug logging where you need it",
                    weight=Weight.ADVICE,
                    evidence="GitHub docs, Enabling debug logging",
                )
