"""An independent client: skopeo pushes and pulls a two-platform image made here."""

import json
import shutil
import subprocess

import pytest

from tests.cloud.registry.lab_registry import ACCOUNT
from tests.push_actions import SIX
from tests.two_platforms import blobs, layout

skopeo = shutil.which("skopeo")
pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(skopeo is None, reason="skopeo is not installed (Debian: apt-get install skopeo)"),
]


def copy(*arguments, succeeds=True):
    done = subprocess.run([skopeo, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode == 0) == succeeds, done.stderr
    return done.stdout + done.stderr


def push(registry, image, tag, user="admin", **more):
    return copy(
        "copy",
        "--all",
        "--dest-tls-verify=false",
        "--dest-creds",
        f"AWS:{registry.password(user)}",
        f"oci:{image}:two",
        f"docker://{registry.host}/lab/app:{tag}",
        **more,
    )


def test_both_platforms_go_up_and_come_down_byte_for_byte(registry, tmp_path):
    digest = layout(tmp_path / "image")
    push(registry, tmp_path / "image", "v1")
    described = registry.call("DescribeImages", repositoryName="lab/app", imageIds=[{"imageTag": "v1"}])
    assert described["imageDetails"][0]["imageDigest"] == digest
    copy(
        "copy",
        "--all",
        "--src-tls-verify=false",
        "--src-creds",
        f"AWS:{registry.password()}",
        f"docker://{registry.host}/lab/app:v1",
        f"oci:{tmp_path / 'pulled'}:two",
    )
    assert blobs(tmp_path / "pulled") == blobs(tmp_path / "image")


def test_inspect_list_tags_and_delete_work(registry, tmp_path):
    layout(tmp_path / "image")
    push(registry, tmp_path / "image", "v1")
    where = f"docker://{registry.host}/lab/app"
    secret = ["--tls-verify=false", "--creds", f"AWS:{registry.password()}"]
    raw = json.loads(copy("inspect", "--raw", *secret, f"{where}:v1"))
    assert [entry["platform"]["architecture"] for entry in raw["manifests"]] == ["amd64", "arm64"]
    assert json.loads(copy("list-tags", *secret, where))["Tags"] == ["v1"]
    copy("delete", *secret, f"{where}:v1")
    assert json.loads(copy("list-tags", *secret, where))["Tags"] == []


def test_the_second_push_under_six_actions_is_refused_in_awss_words(registry, tmp_path):
    layout(tmp_path / "image")
    registry.allow("pusher", *SIX)
    push(registry, tmp_path / "image", "v1", "pusher")
    assert "403" in push(registry, tmp_path / "image", "v2", "pusher", succeeds=False)
    assert ("GetDownloadUrlForLayer", "AccessDenied") in registry.events(errors=True)
    registry.allow("pusher", *SIX, "ecr:GetDownloadUrlForLayer")
    push(registry, tmp_path / "image", "v2", "pusher")


def test_a_missing_repository_is_named(registry, tmp_path):
    layout(tmp_path / "image")
    registry.call("DeleteRepository", repositoryName="lab/app")
    said = push(registry, tmp_path / "image", "v1", succeeds=False)
    assert f"The repository with name 'lab/app' does not exist in the registry with id '{ACCOUNT}'" in said
