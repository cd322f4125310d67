"""The push as a client does it: the login as the push role, one platform, both platforms."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import denied, explain
from labs.lesson.bench import BOTH, ONE, PLATFORMS, Bench
from labs.lesson.shell import Done, build, docker


def login(bench: Bench, session: Any = None) -> Done:
    """``docker login`` as the push role, or as ``session``. Raises boto3's ClientError when AWS refuses."""
    session = bench.target.assume(bench.push_role) if session is None else session
    password = bench.target.registry_password(session)
    words = ("login", "--username", "AWS", "--password-stdin", bench.target.registry)
    return docker(bench, *words, stdin=password)


def log_in_again(bench: Bench) -> Done:
    """The same as the push role; AWS's refusal is a failed outcome, for it may be about a role that is still new."""
    try:
        return login(bench)
    except ClientError as error:
        if not denied(error):
            raise
        return Done(1, explain(error, f"assuming the role {bench.push_role}").what)


def push_one(bench: Bench) -> Done:
    """Build linux/amd64 alone, load it and ``docker push`` it."""
    name = f"{bench.repository}:{ONE}"
    loaded = build(bench, "--provenance=false", "-t", name, "--load", platforms=("linux/amd64",))
    if loaded.code:
        return loaded
    return docker(bench, "push", name, log=bench.work / "push-one.log")


def push_both(bench: Bench, *platforms: str, repository: str = "", log: Path | None = None) -> Done:
    """Build for these platforms (default both) and push with buildx; ``log`` (default push.log) keeps the words."""
    name = f"{repository or bench.repository}:{BOTH}"
    return build(bench, "-t", name, "--push", platforms=platforms or PLATFORMS, log=log or bench.push_log)
