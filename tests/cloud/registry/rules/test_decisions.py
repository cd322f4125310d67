"""The table of calls and actions: each call with exactly its actions passes, without any one of them it is 403."""

import json

import pytest

from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of, image_manifest

PUSHED = b"layer"
LAYER = digest_of(PUSHED)
LOOSE = digest_of(b"in no image")
NEW = b"new"
NEW_DIGEST = digest_of(NEW)
ARN = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"
INITIATE, PART, COMPLETE = "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"
CHECK, DOWNLOAD = "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"

# name: (actions, method, path, body, status when allowed)
CALLS = {
    "ping": ((), "GET", "/v2/", None, 200),
    "catalogue": (("ecr:DescribeRepositories",), "GET", "/v2/_catalog", None, 200),
    "head manifest": (("ecr:BatchGetImage",), "HEAD", "manifests/v1", None, 200),
    "get manifest": (("ecr:BatchGetImage",), "GET", "manifests/v1", None, 200),
    "absent manifest": (("ecr:BatchGetImage",), "HEAD", "manifests/v2", None, 404),
    "put manifest": (("ecr:PutImage",), "PUT", "manifests/v1", image_manifest(), 201),
    "delete manifest": (("ecr:BatchDeleteImage",), "DELETE", "manifests/v1", None, 202),
    "tags": (("ecr:ListImages",), "GET", "tags/list", None, 200),
    "referrers": (("ecr:BatchGetImage",), "GET", f"referrers/{LAYER}", None, 200),
    "head absent blob": ((CHECK,), "HEAD", f"blobs/{NEW_DIGEST}", None, 404),
    "head loose blob": ((CHECK,), "HEAD", f"blobs/{LOOSE}", None, 200),
    "head referenced blob": ((CHECK, DOWNLOAD), "HEAD", f"blobs/{LAYER}", None, 200),
    "get blob": ((DOWNLOAD,), "GET", f"blobs/{LAYER}", None, 200),
    "post upload": ((INITIATE,), "POST", "blobs/uploads/", b"", 202),
    "single post": ((INITIATE, PART, COMPLETE), "POST", f"blobs/uploads/?digest={NEW_DIGEST}", NEW, 201),
    "patch upload": ((PART,), "PATCH", "UPLOAD", NEW, 202),
    "upload status": ((PART,), "GET", "UPLOAD", None, 204),
    "cancel upload": ((PART,), "DELETE", "UPLOAD", None, 204),
    "put upload with a body": ((PART, COMPLETE), "PUT", f"UPLOAD?digest={NEW_DIGEST}", NEW, 201),
    "put upload without a body": ((COMPLETE,), "PUT", f"UPLOAD?digest={digest_of(b'')}", b"", 201),
}


@pytest.fixture
def call(registry, admin):
    """Send a call of the table as a user with these actions and no others."""
    admin.push_image("v1", PUSHED)
    admin.push_blob(b"in no image")
    upload = admin.start()

    def send(name, actions):
        _, method, path, body, _ = CALLS[name]
        client = registry.allow("pusher", *actions) if actions else registry.allow("pusher", "s3:ListBucket")
        registry.trail.events.clear()
        headers = {"Content-Type": OCI_MANIFEST} if "manifests" in path else {}
        return client.send(method, path.replace("UPLOAD", upload), body, headers)

    return send


@pytest.mark.parametrize("name", CALLS)
def test_a_call_passes_with_exactly_its_actions(call, name):
    assert call(name, CALLS[name][0]).status == CALLS[name][4]


