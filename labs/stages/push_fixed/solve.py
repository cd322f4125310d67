"""Stage 03 as the solution does it: the seventh action, and the push."""

from pathlib import Path

from labs.lesson.bench import BOTH, ONE, Bench
from labs.lesson.shell import must, patiently
from labs.lesson.stage import stage
from labs.subjects.push import lab_repository, push_client, push_role

STAGE, BEFORE = "push-fixed", "push-denied"


def solve(bench: Bench) -> None:
    """Fix the policy and push both platforms."""
    push_role.strip(bench)
    lab_repository.delete_policy(bench)
    put(bench, stage(STAGE).policy("push-policy", **bench.names()))
    must(push_client.login(bench), "The login")
    lab_repository.untag(bench, BOTH)  # an administrator may have pushed it: then the role would put nothing
    must(patiently(bench, lambda: push_client.push_both(bench, log=log_of(bench))), "The push of both platforms")


def log_of(bench: Bench) -> Path:
    """The words of this stage's push; push.log keeps those of the refused one."""
    return bench.work / "push-fixed.log"


def put(bench: Bench, policy: str) -> None:
    """The policy into the file and onto the role."""
    bench.policy_file.write_text(policy)
    push_role.put(bench, policy)


def reset(bench: Bench) -> None:
    """Back to the role with the six actions, logged in as it, and the tag away; nothing where 02 was not begun."""
    if not bench.progress.of(BEFORE).begun:
        return
    push_role.delete(bench)
    lab_repository.delete_policy(bench)
    put(bench, stage(STAGE).policy("push-policy-before", **bench.names()))
    push_client.login(bench)
    lab_repository.keep_only(bench, ONE)
    log_of(bench).unlink(missing_ok=True)
