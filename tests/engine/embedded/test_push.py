"""Pushing in containerd's order, and being refused at the same call in the same words."""

import json

import pytest

from labs import oci
from labs.engine.embedded.reference import parse
from tests.push_actions import FIVE

BOTH = "--platform=linux/amd64,linux/arm64"
DENIED = json.dumps({"errors": [{"code": "DENIED", "message": "User: U is not authorized to perform: ecr:X"}]}).encode()


def _build(kit, host, *flags):
    tag = f"{host}/lab/app:v1"
    context = str(kit.context("FROM base:1\nCOPY a /a\n", {"a": "1"}))
    return kit.docker("buildx", "build", BOTH, "-t", tag, *flags, context)


def _kinds(calls):
    """The calls without digests: ``HEAD blobs``, ``PUT manifests v1``."""
    out = []
    for call in calls:
        method, path = call.split(" ")
        parts = path.split("/")
        kind = "uploads" if "uploads" in parts else parts[4]
        out.append(f"{method} {kind}" + (f" {parts[-1]}" if kind == "manifests" and ":" not in parts[-1] else ""))
    return out


def test_every_blob_comes_first_then_the_children_then_the_index(kit, scripted):
    assert _build(kit, scripted.host, "--push").code == 0
    blob = ["HEAD blobs", "POST uploads", "PUT uploads"]
    # two configs, two base layers, and the COPY layer that both platforms share
    child = ["HEAD manifests", "PUT manifests"]
    assert _kinds(scripted.calls) == [*blob * 5, *child * 2, "HEAD manifests v1", "PUT manifests v1"]


def test_what_is_there_is_not_sent_again(kit, scripted):
    _build(kit, scripted.host, "--push")
    scripted.calls.clear()
    assert _build(kit, scripted.host, "--push").code == 0
    assert {call.split(" ")[0] for call in scripted.calls} == {"HEAD"}


def test_a_tag_that_names_another_image_is_moved(kit, scripted):
    scripted.manifests["v1"] = (oci.OCI_INDEX, b'{"manifests":[]}')
    _build(kit, scripted.host, "--push")
    assert oci.sha256(scripted.manifests["v1"][1]) == kit.store.find(f"{scripted.host}/lab/app:v1")[1].digest


def test_a_second_name_asks_for_every_blob_again(kit, scripted):
    context = str(kit.context("FROM base:1\n"))
    tags = ["-t", f"{scripted.host}/lab/app:1", "-t", f"{scripted.host}/lab/app:2"]
    kit.docker("build", *tags, "--push", context)
    assert _kinds(scripted.calls).count("HEAD blobs") == 4


def test_403_at_the_head_of_a_blob_ends_the_push_in_buildkits_words(kit, scripted):
    scripted.answers["HEAD .*/blobs/.*"] = (403, b"")
    scripted.answers["GET .*/blobs/.*"] = (403, DENIED)
    result = _build(kit, scripted.host, "--push")
    path = scripted.calls[0].removeprefix("HEAD ")
    assert scripted.calls == [f"HEAD {path}", f"GET {path}"]
    assert result.code == 1
    assert result.err.rstrip().endswith(
        f"ERROR: failed to solve: failed to push {scripted.host}/lab/app:v1: "
        f"unexpected status from HEAD request to http://{scripted.host}{path}: 403 Forbidden\n"
        "denied: User: U is not authorized to perform: ecr:X"
    )


def test_without_a_refused_get_the_line_ends_at_the_status(kit, scripted):
    scripted.answers["HEAD .*/blobs/.*"] = (403, b"")
    scripted.answers["GET .*/blobs/.*"] = (200, b"blob")
    assert _build(kit, scripted.host, "--push").err.rstrip().endswith(": 403 Forbidden")


def test_403_at_the_head_of_a_manifest_names_the_manifest(kit, scripted):
    scripted.answers["(HEAD|GET) .*/manifests/.*"] = (403, DENIED)
    words = _build(kit, scripted.host, "--push").last_words
    assert f"unexpected status from HEAD request to http://{scripted.host}/v2/lab/app/manifests/sha256:" in words


def test_a_refused_upload_is_told_in_the_registrys_own_words(kit, scripted):
    scripted.answers["POST .*"] = (403, DENIED)
    words = _build(kit, scripted.host, "--push").last_words
    assert f"unexpected status from POST request to http://{scripted.host}/v2/lab/app/blobs/uploads/: 403" in words
    assert words.endswith("denied: User: U is not authorized to perform: ecr:X")