@pytest.mark.parametrize(("name", "missing"), [(name, action) for name, row in CALLS.items() for action in row[0]])
def test_a_call_without_one_of_its_actions_is_denied_in_awss_words(registry, call, name, missing):
    actions, method, *_ = CALLS[name]
    answer = call(name, [action for action in actions if action != missing])
    assert answer.status == 403
    resource = "*" if missing == "ecr:DescribeRepositories" else ARN
    sentence = (
        f"User: arn:aws:iam::111122223333:user/pusher is not authorized to perform: {missing} on resource: {resource} "
        f"because no identity-based policy allows the {missing} action"
    )
    if method == "HEAD":
        assert answer.body == b""
    else:
        assert (
            answer.body
            == json.dumps({"errors": [{"code": "DENIED", "message": sentence}]}, separators=(",", ":")).encode()
        )
    event = registry.trail.events[-1]
    assert (event.event_name, event.error_code) == (missing.removeprefix("ecr:"), "AccessDenied")
    assert event.error_message == sentence


def test_the_table_is_the_only_thing_a_call_needs(registry, admin):
    """The six documented actions push a first image, and the trail shows no other."""
    pusher = registry.allow("pusher", CHECK, INITIATE, PART, COMPLETE, "ecr:PutImage", "ecr:BatchGetImage")
    for data in (b"{}", PUSHED):
        assert pusher.head(f"blobs/{digest_of(data)}").status == 404
        pusher.push_blob(data)
    assert pusher.head("manifests/v1").status == 404
    assert pusher.put("manifests/v1", image_manifest(), Content_Type=OCI_MANIFEST).status == 201
    assert registry.events(errors=True) == []


def test_authorization_comes_before_existence(registry):
    client = registry.allow("nobody", "s3:ListBucket")
    client.repository = "no/such"
    status, code, message = client.get("manifests/v1").error
    assert (status, code) == (403, "DENIED")
    assert "arn:aws:ecr:us-east-1:111122223333:repository/no/such" in message


def test_a_policy_for_one_repository_does_not_open_another(registry):
    registry.call("CreateRepository", repositoryName="lab/other")
    client = registry.allow("pusher", "ecr:*", resource=ARN)
    assert client.get("tags/list").status == 200
    client.repository = "lab/other"
    assert client.get("tags/list").status == 403


def test_an_explicit_deny_is_said_to_be_one(registry):
    deny = {"Effect": "Deny", "Action": "ecr:ListImages", "Resource": "*"}
    allow = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
    registry.people.policies["pusher"] = {"Version": "2012-10-17", "Statement": [allow, deny]}
    message = registry.client("pusher").get("tags/list").error[2]
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_the_repository_policy_can_open_the_door(registry):
    client = registry.allow("guest", "s3:ListBucket")
    assert client.get("tags/list").status == 403
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:user/guest"},
        "Action": "ecr:ListImages",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    registry.call("SetRepositoryPolicy", repositoryName="lab/app", policyText=text)
    assert client.get("tags/list").status == 200
    registry.call("DeleteRepositoryPolicy", repositoryName="lab/app")
    assert client.get("tags/list").status == 403


def test_the_repository_policy_can_close_it(registry, admin):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "ecr:ListImages"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    registry.call("SetRepositoryPolicy", repositoryName="lab/app", policyText=text)
    assert admin.get("tags/list").error[2].endswith("with an explicit deny in a resource-based policy")


def test_a_condition_on_the_repositorys_tags_is_decided(registry):
    registry.call("CreateRepository", repositoryName="tagged", tags=[{"Key": "team", "Value": "blue"}])
    statement = {
        "Effect": "Allow",
        "Action": "ecr:ListImages",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}},
    }
    registry.people.policies["blue"] = {"Version": "2012-10-17", "Statement": [statement]}
    client = registry.client("blue", "tagged")
    assert client.get("tags/list").status == 200
    client.repository = "lab/app"
    assert client.get("tags/list").status == 403


def test_a_refused_upload_reads_the_body_and_keeps_the_connection(registry, admin):
    location = admin.start()
    pusher = registry.allow("pusher", INITIATE)
    answer = pusher.put(f"{location}?digest={NEW_DIGEST}", b"x" * 3_000_000)
    assert answer.error[:2] == (403, "DENIED")
    assert pusher.get("/v2/").status == 200
