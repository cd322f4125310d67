"""Stage 06 as the solution does it: the workflow, GitHub's identity provider, two roles, one run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.iam import PolicyKind
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.lesson.undo import named, undo
from labs.stages.pipeline import resources, runs
from labs.subjects.push import lab_repository, role_policies
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.service_reading import definition_of, service_of
from labs.subjects.tasks.service_waiting import wait_steady

FOLDER = Path(__file__).parent
# What RegisterTaskDefinition takes of what DescribeTaskDefinition gives (ECS API reference).
_DESCRIBED_ONLY = frozenset({
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
})  # fmt: skip


def prepare(bench: Bench) -> dict[str, str]:
    """The service's definition as a file of the repository; what the trainee has written is left alone."""
    _write_definition(bench)
    return {}


def solve(bench: Bench) -> None:
    """All of it; what is there and right is left, what is not right is fixed."""
    write_files(bench)
    make_provider(bench)
    make_roles(bench)
    for role in (resources.pipeline_role(bench), resources.deploy_role(bench)):
        role_policies.strip(bench.client("iam"), role, resources.POLICY_NAME)
    _up_again(bench)
    runs.must_succeed(bench, runs.run(bench))


def text_of(bench: Bench, policy: str) -> str:
    """The solution's text of a policy file."""
    return stage("pipeline").policy(policy, **bench.names())


def write_files(bench: Bench, workflow: str = "", **changed: str) -> None:
    """The solution's files, or other texts for some: ``pipeline_trust``, ``deploy_trust``, ``deploy_policy``."""
    path = bench.work / resources.WORKFLOW
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(workflow or (FOLDER / "files" / "push.yml").read_text())
    for name in (resources.PIPELINE_TRUST, resources.DEPLOY_TRUST, resources.DEPLOY_POLICY):
        policy = name.removesuffix(".json")
        (bench.work / name).write_text(changed.get(policy.replace("-", "_")) or text_of(bench, policy))
    _write_definition(bench)


def _write_definition(bench: Bench) -> None:
    """The newest revision as its author would keep it in the repository, with the lab's tags."""
    path = bench.work / resources.DEFINITION
    found = definition_of(bench.client("ecs"), service_names.service(bench))
    if path.exists() or found is None:
        return
    kept = {name: value for name, value in found.items() if name not in _DESCRIBED_ONLY}
    tags = [{"key": key, "value": value} for key, value in bench.target.tags.items()]
    path.write_text(json.dumps({**kept, "tags": tags}, indent=2) + "\n")


def make_provider(bench: Bench) -> bool:
    """Tell the account whose tokens it may believe; False when it knows already."""
    iam = bench.client("iam")
    try:
        iam.create_open_id_connect_provider(Url=f"https://{resources.ISSUER}", ClientIDList=[resources.AUDIENCE])
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
    else:
        return True
    provider = resources.provider_arn(bench)
    clients = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)["ClientIDList"]
    if resources.AUDIENCE not in clients:
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID=resources.AUDIENCE)
    return False


def make_roles(bench: Bench) -> tuple[str, ...]:
    """Both roles from their files; the push role with the policy of stage 03. Those that were made.

    LabError when a file is missing or is not a policy; ClientError when AWS refuses a trust policy.
    """
    push = (resources.pipeline_role(bench), resources.PIPELINE_TRUST, bench.policy_file.name)
    deploy = (resources.deploy_role(bench), resources.DEPLOY_TRUST, resources.DEPLOY_POLICY)
    return tuple(role for role, trust, policy in (push, deploy) if make_role(bench, role, trust, policy))


def make_role(bench: Bench, role: str, trust_file: str, policy_file: str) -> bool:
    """One role from its two files; False when it was there."""
    iam = bench.client("iam")
    trust = role_policies.written(bench.work / trust_file, PolicyKind.TRUST)
    policy = role_policies.written(bench.work / policy_file)
    made = True
    try:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
        made = False
    now = role_policies.read_role(iam, role)
    # Neither is put again when it says the same: what was tried under it stays younger than it.
    if now is None or now.trust.body != json.loads(trust):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    if now is None or now.named(resources.POLICY_NAME) != json.loads(policy):
        iam.put_role_policy(RoleName=role, PolicyName=resources.POLICY_NAME, PolicyDocument=policy)
    return made


def reset(bench: Bench) -> None:
    """The service back on the revision of stage 05; the runs' images, the roles, the provider and the files go."""
    _roll_back(bench)
    _up_again(bench)
    lab_repository.remove(bench, *runs.tags(bench))
    undo(bench, lambda entry: named(entry, *_own(bench)))
    for file in (resources.PIPELINE_TRUST, resources.DEPLOY_TRUST, resources.DEPLOY_POLICY, resources.DEFINITION):
        (bench.work / file).unlink(missing_ok=True)
    workflow = bench.work / resources.WORKFLOW
    for path in (workflow, bench.work / resources.PULL_WORKFLOW):
        path.unlink(missing_ok=True)
    for folder in (workflow.parent, workflow.parent.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    runs.forget(bench)


def _up_again(bench: Bench) -> None:
    """The service keeps as many tasks as stage 05 gave it."""
    ecs = bench.client("ecs")
    service = service_of(bench, ecs)
    if service is not None and service["desiredCount"] != service_names.TASKS:
        names = {"cluster": task_runs.cluster(bench), "service": service_names.service(bench)}
        ecs.update_service(**names, desiredCount=service_names.TASKS)
        wait_steady(bench)


def _roll_back(bench: Bench) -> None:
    """Every revision with an image of a run goes; the service uses the newest of the others again."""
    ecs = bench.client("ecs")
    family = service_names.service(bench)
    arns = [
        arn
        for page in ecs.get_paginator("list_task_definitions").paginate(familyPrefix=family, sort="DESC")
        for arn in page["taskDefinitionArns"]
    ]
    mine = runs.digests(bench)
    kept: list[str] = []
    ours: list[str] = []
    for arn in arns:
        found = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        if found["family"] == family:
            (ours if _image(found).partition("@")[2] in mine else kept).append(arn)
    service = service_of(bench, ecs)
    if service is not None and service["taskDefinition"] not in kept[:1] and kept and ours:
        ecs.update_service(cluster=task_runs.cluster(bench), service=family, taskDefinition=kept[0])
        wait_steady(bench)
    revisions = {arn.rsplit("/", 1)[-1] for arn in ours}
    undo(bench, lambda entry: entry.id in revisions)


def _image(definition: Mapping[str, Any]) -> str:
    return next((str(each["image"]) for each in definition["containerDefinitions"]), "")


def _own(bench: Bench) -> tuple[str, ...]:
    """The ids of what the stage made, as the ledger has them."""
    return resources.pipeline_role(bench), resources.deploy_role(bench), resources.provider_arn(bench)