def test_an_immutable_tag_is_a_failed_commit(kit, scripted):
    body = json.dumps({"errors": [{"code": "TAG_INVALID", "message": "The image tag 'v1' already exists"}]}).encode()
    scripted.answers["PUT .*/manifests/v1"] = (400, body)
    words = _build(kit, scripted.host, "--push").last_words
    digest = kit.store.find(f"{scripted.host}/lab/app:v1")[1].digest
    assert f'failed commit on ref "index-{digest}": unexpected status from PUT request to' in words
    assert words.endswith("tag invalid: The image tag 'v1' already exists")


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_tried_again_and_then_told_once(kit, scripted, status):
    scripted.answers["HEAD .*"] = (status, b"")
    words = _build(kit, scripted.host, "--push").last_words
    assert len(scripted.calls) == 4
    assert words.count(f"{status} ") == 1


def test_a_registry_that_hangs_up_is_tried_again_and_then_told_as_go_does(kit, scripted):
    scripted.answers["POST .*"] = (0, b"")
    words = _build(kit, scripted.host, "--push").last_words
    assert f'failed to do request: Post "http://{scripted.host}/v2/lab/app/blobs/uploads/": EOF' in words
    assert _kinds(scripted.calls).count("POST uploads") == 4


def test_a_registry_that_is_not_there_is_one_sentence(kit):
    words = _build(kit, "127.0.0.1:1", "--push").last_words
    assert "dial tcp 127.0.0.1:1: connect: connection refused" in words
    assert "Next: see whether the local AWS is running: labs doctor" in words


def test_credentials_are_sent_only_when_asked_for(kit, scripted):
    kit.docker("login", "-u", "AWS", "--password-stdin", scripted.host, stdin="pw")
    scripted.authorizations.clear()
    _build(kit, scripted.host, "--push")
    assert set(scripted.authorizations) == {""}


def test_no_credentials_where_some_are_wanted_is_told_in_containerds_words(kit, scripted):
    scripted.answers["[A-Z]+ .*"] = (401, b"Not Authorized\n")
    scripted.headers["Www-Authenticate"] = 'Basic realm="http://x/",service="ecr.amazonaws.com"'
    words = _build(kit, scripted.host, "--push").last_words
    assert "push access denied, repository does not exist or may require authorization: " in words
    assert "authorization failed: no basic auth credentials" in words
    assert _kinds(scripted.calls) == ["HEAD blobs", "POST uploads"]


def test_docker_push_says_what_it_sent_and_what_was_there(kit, scripted):
    _build(kit, scripted.host)
    tag = f"{scripted.host}/lab/app:v1"
    first, second = kit.docker("push", tag), kit.docker("push", tag)
    digest = kit.store.find(tag)[1].digest
    assert first.out.startswith(f"The push refers to repository [{scripted.host}/lab/app]\n")
    assert first.out.count(": Pushed\n") == 3
    assert second.out.count(": Layer already exists\n") == 3
    assert f"v1: digest: {digest} size: " in first.out


def test_docker_push_is_refused_in_the_words_of_the_containerd_store(kit, scripted):
    _build(kit, scripted.host)
    scripted.answers["HEAD .*/blobs/.*"] = (403, b"")
    result = kit.docker("push", f"{scripted.host}/lab/app:v1")
    assert result.last_words.startswith(f"unknown: unexpected status from HEAD request to http://{scripted.host}/v2/")
    assert result.code == 1


def test_docker_push_of_an_unknown_name_is_one_sentence(kit):
    result = kit.docker("push", "127.0.0.1:1/x:1")
    assert "tag does not exist: 127.0.0.1:1/x:1" in result.err


