"""Stage 03 as the solution does it: the seventh action, and the push."""

from labs.stages import push
from labs.stages.bench import BOTH, Bench
from labs.stages.commands import must
from labs.stages.stage import stage

STAGE, BEFORE = "push-fixed", "push-denied"


def solve(bench: Bench) -> None:
    """Mend the policy and push both platforms."""
    put(bench, stage(STAGE).policy("push-policy", **bench.names()))
    must(push.login(bench), "The login")
    must(push.push_both(bench), "The push of both platforms")


def put(bench: Bench, policy: str) -> None:
    """The policy into the file and onto the role."""
    bench.policy_file.write_text(policy)
    push.put_role(bench, policy)


def reset(bench: Bench) -> None:
    """Back to the six actions, and the tag away; where there is no push role, there is nothing to take back."""
    if push.live_policies(bench.client("iam"), bench.push_role) is None:
        return
    put(bench, stage(BEFORE).policy("push-policy", **bench.names()))
    push.delete_tag(bench, BOTH)
