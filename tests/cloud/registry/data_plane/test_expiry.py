"""Lifecycle policies at work: what they expire, when, what the preview and CloudTrail say of it."""

import json
from datetime import timedelta

import pytest

from labs.cloud.registry import ExpiryLoop
from labs.cloud.registry.data_plane import expiry
from tests.cloud.lab_cloud import until
from tests.cloud.registry.lab_registry import OCI_INDEX, digest_of, image_manifest, index_manifest

APP = {"repositoryName": "lab/app"}


def policy(*selections):
    rules = [
        {"rulePriority": number, "selection": selection, "action": {"type": "expire"}}
        for number, selection in enumerate(selections, 1)
    ]
    return json.dumps({"rules": rules})


def any_more_than(number):
    return {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": number}


def untagged_more_than(number):
    return {**any_more_than(number), "tagStatus": "untagged"}


def older_than(days, **more):
    return {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days, **more}


def put(registry, *selections):
    registry.call("PutLifecyclePolicy", **APP, lifecyclePolicyText=policy(*selections))


def later(registry, **time):
    """Some time later: what is due is done."""
    registry.clock.ahead += timedelta(**time)
    ExpiryLoop(registry.store, registry.trail).run_due()


def pass_days(registry, admin, days):
    """Days in which nothing is evaluated; the client has a new token after them."""
    registry.clock.ahead += timedelta(days=days)
    admin.authorization = registry.basic()


def tags(registry):
    return sorted(
        tag for image in registry.call("DescribeImages", **APP)["imageDetails"] for tag in image.get("imageTags", ())
    )


def push(registry, admin, *names):
    for name in names:
        admin.push_image(name, layer=name.encode())
        registry.clock.ahead += timedelta(seconds=1)


def executions(registry):
    return [each for each in registry.trail.events if each.event_name == "PolicyExecutionEvent"]


def test_images_beyond_the_count_go_a_minute_after_the_last_push(registry, admin):
    put(registry, any_more_than(2))
    push(registry, admin, "v1", "v2", "v3", "v4")
    later(registry, seconds=30)
    assert tags(registry) == ["v1", "v2", "v3", "v4"]
    later(registry, seconds=31)
    assert tags(registry) == ["v3", "v4"]
    assert admin.head(f"blobs/{digest_of(b'v1')}").status == 404
    assert admin.head(f"blobs/{digest_of(b'v4')}").status == 200


def test_images_beyond_the_age_go_when_they_reach_it(registry, admin):
    push(registry, admin, "v1")
    pass_days(registry, admin, 10)
    push(registry, admin, "v2")
    put(registry, older_than(14))
    later(registry, minutes=2)
    assert tags(registry) == ["v1", "v2"]
    later(registry, days=4)
    assert tags(registry) == ["v2"]
    later(registry, days=10)
    assert tags(registry) == []


def test_an_image_that_was_pulled_lately_stays(registry, admin):
    push(registry, admin, "v1", "v2")
    pass_days(registry, admin, 20)
    admin.get("manifests/v2")
    put(registry, older_than(14, countType="sinceImagePulled"))
    later(registry, minutes=2)
    assert tags(registry) == ["v2"]


def test_tags_that_move_leave_images_without(registry, admin):
    put(registry, untagged_more_than(1))
    for number in range(4):
        admin.push_image("latest", layer=b"%d" % number)
        registry.clock.ahead += timedelta(seconds=1)
    later(registry, minutes=2)
    details = registry.call("DescribeImages", **APP)["imageDetails"]
    assert sorted(len(each.get("imageTags", ())) for each in details) == [0, 1]


def test_an_indexs_images_go_after_the_index(registry, admin):
    put(registry, {**older_than(1), "tagStatus": "tagged", "tagPrefixList": ["v"]}, untagged_more_than(1))
    children = [admin.push_image("", layer=layer) for layer in (b"amd64", b"arm64")]
    admin.put("manifests/v1", index_manifest(*children), Content_Type=OCI_INDEX)
    later(registry, minutes=2)
    assert len(registry.call("DescribeImages", **APP)["imageDetails"]) == 3
    later(registry, days=2)
    assert tags(registry) == []
    assert len(registry.call("DescribeImages", **APP)["imageDetails"]) == 2
    later(registry, hours=2)
    assert len(registry.call("DescribeImages", **APP)["imageDetails"]) == 1


def test_a_push_that_is_under_way_keeps_what_it_has_pushed(registry, admin):
    """buildx pushes one platform after the other, and the index at last."""
    put(registry, untagged_more_than(1))
    children = [admin.push_image("", layer=layer) for layer in (b"amd64", b"arm64")]
    registry.clock.ahead += timedelta(minutes=5)
    location = admin.start()
    later(registry, seconds=1)
    assert admin.put(location + f"?digest={digest_of(b'more')}", b"more").status == 201
    assert admin.put("manifests/v1", index_manifest(*children), Content_Type=OCI_INDEX).status == 201


def test_an_artifact_goes_with_its_subject(registry, admin):
    put(registry, any_more_than(1))
    push(registry, admin, "v1", "v2")
    for tag in ("v1", "v2", "gone"):
        subject = admin.head(f"manifests/{tag}").headers["Docker-Content-Digest"] or digest_of(b"never there")
        admin.push_image("", layer=b"signature", subject={"mediaType": "x", "digest": subject, "size": 1})
    assert len(registry.call("DescribeImages", **APP)["imageDetails"]) == 5
    later(registry, minutes=2)
    assert tags(registry) == ["v2"]
    left = [each.get("subjectManifestDigest") for each in registry.call("DescribeImages", **APP)["imageDetails"]]
    assert digest_of(image_manifest(b"v1")) not in left
    assert len(left) == 3


def test_the_last_evaluation_is_told(registry, admin):
    put(registry, any_more_than(1))
    assert registry.call("GetLifecyclePolicy", **APP)["lastEvaluatedAt"] == 0.0
    later(registry, minutes=2)
    assert registry.call("GetLifecyclePolicy", **APP)["lastEvaluatedAt"] == pytest.approx(
        registry.clock().timestamp(), abs=60
    )
    put(registry, any_more_than(2))
    assert registry.call("GetLifecyclePolicy", **APP)["lastEvaluatedAt"] == 0.0


def test_a_policy_that_was_deleted_expires_nothing(registry, admin):
    put(registry, any_more_than(1))
    push(registry, admin, "v1", "v2")
    registry.call("DeleteLifecyclePolicy", **APP)
    later(registry, days=2)
    assert tags(registry) == ["v1", "v2"]


def test_a_policy_of_a_version_that_checked_less_expires_nothing(registry, admin):
    registry.store.repositories.update("lab/app", lifecycle=policy({"tagStatus": "tagged", "countNumber": 1}))
    push(registry, admin, "v1", "v2")
    later(registry, days=2)
    assert tags(registry) == ["v1", "v2"]


def test_cloudtrail_has_what_was_expired(registry, admin):
    put(registry, any_more_than(1))
    push(registry, admin, "v1", "v2")
    later(registry, minutes=2)
    (event,) = executions(registry)
    arn = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"
    assert (event.event_source, event.resources, event.read_only) == ("ecr.amazonaws.com", (arn,), True)
    details = event.service_details
    rule = details["lifecycleEventPolicy"]["lifecycleEventRules"][0]
    assert rule["lifecycleEventSelection"] == {
        "tagStatus": "Any",
        "tagPrefixList": [],
        "countType": "Image count more than",
        "countNumber": 1,
    }
    (action,) = details["lifecycleEventImageActions"]
    assert (action["lifecycleEventImage"]["tagList"], action["rulePriority"]) == (["v1"], 1)
    later(registry, hours=3)
    assert len(executions(registry)) == 1


def test_ten_images_are_told_in_several_events(registry, admin):
    push(registry, admin, *(f"v{number}" for number in range(12)))
    put(registry, any_more_than(1))
    later(registry, minutes=2)
    assert [len(each.service_details["lifecycleEventImageActions"]) for each in executions(registry)] == [9, 2]


def test_the_thread_does_it_by_itself(registry, admin, monkeypatch):
    monkeypatch.setattr(expiry, "_POLL_S", 0.02)
    put(registry, any_more_than(1))
    push(registry, admin, "v1", "v2")
    loop = ExpiryLoop(registry.store, registry.trail)
    loop.start()
    try:
        registry.clock.ahead += timedelta(minutes=2)
        until(lambda: tags(registry) == ["v2"])
    finally:
        loop.close()


# The preview


def preview(registry, **parameters):
    return registry.call("GetLifecyclePolicyPreview", **APP, **parameters)


def test_a_preview_shows_what_would_go_and_takes_nothing(registry, admin):
    push(registry, admin, "v1", "v2", "v3")
    started = registry.call(
        "StartLifecyclePolicyPreview", **APP, lifecyclePolicyText=policy(untagged_more_than(1), any_more_than(1))
    )
    assert started["status"] == "IN_PROGRESS"
    found = preview(registry)
    assert found["status"] == "COMPLETE"
    assert found["summary"] == {"expiringImageTotalCount": 2}
    assert [each["imageTags"] for each in found["previewResults"]] == [["v1"], ["v2"]]
    first = found["previewResults"][0]
    assert (first["action"], first["appliedRulePriority"], first["storageClass"]) == ({"type": "EXPIRE"}, 2, "STANDARD")
    later(registry, days=2)
    assert tags(registry) == ["v1", "v2", "v3"]


def test_a_preview_and_the_expiry_agree(registry, admin):
    push(registry, admin, "v1", "v2", "dev-1", "dev-2", "prod")
    dev = {**any_more_than(1), "tagStatus": "tagged", "tagPatternList": ["dev-*"]}
    put(registry, dev, any_more_than(3))
    registry.call("StartLifecyclePolicyPreview", **APP)
    shown = sorted(tag for each in preview(registry)["previewResults"] for tag in each["imageTags"])
    before = tags(registry)
    later(registry, minutes=2)
    assert sorted(set(before) - set(tags(registry))) == shown == ["dev-1", "v1", "v2"][: len(shown)]


def test_a_preview_comes_in_pages_filtered_and_by_image(registry, admin):
    push(registry, admin, "v1", "v2", "v3")
    admin.push_image("v3", layer=b"other")
    registry.call("StartLifecyclePolicyPreview", **APP, lifecyclePolicyText=policy(any_more_than(1)))
    pages = [preview(registry, maxResults=2)]
    pages.append(preview(registry, maxResults=2, nextToken=pages[0]["nextToken"]))
    assert [len(each["previewResults"]) for each in pages] == [2, 1]
    assert "nextToken" not in pages[1]
    untagged = preview(registry, filter={"tagStatus": "UNTAGGED"})["previewResults"]
    assert [each["imageDigest"] for each in untagged] == [digest_of(image_manifest(b"v3"))]
    named = preview(registry, imageIds=[{"imageTag": "v2"}])["previewResults"]
    assert [each["imageTags"] for each in named] == [["v2"]]


def test_a_preview_that_was_never_started_is_not_there(registry):
    assert registry.refused("GetLifecyclePolicyPreview", **APP) == (
        "LifecyclePolicyPreviewNotFoundException",
        "There is no dry run for this repository.",
    )
    assert registry.refused("StartLifecyclePolicyPreview", **APP)[0] == "LifecyclePolicyNotFoundException"


@pytest.mark.parametrize("operation", ["PutLifecyclePolicy", "StartLifecyclePolicyPreview"])
def test_a_bad_policy_is_refused_by_both(registry, operation):
    text = policy({"tagStatus": "tagged", **any_more_than(1)}).replace('"any"', '"tagged"')
    code, message = registry.refused(operation, **APP, lifecyclePolicyText=text)
    assert code == "InvalidParameterException"
    assert "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED." in message


# The last pull


def test_a_pull_is_recorded_at_most_once_an_hour(registry, admin):
    digest = admin.push_image("v1")

    def pulled():
        return registry.call("DescribeImages", **APP)["imageDetails"][0].get("lastRecordedPullTime")

    admin.head("manifests/v1")
    assert pulled() is None
    admin.get(f"manifests/{digest}")
    first = pulled()
    assert first is not None
    registry.clock.ahead += timedelta(minutes=30)
    registry.call("BatchGetImage", **APP, imageIds=[{"imageTag": "v1"}])
    assert pulled() == first
    registry.clock.ahead += timedelta(minutes=31)
    registry.call("BatchGetImage", **APP, imageIds=[{"imageTag": "v1"}])
    assert pulled() > first
