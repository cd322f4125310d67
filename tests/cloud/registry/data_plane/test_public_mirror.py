"""public.ecr.aws/ in the local registry: read by anybody, written under ecr-public, apart from ECR's repositories."""

import pytest

from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of

NAME = "public.ecr.aws/docker/library/python"
ARN = "arn:aws:ecr-public::111122223333:repository/docker/library/python"
WRITES = ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage")


@pytest.fixture
def base(registry, admin):
    """A base image in the mirror; the first push makes its repository."""
    admin.repository = NAME
    digest = admin.push_image("3.13-slim")
    admin.repository = "lab/app"
    return digest


def test_anybody_reads_without_a_credential(registry, base):
    anybody = registry.client("", NAME)
    assert anybody.get("manifests/3.13-slim").headers["Docker-Content-Digest"] == base
    assert anybody.head(f"manifests/{base}").status == 200
    assert anybody.head(f"blobs/{digest_of(b'layer')}").status == 200
    assert anybody.get(f"blobs/{digest_of(b'layer')}").body == b"layer"
    assert anybody.get("tags/list").json["tags"] == ["3.13-slim"]


def test_a_wrong_credential_does_not_hinder(registry, base):
    client = registry.client("", NAME)
    client.authorization = "Basic Og=="
    assert client.get("manifests/3.13-slim").status == 200


def test_reading_is_not_in_the_trail(registry, base):
    registry.trail.events.clear()
    registry.client("", NAME).get("manifests/3.13-slim")
    assert registry.events() == []


def test_the_rule_about_referenced_layers_does_not_apply(registry, base):
    client = registry.allow("pusher", "s3:ListBucket")
    client.repository = NAME
    assert client.head(f"blobs/{digest_of(b'layer')}").status == 200


def test_writing_needs_a_credential(registry):
    anybody = registry.client("", NAME)
    assert anybody.post().status == 401
    assert anybody.put("manifests/v1", b"{}", Content_Type=OCI_MANIFEST).status == 401


def test_the_four_actions_of_ecr_public_write_and_the_first_push_makes_the_repository(registry):
    client = registry.allow("baker", *(f"ecr-public:{name}" for name in WRITES), resource=ARN)
    client.repository = NAME
    client.push_image("3.13-slim")
    assert client.get("tags/list").json["tags"] == ["3.13-slim"]
    assert {event.event_source for event in registry.trail.events} == {"ecr-public.amazonaws.com"}


@pytest.mark.parametrize("missing", WRITES)
def test_each_of_the_four_is_needed(registry, missing):
    actions = [f"ecr-public:{name}" for name in WRITES if name != missing]
    client = registry.allow("baker", *actions, "ecr:*")
    client.repository = NAME
    with pytest.raises(AssertionError, match="403"):
        client.push_image("3.13-slim")
    assert (missing, "AccessDenied") in registry.events()


def test_ecr_does_not_show_the_mirror(registry, admin, base):
    names = [item["repositoryName"] for item in registry.call("DescribeRepositories")["repositories"]]
    assert names == ["lab/app"]
    assert admin.get("/v2/_catalog").json["repositories"] == ["lab/app"]
    assert registry.refused("DescribeImages", repositoryName=NAME)[0] == "RepositoryNotFoundException"
    assert registry.refused("DeleteRepository", repositoryName=NAME)[0] == "RepositoryNotFoundException"


def test_ecr_does_not_make_a_repository_there(registry):
    assert registry.refused("CreateRepository", repositoryName=NAME)[0] == "InvalidParameterException"


def test_what_nobody_pushed_is_not_there(registry):
    answer = registry.client("", "public.ecr.aws/docker/library/nothing").get("manifests/latest")
    assert answer.error[:2] == (404, "NAME_UNKNOWN")
