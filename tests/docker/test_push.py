"""The talk's failure with a real Docker Engine: what passes, what is refused, and what mends it, in this order."""

import json
import re
from collections.abc import Callable

import pytest

from labs.oci import Platform
from tests.docker.conftest import Lab
from tests.push_actions import SIX

pytestmark = pytest.mark.docker

DOCUMENTED = tuple(action.removeprefix("ecr:") for action in SIX)
BOTH = "linux/amd64,linux/arm64"
Record = Callable[[str, object], None]


def test_a_push_of_one_platform_passes_then_two_are_refused_then_one_action_mends_it(
    lab: Lab, record_property: Record
) -> None:
    # One test, because the order is the point: the refusal needs the layers of the first push.
    lab.allow("fargate-lab-push", *DOCUMENTED)
    code, said = lab.build("linux/amd64", "one", "--load")
    assert code == 0, said
    code, said = lab.docker("push", lab.image("one"))
    record_property("seen", f"$ docker push   (six documented actions)\n{said}exit code {code}")
    assert code == 0

    code, said = lab.build(BOTH, "two", "--push")
    record_property("seen", f"$ docker buildx build --platform {BOTH} --push\n{_last_lines(said)}exit code {code}")
    assert code != 0
    host = re.escape(lab.target.registry)
    refused = (
        rf"failed to push .*: unexpected status from HEAD request to http://{host}/v2/{lab.repository}/blobs/sha256:"
    )
    assert re.search(refused + r"[0-9a-f]{64}: 403 Forbidden", said), said
    assert lab.target.client("ecr").list_images(repositoryName=lab.repository, filter={"tagStatus": "TAGGED"})[
        "imageIds"
    ]

    lab.allow("fargate-lab-push", *DOCUMENTED, "GetDownloadUrlForLayer")
    code, said = lab.build(BOTH, "two", "--push")
    record_property("seen", f"$ the same with ecr:GetDownloadUrlForLayer\n{_last_lines(said)}exit code {code}")
    assert code == 0, said


def test_the_trail_names_the_action_that_was_refused(lab: Lab) -> None:
    pages = lab.target.client("cloudtrail").get_paginator("lookup_events")
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "GetDownloadUrlForLayer"}]
    events = [each for page in pages.paginate(LookupAttributes=wanted) for each in page["Events"]]
    refused = [found for each in events if (found := json.loads(each["CloudTrailEvent"])).get("errorCode")]
    assert refused
    for each in refused:
        assert each["errorCode"] == "AccessDenied"
        assert each["userIdentity"]["arn"].endswith(":assumed-role/fargate-lab-push/lab")
        assert "is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: " in each["errorMessage"]
        assert f":repository/{lab.repository} because no identity-based policy allows" in each["errorMessage"]


def test_ecr_the_engine_and_the_registry_agree_on_what_was_pushed(lab: Lab) -> None:
    digest, platforms = lab.engine.inspect_pushed(lab.image("two"))
    assert set(platforms) == {Platform("linux", "amd64"), Platform("linux", "arm64")}
    found = lab.target.client("ecr").describe_images(repositoryName=lab.repository, imageIds=[{"imageTag": "two"}])
    assert found["imageDetails"][0]["imageDigest"] == digest
    code, said = lab.docker("buildx", "imagetools", "inspect", lab.image("two"))
    assert code == 0, said
    assert digest in said


def test_without_batchgetimage_the_push_of_two_is_refused_at_a_manifest(lab: Lab) -> None:
    without = [action for action in DOCUMENTED if action != "BatchGetImage"]
    lab.allow("fargate-lab-push-old", *without, "GetDownloadUrlForLayer")
    code, said = lab.build(BOTH, "old", "--push")
    assert code != 0
    assert re.search(r"HEAD request to http://[^ ]+/manifests/[^ ]+: 403 Forbidden", said), said


def _last_lines(said: str) -> str:
    return "\n".join(said.splitlines()[-8:]) + "\n"