class TestAgainstTheKitsOwnRegistry:
    """The talk's failure, end to end."""

    def test_one_platform_passes_then_two_are_refused_and_the_one_action_mends_it(self, kit, ecr, tmp_path):
        kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password())
        tag, base = f"{ecr.repository}:v1", f"PYTHON_IMAGE={ecr.put_base(tmp_path / 'base')}"
        text = "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\nWORKDIR /app\nCOPY app.py ./\n"
        context = str(kit.context(text, {"app.py": "pass"}))
        one = kit.docker("build", "--platform", "linux/amd64", "--build-arg", base, "-t", tag, "--load", context)
        pushed = kit.docker("push", tag)
        assert (one.code, pushed.code) == (0, 0), pushed.err

        both = ("buildx", "build", BOTH, "--build-arg", base, "-t", tag, "--push", context)
        refused = kit.docker(*both)
        assert refused.code == 1
        assert (
            f"failed to push {tag}: unexpected status from HEAD request to http://{ecr.host}/v2/" in refused.last_words
        )
        assert refused.last_words.endswith(
            "denied: User: arn:aws:iam::111122223333:user/push is not authorized to perform: "
            "ecr:GetDownloadUrlForLayer on resource: arn:aws:ecr:us-east-1:111122223333:repository/lab/app "
            "because no identity-based policy allows the ecr:GetDownloadUrlForLayer action"
        )

        ecr.allow("ecr:*")
        assert kit.docker(*both).code == 0
        shown = kit.docker("buildx", "imagetools", "inspect", tag)
        assert "  Platform:  linux/amd64" in shown.out
        assert "  Platform:  linux/arm64" in shown.out
        raw = kit.docker("buildx", "imagetools", "inspect", "--raw", tag)
        assert oci.sha256(raw.out.encode()) == kit.store.find(tag)[1].digest

    def test_the_five_actions_of_old_fail_at_the_manifest(self, kit, ecr):
        ecr.allow(*FIVE)
        kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password())
        tag = f"{ecr.repository}:v1"
        result = kit.docker("build", "-t", tag, "--push", str(kit.context("FROM base:1\n")))
        assert "/manifests/v1: 403 Forbidden\ndenied: User: arn:aws:iam::111122223333:user/push" in result.err
        assert "ecr:BatchGetImage" in result.err

    def test_a_pulled_image_is_the_pushed_one(self, kit, ecr, monkeypatch, tmp_path):
        ecr.allow("ecr:*")
        kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password())
        tag = f"{ecr.repository}:v1"
        kit.docker("build", BOTH, "-t", tag, "--push", str(kit.context("FROM base:1\nCOPY a /a\n", {"a": "1"})))
        digest = kit.store.find(tag)[1].digest
        monkeypatch.setenv("LAB_HOME", str(tmp_path / "elsewhere"))
        result = kit.docker("pull", "--platform", "linux/arm64", tag)
        assert result.code == 0, result.err
        assert f"Digest: {digest}\nStatus: Downloaded newer image for {tag}\n{tag}\n" in result.out
        assert f"Status: Image is up to date for {tag}" in kit.docker("pull", "--platform", "linux/arm64", tag).out

    def test_a_missing_tag_is_not_found(self, kit, ecr):
        ecr.allow("ecr:*")
        kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password())
        tag = f"{ecr.repository}:nope"
        assert f'failed to resolve reference "{parse(tag)}": {parse(tag)}: not found' in kit.docker("pull", tag).err


def test_bytes_that_are_not_what_the_digest_says_are_not_kept(kit, scripted):
    _build(kit, scripted.host, "--push")
    tag = f"{scripted.host}/lab/app:v1"
    damaged = next(digest for digest in scripted.blobs)
    scripted.blobs[damaged] = b"x" * len(scripted.blobs[damaged])
    kit.store.blobs.path(damaged).unlink()
    for platform in ("linux/amd64", "linux/arm64"):
        result = kit.docker("pull", "--platform", platform, tag)
        if result.code:
            break
    assert f"failed to copy: {damaged}: the registry sent other bytes" in result.err
    assert not kit.store.has(damaged)


def test_a_manifest_under_a_wrong_digest_is_refused(kit, scripted):
    wrong = "sha256:" + "0" * 64
    scripted.manifests[wrong] = (oci.OCI_MANIFEST, b'{"config":{"digest":"sha256:1","size":1},"layers":[]}')
    result = kit.docker("pull", f"{scripted.host}/lab/app@{wrong}")
    assert f"where {wrong} was promised" in result.err


def test_a_redirected_blob_is_fetched_without_the_credentials(kit, scripted):
    _build(kit, scripted.host, "--push")
    tag = f"{scripted.host}/lab/app:v1"
    moved = next(iter(scripted.blobs))
    scripted.blobs["elsewhere"] = scripted.blobs[moved]
    port = scripted.host.rpartition(":")[2]
    scripted.answers[f"GET .*/blobs/{moved}"] = (307, b"")
    scripted.headers["Location"] = f"http://localhost:{port}/store/elsewhere"
    kit.docker("login", "-u", "AWS", "--password-stdin", scripted.host, stdin="pw")
    kit.store.blobs.path(moved).unlink()
    for platform in ("linux/amd64", "linux/arm64"):
        assert kit.docker("pull", "--platform", platform, tag).code == 0
    assert "GET /store/elsewhere" in scripted.calls
    assert scripted.authorizations[scripted.calls.index("GET /store/elsewhere")] == ""
    assert kit.store.has(moved)


def test_a_redirect_that_never_ends_is_one_sentence(kit, scripted):
    _build(kit, scripted.host, "--push")
    moved = next(iter(scripted.blobs))
    scripted.answers["GET .*/blobs/.*"] = (307, b"")
    scripted.headers["Location"] = f"/v2/lab/app/blobs/{moved}"
    kit.store.blobs.path(moved).unlink()
    results = [
        kit.docker("pull", f"--platform=linux/{arch}", f"{scripted.host}/lab/app:v1") for arch in ("amd64", "arm64")
    ]
    assert any("redirects too often" in each.err for each in results)
    assert "Traceback" not in "".join(each.err for each in results)
