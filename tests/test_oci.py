"""Reading image manifests: what is one, and one clear sentence for what is not."""

import json

import pytest

from labs import oci

DIGEST = "sha256:" + "0" * 64
CONFIG = {"mediaType": oci.OCI_CONFIG, "digest": DIGEST, "size": 2}


def test_a_manifest_gives_its_config_and_layers():
    found = oci.parse(json.dumps({"config": CONFIG, "layers": [CONFIG]}).encode())
    assert isinstance(found, oci.Manifest)
    assert (found.config.digest, len(found.layers)) == (DIGEST, 1)


def test_a_manifest_of_no_layers_is_read_as_buildkit_writes_it():
    found = oci.parse(b'{"config": {"digest": "sha256:c"}, "layers": null}')
    assert (found.config.digest, found.layers) == ("sha256:c", ())


def test_an_index_gives_its_platforms_and_leaves_attestations_out():
    entries = [
        {**CONFIG, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {**CONFIG, "platform": {"os": "unknown", "architecture": "unknown"}, "annotations": {oci.ATTESTATION: "a"}},
    ]
    found = oci.parse(json.dumps({"manifests": entries}).encode(), oci.DOCKER_LIST)
    assert isinstance(found, oci.Index)
    assert [str(each) for each in found.platforms] == ["linux/arm64"]


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"{}", b"[" * 100_000, b'{"subject": {}, "manifests": []}', b'{"config": {}, "layers": []}'],
    ids=["nothing", "half", "a list", "empty", "deep", "a subject without a digest", "a config without a digest"],
)
def test_what_is_no_image_is_one_sentence(document):
    with pytest.raises(oci.NotAnImage, match=r"^The manifest "):
        oci.parse(document)


@pytest.mark.parametrize(
    ("text", "means"), [("linux/x86_64", "linux/amd64"), ("Linux/aarch64", "linux/arm64"), ("linux/arm/v7",) * 2]
)
def test_a_platform_has_one_spelling(text, means):
    assert str(oci.Platform.parse(text)) == means


@pytest.mark.parametrize("text", ["", "linux", "linux/", "a/b/c/d"])
def test_what_is_no_platform_is_refused(text):
    with pytest.raises(ValueError, match="is not a platform"):
        oci.Platform.parse(text)
