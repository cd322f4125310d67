"""What the notebook of stage 06 adds to ``lab``.

What runs, reviews and explains a workflow is imported by the verb that needs it: every command and every notebook asks
the stages for their names, and would wait for it.
"""

from collections.abc import Mapping

from labs.lesson.bench import Bench
from labs.stages.pipeline import resources
from labs.subjects.tasks import task_runs
from labs.ui.live import watched


def review_workflow(bench: Bench, file: str = resources.FILE) -> None:
    """What can be said about a workflow before it runs: by two linters, and by the kit's own rules.

    Example: ``lab.review_workflow()``
    """
    from labs.stages.pipeline import show

    print(show.review(bench, file))


def pipeline_role(bench: Bench) -> None:
    """Make the role that pushes, from ``pipeline-trust.json`` and stage 03's ``push-policy.json``.

    Example: ``lab.pipeline_role()``
    """
    from labs.stages.pipeline import show

    print(show.role(bench, resources.pipeline_role(bench), resources.PIPELINE_TRUST, bench.policy_file.name))


def deploy_role(bench: Bench) -> None:
    """Make the role that deploys, from ``deploy-trust.json`` and ``deploy-policy.json``.

    Example: ``lab.deploy_role()``
    """
    from labs.stages.pipeline import show

    print(show.role(bench, resources.deploy_role(bench), resources.DEPLOY_TRUST, resources.DEPLOY_POLICY))


def run_workflow(
    bench: Bench,
    event: str = "push",
    ref: str = "",
    job: str = "",
    file: str = resources.FILE,
    values: Mapping[str, str] | None = None,
) -> None:
    """Run a workflow of ``$WORK/.github/workflows`` as GitHub would for an event; a line for each step as it ends.

    ``job`` runs that job and what it needs; ``values`` stand in place of the lab's ``vars``.

    Example: ``lab.run_workflow(event="pull_request", ref="change", job="push")``
    """
    from labs.stages.pipeline import runs

    with watched(f"Running {file} for {event}") as work:
        runs.run(bench, event=event, ref=ref, job=job, file=file, values=values, say=work.line)


def run_elsewhere(bench: Bench) -> None:
    """Run the job ``push-anywhere`` once more, with the values of another registry, and look what is there then.

    Example: ``lab.run_elsewhere()``
    """
    from labs.stages.pipeline import elsewhere

    with watched("Pushing to another registry") as work:
        elsewhere.run(bench, say=work.line)


def token_claims(bench: Bench) -> None:
    """What the tokens of the newest run said: for whom they were made, and who each job is.

    Example: ``lab.token_claims()``
    """
    from labs.stages.pipeline import show

    print(show.claims(bench))


def diagnose_run(bench: Bench) -> None:
    """Why the newest run failed: the step, the cause, the evidence and one next step.

    Example: ``lab.diagnose_run()``
    """
    from labs.stages.pipeline import show

    print(show.diagnosis(bench))


VERBS = (review_workflow, pipeline_role, deploy_role, run_workflow, run_elsewhere, token_claims, diagnose_run)
NAMES = {
    **task_runs.NAMES,
    "provider_arn": resources.provider_arn,
    "pipeline_role_arn": resources.pipeline_role_arn,
    "deploy_role_arn": resources.deploy_role_arn,
}
VARIABLES = resources.VARIABLES
