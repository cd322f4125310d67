"""The names and files of stage 06, and the ARNs that its policies are about."""

from labs.lesson.bench import Bench
from labs.subjects.tasks import service_names, task_runs
from labs.workflow import identity
from labs.workflow.identity import LAB_REPOSITORY, Event, subject

FILE = "push.yml"
WORKFLOW = f".github/workflows/{FILE}"
# The notebook's copy of it that a pull request starts.
PULL_WORKFLOW = ".github/workflows/pull.yml"
PIPELINE_TRUST, DEPLOY_TRUST, DEPLOY_POLICY = "pipeline-trust.json", "deploy-trust.json", "deploy-policy.json"
DEFINITION = "task-definition.json"
POLICY_NAME = "pipeline"
# The provider's URL as condition keys begin with it.
ISSUER = identity.ISSUER.removeprefix("https://")
AUDIENCE = identity.AUDIENCE
MAIN = Event("push", "refs/heads/main")
ENVIRONMENT = "production"
VERSION = "3.0.0"


def pipeline_role(bench: Bench) -> str:
    """The role by which a workflow pushes."""
    return bench.target.names.role("pipeline")


def deploy_role(bench: Bench) -> str:
    """The role by which a workflow deploys."""
    return bench.target.names.role("deploy")


def pipeline_role_arn(bench: Bench) -> str:
    """The push role's ARN."""
    return bench.target.role_arn(pipeline_role(bench))


def deploy_role_arn(bench: Bench) -> str:
    """The deploy role's ARN."""
    return bench.target.role_arn(deploy_role(bench))


def provider_arn(bench: Bench) -> str:
    """GitHub's identity provider in this account."""
    return f"arn:{bench.partition}:iam::{bench.target.account}:oidc-provider/{ISSUER}"


def pipeline_subject(_: Bench) -> str:
    """The ``sub`` of a job that runs for a push to main."""
    return subject(LAB_REPOSITORY, MAIN)


def deploy_subject(_: Bench) -> str:
    """The ``sub`` of a job in the environment ``production``."""
    return subject(LAB_REPOSITORY, MAIN, ENVIRONMENT)


def definition_arn(bench: Bench) -> str:
    """The family of the service's task definition, without a revision."""
    return bench.arn("ecs", f"task-definition/{service_names.service(bench)}")


def service_arn(bench: Bench) -> str:
    """The service's ARN."""
    return bench.arn("ecs", f"service/{task_runs.cluster(bench)}/{service_names.service(bench)}")


# What policy files call ``$NAME``, and the workflow ``vars.NAME``.
VARIABLES = {
    "PIPELINE_ROLE_ARN": pipeline_role_arn,
    "DEPLOY_ROLE_ARN": deploy_role_arn,
    "GITHUB_PROVIDER_ARN": provider_arn,
    "PIPELINE_SUBJECT": pipeline_subject,
    "DEPLOY_SUBJECT": deploy_subject,
    "DEFINITION_ARN": definition_arn,
    "SERVICE_ARN": service_arn,
    "CLUSTER": task_runs.cluster,
    "SERVICE": service_names.service,
}
