"""A run of the trainee's workflow: with the bench's target, engine and files, and the values that it reads."""

from collections.abc import Callable, Mapping
from pathlib import Path

from labs.engine.base import ensure_base
from labs.engine.embedded.registry_alias import ecr_host
from labs.lesson import additions
from labs.lesson.bench import Bench
from labs.session import TargetName
from labs.workflow import runner
from labs.workflow.identity import Event
from labs.workflow.record import RunRecord

Say = Callable[[str], object]


def values(bench: Bench) -> dict[str, str]:
    """What a run gets as ``vars``: the names of policy files, the registry as AWS names it, and what stages bring."""
    target = bench.target
    return {
        **bench.names(),
        "AWS_REGION": target.region,
        "REGISTRY": ecr_host(target.account, target.region),
        # ECR asks for none: the action gets a password by the job's role.
        "REGISTRY_USER": "",
        "REPOSITORY": bench.repository_name,
        "PYTHON_IMAGE": bench.python_image,
        **{name: read(bench) for name, read in additions.workflow_values().items()},
    }


def run(
    bench: Bench,
    event: Event,
    *,
    file: str = "push.yml",
    environment: str = "",
    job: str = "",
    given: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    limit_s: float = runner.LIMIT_S,
    work: Path | None = None,
    say: Say = print,
) -> RunRecord:
    """Run a workflow of ``$WORK`` (or of ``work``); ``given`` are values of ``vars`` that win over the bench's."""
    if bench.target.name is not TargetName.AWS:
        ensure_base(bench.target, bench.engine, say)
    request = runner.Request(
        work=work or bench.work,
        file=file,
        event=event,
        environment=environment,
        job=job,
        values=values(bench),
        given=given or {},
        secrets={"REGISTRY_PASSWORD": "", **(secrets or {})},
        limit_s=limit_s,
        env=bench.env,
    )
    return runner.run(bench.target, bench.engine, request, say)
