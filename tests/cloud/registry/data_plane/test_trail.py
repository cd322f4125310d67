"""The trail: one event for each decision, in CloudTrail's names, before the answer leaves."""

import json

from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of, image_manifest

ARN = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"


def test_a_push_and_a_pull_leave_ecrs_events(registry, admin):
    admin.push_blob(b"{}")
    admin.push_blob(b"layer")
    admin.put("manifests/v1", image_manifest(), Content_Type=OCI_MANIFEST)
    admin.get("manifests/v1")
    admin.get(f"blobs/{digest_of(b'layer')}")
    upload = [("InitiateLayerUpload", ""), ("UploadLayerPart", ""), ("CompleteLayerUpload", "")]
    assert registry.events() == [
        *upload,
        *upload,
        ("PutImage", ""),
        ("BatchGetImage", ""),
        ("GetDownloadUrlForLayer", ""),
    ]


def test_an_event_names_who_what_and_where(registry, admin):
    admin.push_image("v1")
    admin.get("manifests/v1", User_Agent="skopeo/1.9")
    event = registry.trail.events[-1]
    assert event.event_source == "ecr.amazonaws.com"
    assert event.region == "us-east-1"
    assert event.resources == (ARN,)
    assert event.caller.principal.arn == "arn:aws:iam::111122223333:user/admin"
    assert event.caller.user_agent == "skopeo/1.9"
    assert event.read_only
    assert event.request == {
        "repositoryName": "lab/app",
        "registryId": "111122223333",
        "imageIds": [{"imageTag": "v1"}],
    }
    json.dumps(event.request)


def test_a_failure_after_the_decision_is_on_the_event(registry):
    client = registry.client(repository="no/such")
    client.post()
    event = registry.trail.events[-1]
    assert event.error_code == "RepositoryNotFoundException"
    assert event.error_message == (
        "The repository with name 'no/such' does not exist in the registry with id '111122223333'"
    )


def test_looking_for_what_is_absent_is_no_error(registry, admin):
    admin.head(f"blobs/{digest_of(b'absent')}")
    admin.head("manifests/absent")
    assert registry.events() == [("BatchCheckLayerAvailability", ""), ("BatchGetImage", "")]


def test_a_visitor_without_a_credential_and_a_ping_leave_nothing(registry, admin):
    registry.client("").get("tags/list")
    admin.get("/v2/")
    assert registry.events() == []


def test_a_trail_that_cannot_be_written_is_no_answered_call(registry, admin, monkeypatch):
    from labs.cloud.contract import AwsError

    def full(event):
        raise AwsError("ServiceUnavailable", "The state folder cannot be written (simulated wording)", 503)

    monkeypatch.setattr(registry.trail, "record", full)
    assert admin.get("tags/list").error[:2] == (503, "UNAVAILABLE")
