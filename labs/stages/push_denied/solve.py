"""Stage 02 as the solution does it: repository, role, one platform pushed, both refused."""

from labs.lesson.bench import BOTH, ONE, Bench
from labs.lesson.shell import docker, must, patiently
from labs.lesson.stage import stage
from labs.subjects.push import lab_repository, policy_age, push_client, push_role


def solve(bench: Bench) -> None:
    """Make the repository and the role, push one platform, and be refused with both."""
    push_role.strip(bench)
    set_up(bench, stage("push-denied").policy("push-policy", **bench.names()))
    # Then the time line can tell which statement allowed each call.
    policy_age.until_next_second()
    must(patiently(bench, lambda: push_client.log_in_again(bench)), "The login")
    if lab_repository.pushed(bench.client("ecr"), bench.repository_name, ONE) is None:
        # Once only: pushed again, its layers are in use and the six actions are not enough for this either.
        must(push_client.push_one(bench), "The push of one platform")
    # This one is meant to fail; the check reads why.
    push_client.push_both(bench)


def set_up(bench: Bench, policy: str) -> None:
    """The repository, and the role with this policy."""
    lab_repository.create(bench)
    bench.policy_file.write_text(policy)
    push_role.put(bench, policy)


def reset(bench: Bench) -> None:
    """Take the repository, the role and the files of the pushes away."""
    lab_repository.delete(bench)
    if push_role.delete(bench):
        # What was done until now must not count for the next attempt.
        policy_age.until_next_second()
    docker_logout(bench)
    for path in (bench.policy_file, bench.push_log, bench.work / "push-one.log"):
        path.unlink(missing_ok=True)
    docker(bench, "rmi", f"{bench.repository}:{ONE}", f"{bench.repository}:{BOTH}")


def docker_logout(bench: Bench) -> None:
    """Forget the push role's password."""
    docker(bench, "logout", bench.target.registry)
