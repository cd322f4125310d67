"""nextToken: each list operation of ECS and ECR gives every entry once, and takes no token but its own."""

import base64
import hashlib
import json

import pytest

from tests.cloud.lab_cloud import LabCloud, allow, policy, refused, until
from tests.cloud.registry.lab_registry import image_manifest

ECS = ("InvalidParameterException", "Invalid token (simulated wording)")
ECR = (
    "InvalidParameterException",
    (
        "Invalid parameter at 'nextToken' failed to satisfy constraint: "
        "'is not a token of an earlier answer (simulated wording)'"
    ),
)
APP = {"repositoryName": "lab/app"}
SUBJECT = "sha256:" + "0" * 64
# Operation -> service, its parameters, the member with its entries.
LISTS = {
    "list_clusters": ("ecs", {}, "clusterArns"),
    "list_task_definitions": ("ecs", {}, "taskDefinitionArns"),
    "list_task_definition_families": ("ecs", {}, "families"),
    "list_services": ("ecs", {"cluster": "one"}, "serviceArns"),
    "list_tasks": ("ecs", {"cluster": "one", "desiredStatus": "STOPPED"}, "taskArns"),
    "describe_repositories": ("ecr", {}, "repositories"),
    "list_images": ("ecr", APP, "imageIds"),
    "describe_images": ("ecr", APP, "imageDetails"),
    "list_image_referrers": ("ecr", {**APP, "subjectId": {"imageDigest": SUBJECT}}, "referrers"),
}
WORDS = {"ecs": ECS, "ecr": ECR}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A local AWS with three of everything that is listed."""
    cloud = LabCloud(tmp_path_factory.mktemp("paging") / "state")
    try:
        put_images(cloud.client("ecr"))
        fill_ecs(cloud)
        yield cloud
    finally:
        cloud.close()


def put_images(ecr):
    """Three repositories; in the first, three images that refer to one subject."""
    for name in ("lab/app", "lab/two", "lab/three"):
        ecr.create_repository(repositoryName=name)
    put_layers(ecr, APP)
    for number in range(3):
        body = json.loads(image_manifest())
        body["subject"] = {"mediaType": body["mediaType"], "digest": SUBJECT, "size": 2}
        body["annotations"] = {"number": str(number)}
        ecr.put_image(**APP, imageManifest=json.dumps(body), imageTag=f"v{number}")


def put_layers(ecr, where):
    """What every image here is made of."""
    for data in (b"layer", b"{}"):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        upload = {**where, "uploadId": ecr.initiate_layer_upload(**where)["uploadId"]}
        ecr.upload_layer_part(**upload, partFirstByte=0, partLastByte=len(data) - 1, layerPartBlob=data)
        ecr.complete_layer_upload(**upload, layerDigests=[digest])


def fill_ecs(cloud):
    """Three clusters, families and services; three tasks that have stopped, since their image is not there."""
    ecs, ec2 = cloud.client("ecs"), cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    network = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet]}}, "launchType": "FARGATE"}
    for name in ("one", "two", "three"):
        ecs.create_cluster(clusterName=name)
        ecs.register_task_definition(
            family=name,
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "app", "image": "no.such.registry/app:v1"}],
        )
        ecs.create_service(cluster="one", serviceName=name, taskDefinition=name, desiredCount=0, **network)
    ecs.run_task(cluster="one", taskDefinition="one", count=3, **network)
    stopped = {"cluster": "one", "desiredStatus": "STOPPED"}
    until(lambda: len(ecs.list_tasks(**stopped)["taskArns"]) == 3)


def other_operation(cloud, operation):
    """A token of another operation of the same service."""
    service = LISTS[operation][0]
    other = next(name for name, (of, _, _) in LISTS.items() if of == service and name != operation)
    return token_of(cloud, other)


def token_of(cloud, operation, **more):
    """The token of an operation's first page of one."""
    service, parameters, _ = LISTS[operation]
    return getattr(cloud.client(service), operation)(**{**parameters, **more}, maxResults=1)["nextToken"]


def encoded(text):
    """Bytes as tokens of the version before were."""
    return base64.urlsafe_b64encode(text.encode()).decode()


def changed(token, at):
    """The token with one letter changed."""
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


