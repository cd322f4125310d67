"""``docker buildx imagetools create``: one index from what a registry has, in buildx's bytes and words."""

import json
import subprocess

import pytest

from labs import oci


@pytest.fixture
def pushed(kit, ecr):
    """The repository, with ``amd64`` and ``arm64``, each an image of one platform."""
    kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password("admin"))
    context = str(kit.context("FROM base:1\nCOPY a /a\n", {"a": "1"}))
    for architecture in ("amd64", "arm64"):
        tag = f"{ecr.repository}:{architecture}"
        built = kit.docker("build", f"--platform=linux/{architecture}", "-t", tag, "--push", context)
        assert built.code == 0, built.err
    return ecr.repository


def _create(kit, *words):
    return kit.docker("buildx", "imagetools", "create", *words)


def _digest(kit, name):
    return kit.image(name).digest


def test_two_images_become_one_index_under_every_tag(kit, pushed):
    done = _create(kit, "-t", f"{pushed}:both", "-t", f"{pushed}:again", f"{pushed}:amd64", f"{pushed}:arm64")
    assert done.code == 0, done.err
    shown = [kit.docker("buildx", "imagetools", "inspect", "--raw", f"{pushed}:{tag}").out for tag in ("both", "again")]
    assert shown[0] == shown[1]
    index = oci.parse(shown[0].encode())
    assert [str(each) for each in index.platforms] == ["linux/amd64", "linux/arm64"]
    assert kit.docker("pull", "--platform", "linux/arm64", f"{pushed}:both").code == 0


def test_a_source_is_a_name_a_digest_a_descriptor_or_a_file_of_one(kit, pushed, tmp_path):
    digests = [_digest(kit, f"{pushed}:{each}") for each in ("amd64", "arm64")]
    wanted = _create(kit, "--dry-run", f"{pushed}:amd64", f"{pushed}:arm64").out
    assert [each["digest"] for each in json.loads(wanted)["manifests"]] == digests
    assert _create(kit, "--dry-run", "-t", f"{pushed}:x", *digests).out == wanted
    assert _create(kit, "--dry-run", *(f"{pushed}@{each}" for each in digests)).out == wanted
    file = tmp_path / "descriptor.json"
    file.write_text(json.dumps({"digest": digests[0], "annotations": {"a": "<b>"}}))
    noted = _create(kit, "--dry-run", "-f", str(file), f"{pushed}:arm64").out
    assert '"a": "\\u003cb\\u003e"' in noted
    assert json.loads(noted)["manifests"][0]["annotations"] == {"a": "<b>"}
    assert json.loads(noted)["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}


def test_append_adds_to_what_the_tag_has(kit, pushed):
    assert _create(kit, "-t", f"{pushed}:both", f"{pushed}:amd64").code == 0
    assert _create(kit, "--append", "-t", f"{pushed}:both", f"{pushed}:arm64").code == 0
    index = oci.parse(kit.docker("buildx", "imagetools", "inspect", "--raw", f"{pushed}:both").out.encode())
    assert [str(each) for each in index.platforms] == ["linux/amd64", "linux/arm64"]


def test_one_index_is_copied_as_it_is_and_one_image_only_on_demand(kit, pushed):
    _create(kit, "-t", f"{pushed}:both", f"{pushed}:amd64", f"{pushed}:arm64")
    raw = kit.docker("buildx", "imagetools", "inspect", "--raw", f"{pushed}:both").out
    assert _create(kit, "--dry-run", f"{pushed}:both").out == raw + "\n"
    assert "manifests" in json.loads(_create(kit, "--dry-run", f"{pushed}:amd64").out)
    assert "layers" in json.loads(_create(kit, "--dry-run", "--prefer-index=false", f"{pushed}:amd64").out)


def test_another_repository_gets_the_layers_too(kit, ecr, pushed, scripted):
    done = _create(kit, "-t", f"{scripted.host}/other:1", f"{pushed}:amd64", f"{pushed}:arm64")
    assert done.code == 0, done.err
    assert len(scripted.manifests) == 4  # two images, and the index by digest and by tag
    assert scripted.blobs
    kit.docker("rmi", f"{pushed}:amd64")
    assert kit.docker("pull", "--platform=linux/amd64", f"{scripted.host}/other:1").code == 0


NONE = "sha256:" + "0" * 64
REFUSED = {
    (): "no sources specified",
    ("a", "b"): "can't push with no tags specified, please set --tag or --dry-run",
    ("--dry-run", "-f", "nofile"): "open nofile: no such file or directory",
    ("-t", "Bad", "a"): "invalid reference format: repository name (library/Bad) must be lowercase",
    ("--dry-run", "sha256:00"): 'failed to parse source "sha256:00", valid sources are digests, references and descrip',
    ("--dry-run", NONE): "no repositories specified, please set a reference in tag or source",
    ("--dry-run", "-t", "h.x/a", "h.x/b", NONE): "multiple repositories specified, cannot infer repository for",
    ("--dry-run", "{}"): 'failed to parse source "{}", valid sources are digests, references and descriptors',
    ("--dry-run", "{"): 'failed to parse source "{", valid sources are digests, references and descriptors',
    ("--dry-run", '{"schemaVersion": 2}'): 'failed to parse source "{"schemaVersion": 2}"',
    ("--dry-run", "--progress=bogus", "a"): "invalid progress mode bogus",
    ("--dry-run", "--builder", "nope", "a"): 'no builder "nope" found',
}


@pytest.mark.parametrize(("words", "said"), REFUSED.items(), ids=lambda each: " ".join(each)[:40])
def test_what_cannot_be_made_is_told_in_buildxs_words(kit, words, said):
    result = _create(kit, *words)
    assert (result.code, f"ERROR: {said}" in result.err) == (1, True), result.err


@pytest.mark.parametrize("flag", ["--annotation", "--metadata-file", "--platform"])
def test_what_create_does_not_have_is_refused_by_name(kit, flag):
    said = _create(kit, flag, "x", "a").err
    assert f"docker buildx imagetools create {flag} needs a Docker Engine" in said


def test_a_source_that_the_registry_has_not_is_named(kit, pushed):
    assert f"{pushed}:none: not found" in _create(kit, "--dry-run", f"{pushed}:none", f"{pushed}:amd64").err


@pytest.mark.docker
def test_the_index_has_the_bytes_of_a_real_buildx(kit, ecr, pushed, docker):
    login = ["docker", "login", "-u", "AWS", "--password-stdin", ecr.host]
    subprocess.run(login, env=docker, input=ecr.password("admin"), text=True, check=True, capture_output=True)
    words = ("buildx", "imagetools", "create", "--dry-run", f"{pushed}:amd64", f"{pushed}:arm64")
    real = subprocess.run(["docker", *words], env=docker, capture_output=True, text=True)
    assert real.returncode == 0, real.stderr
    assert kit.docker(*words).out == real.stdout
