"""REFERENCED_LAYER_NEEDS_DOWNLOAD: the second push of a layer is refused under the six documented actions."""

import pytest

from labs.cloud.registry.rules.call_actions import REFERENCED_LAYER_NEEDS_DOWNLOAD
from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of, image_manifest

SIX = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
    "ecr:BatchGetImage",
)
LAYER = digest_of(b"layer")


def push_like_containerd(client, tag):
    """HEAD each blob; upload what is absent; then the manifest. The statuses of the HEADs."""
    heads = []
    for data in (b"{}", b"layer"):
        heads.append(client.head(f"blobs/{digest_of(data)}").status)
        if heads[-1] == 404:
            client.push_blob(data)
    if set(heads) <= {200, 404}:
        assert client.put(f"manifests/{tag}", image_manifest(), Content_Type=OCI_MANIFEST).status == 201
    return heads


def test_the_first_push_passes_and_the_second_is_refused(registry):
    pusher = registry.allow("pusher", *SIX)
    assert push_like_containerd(pusher, "v1") == [404, 404]
    assert push_like_containerd(pusher, "v2") == [403, 403]
    assert ("GetDownloadUrlForLayer", "AccessDenied") in registry.events()


def test_the_seventh_action_fixes_it(registry):
    pusher = registry.allow("pusher", *SIX, "ecr:GetDownloadUrlForLayer")
    push_like_containerd(pusher, "v1")
    assert push_like_containerd(pusher, "v2") == [200, 200]


def test_a_present_layer_that_no_image_refers_to_is_seen_with_six(registry):
    pusher = registry.allow("pusher", *SIX)
    pusher.push_blob(b"layer")
    assert pusher.head(f"blobs/{LAYER}").status == 200


def test_another_repositorys_image_does_not_make_a_layer_referenced(registry, admin):
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_image("v1")
    pusher = registry.allow("pusher", *SIX)
    pusher.repository = "lab/other"
    assert push_like_containerd(pusher, "v1") == [404, 404]


def push_manifest_first(client, tag):
    """As crane, oras and regctl: nothing is sent when the manifest is there."""
    manifest = image_manifest()
    if client.head(f"manifests/{digest_of(manifest)}").status == 404:
        return push_like_containerd(client, tag)
    assert client.put(f"manifests/{tag}", manifest, Content_Type=OCI_MANIFEST).status == 201
    return []


def test_a_client_that_asks_for_the_manifest_first_passes_a_second_push(registry):
    pusher = registry.allow("pusher", *SIX)
    assert push_manifest_first(pusher, "v1") == [404, 404]
    assert push_manifest_first(pusher, "v2") == []


def test_copying_platforms_that_share_a_layer_is_refused_on_the_first_push(registry):
    """As `skopeo copy --all`: platform by platform, each with its manifest."""
    pusher = registry.allow("pusher", *SIX)
    assert push_like_containerd(pusher, digest_of(image_manifest())) == [404, 404]
    # The second platform has a config of its own, and a layer of the first.
    assert pusher.head(f"blobs/{digest_of(b'its own config')}").status == 404
    assert pusher.head(f"blobs/{LAYER}").status == 403


def test_both_decisions_are_in_the_trail(registry, admin):
    admin.push_image("v1")
    pusher = registry.allow("pusher", *SIX)
    registry.trail.events.clear()
    pusher.head(f"blobs/{LAYER}")
    assert registry.events() == [("BatchCheckLayerAvailability", ""), ("GetDownloadUrlForLayer", "AccessDenied")]


def test_the_switch_turns_it_off(lenient):
    pusher = lenient.allow("pusher", *SIX)
    assert push_like_containerd(pusher, "v1") == [404, 404]
    assert push_like_containerd(pusher, "v2") == [200, 200]
    assert lenient.events(errors=True) == []


@pytest.mark.parametrize("word", ["not documented", "rasel-xs/devops-exam", "--no-referenced-layer-rule"])
def test_the_rule_says_what_it_rests_on(word):
    assert word in type(REFERENCED_LAYER_NEEDS_DOWNLOAD).__doc__