FOREIGN = {
    "forged: ECS's before": lambda cloud, operation: encoded("at:-3"),
    "forged: ECR's before": lambda cloud, operation: encoded("page:1"),
    "forged: sealed with nothing": lambda cloud, operation: encoded("0" * 16 + '["a"]'),
    "truncated": lambda cloud, operation: token_of(cloud, operation)[:-4],
    "its first half": lambda cloud, operation: token_of(cloud, operation)[:12],
    "its seal damaged": lambda cloud, operation: changed(token_of(cloud, operation), 2),
    "its place damaged": lambda cloud, operation: changed(token_of(cloud, operation), 24),
    "with more at its end": lambda cloud, operation: token_of(cloud, operation) + "AAAA",
    "of another operation": other_operation,
    "too long": lambda cloud, operation: token_of(cloud, operation) + "A" * 100_000,
    "only a letter": lambda cloud, operation: "x",
    "blank": lambda cloud, operation: " ",
    "not ASCII": lambda cloud, operation: "\u00e9\U0001f600",
}


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("operation", LISTS)
def test_a_token_that_the_operation_did_not_give_is_refused(filled, operation, foreign):
    service, parameters, _ = LISTS[operation]
    call = getattr(filled.client(service), operation)
    code, message, status = refused(call, **parameters, nextToken=FOREIGN[foreign](filled, operation))
    assert ((code, message), status) == (WORDS[service], 400)


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("list_task_definitions", {"sort": "DESC"}),
        ("list_tasks", {"family": "one"}),
        ("list_images", {"filter": {"tagStatus": "TAGGED"}}),
        ("describe_images", {"filter": {"tagStatus": "TAGGED"}}),
        ("describe_repositories", {"registryId": "111122223333"}),
    ],
)
def test_a_token_of_a_call_with_other_parameters_is_refused(filled, operation, more):
    service, parameters, _ = LISTS[operation]
    call = getattr(filled.client(service), operation)
    token = token_of(filled, operation, **more)
    assert refused(call, **parameters, nextToken=token)[:2] == WORDS[service]
    assert call(**{**parameters, **more}, nextToken=token)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("operation", LISTS)
def test_pages_of_one_hold_every_entry_once(filled, operation):
    service, parameters, member = LISTS[operation]
    call = getattr(filled.client(service), operation)
    whole = call(**parameters)[member]
    assert len(whole) == 3
    pages, following = [], {}
    while True:
        answer = call(**parameters, maxResults=1, **following)
        pages += answer[member]
        if "nextToken" not in answer:
            break
        following = {"nextToken": answer["nextToken"]}
    assert pages == whole


@pytest.mark.parametrize("operation", LISTS)
def test_an_empty_token_is_none(filled, operation):
    service, parameters, member = LISTS[operation]
    call = getattr(filled.client(service), operation)
    assert call(**parameters, nextToken="")[member] == call(**parameters)[member]


def test_a_token_may_ask_for_pages_of_another_size(filled):
    ecs = filled.client("ecs")
    token = ecs.list_clusters(maxResults=1)["nextToken"]
    assert len(ecs.list_clusters(maxResults=2, nextToken=token)["clusterArns"]) == 2


def test_nothing_is_passed_over_when_what_was_shown_is_deleted(filled):
    ecs = filled.client("ecs")
    for number in range(6):
        ecs.create_cluster(clusterName=f"gone-{number}")
    seen, following = [], {}
    while True:
        answer = ecs.list_clusters(maxResults=2, **following)
        for arn in answer["clusterArns"]:
            seen.append(arn.rsplit("/", 1)[-1])
            if seen[-1].startswith("gone-"):
                ecs.delete_cluster(cluster=arn)
        if "nextToken" not in answer:
            break
        following = {"nextToken": answer["nextToken"]}
    assert [name for name in seen if name.startswith("gone-")] == [f"gone-{number}" for number in range(6)]


@pytest.mark.parametrize("operation", ["list_images", "describe_images", "describe_repositories"])
def test_nothing_of_ecr_is_passed_over_when_what_was_shown_is_deleted(filled, operation):
    ecr = filled.client("ecr")
    where = {"repositoryName": "gone/0"}
    for number in range(6):
        ecr.create_repository(repositoryName=f"gone/{number}")
    put_layers(ecr, where)
    for number in range(6):
        body = json.loads(image_manifest()) | {"annotations": {"number": str(number)}}
        ecr.put_image(**where, imageManifest=json.dumps(body), imageTag=f"v{number}")
    for page in ecr.get_paginator(operation).paginate(
        **({} if operation == "describe_repositories" else where), PaginationConfig={"PageSize": 2}
    ):
        for entry in page.get("imageIds", page.get("imageDetails", ())):
            ecr.batch_delete_image(**where, imageIds=[{"imageDigest": entry["imageDigest"]}])
        for entry in page.get("repositories", ()):
            if entry["repositoryName"].startswith("gone/"):
                ecr.delete_repository(repositoryName=entry["repositoryName"], force=True)
    left = [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
    if operation == "describe_repositories":
        assert [name for name in left if name.startswith("gone/")] == []
        return
    assert ecr.list_images(**where)["imageIds"] == []
    for name in left:
        if name.startswith("gone/"):
            ecr.delete_repository(repositoryName=name, force=True)


@pytest.mark.parametrize("service", ["cloudtrail", "iam"])
def test_cloudtrail_and_the_simulator_page_in_the_same_way(filled, service):
    client = filled.client(service)
    if service == "cloudtrail":
        call, sized, named = client.lookup_events, {"MaxResults": 1}, "NextToken"
        words = ("InvalidNextTokenException", "The NextToken is not valid. (simulated wording)")
    else:

        def call(**more):
            actions = ["s3:GetObject", "s3:PutObject"]
            return client.simulate_custom_policy(PolicyInputList=[policy(allow("s3:*"))], ActionNames=actions, **more)

        sized, named = {"MaxItems": 1}, "Marker"
        words = ("InvalidInput", "Invalid Marker. (simulated wording)")
    token = call(**sized)[named]
    assert call(**sized, **{named: token})
    for foreign in ("1", token[:-4], changed(token, 3), token_of(filled, "list_clusters")):
        assert refused(call, **{named: foreign})[:2] == words
