"""Reading an archive or a layout, whole or damaged."""

import gzip
import io
import json
import tarfile

import pytest

from labs import oci
from labs.engine.archive import layer_entries, read_archive
from labs.errors import LabError

AMD64, ARM64 = oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64")
BOTH = "--platform=linux/amd64,linux/arm64"


def _layout(folder, top, *, media_type, platform=None, annotations=None):
    entry = {"mediaType": media_type, "digest": oci.sha256(top), "size": len(top)}
    entry |= {"platform": platform} if platform else {}
    entry |= {"annotations": annotations} if annotations else {}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def _blob(folder, data):
    (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (folder / "blobs" / "sha256" / oci.sha256(data)[7:]).write_bytes(data)
    return data


def _manifest(folder, layer=b"", **config):
    about = _blob(folder, json.dumps({"os": "linux", "architecture": "arm64", **config}).encode())
    data = _blob(folder, layer)
    document = {
        "schemaVersion": 2,
        "config": {"mediaType": oci.OCI_CONFIG, "digest": oci.sha256(about), "size": len(about)},
        "layers": [{"mediaType": oci.OCI_LAYER_GZIP, "digest": oci.sha256(data), "size": len(data)}],
    }
    return _blob(folder, json.dumps(document).encode())


@pytest.fixture
def archive(kit, tmp_path):
    """A two-platform archive of a build."""
    kit.build(
        "FROM base:1\nCOPY secret /secret\nUSER 5\n", {"secret": "s3"}, BOTH, "-o", f"type=oci,dest={tmp_path}/x.tar"
    )
    return tmp_path / "x.tar"


def test_platforms_configs_and_files_are_read_without_unpacking(archive):
    image = read_archive(archive)
    assert image.platforms == (AMD64, ARM64)
    assert image.config(ARM64)["config"]["User"] == "5"
    files = {path: (oct(info.mode), read()) for path, info, read in image.files(ARM64)}
    assert files["secret"] == ("0o644", b"s3")
    assert files["tmp"][0] == "0o1777"


def test_a_platform_that_is_not_there_names_those_that_are(archive):
    with pytest.raises(LabError, match="has no image for linux/s390x; it has: linux/amd64, linux/arm64"):
        read_archive(archive).config(oci.Platform("linux", "s390x"))


def test_a_single_manifest_reads_as_an_index_of_one(tmp_path):
    top = _manifest(tmp_path)
    _layout(tmp_path, top, media_type=oci.OCI_MANIFEST)
    assert read_archive(tmp_path).platforms == (ARM64,)
    assert read_archive(tmp_path).digest == oci.sha256(top)


def test_a_nested_index_is_flattened_and_attestations_are_told_apart(tmp_path):
    manifest = _manifest(tmp_path)
    entry = {"mediaType": oci.OCI_MANIFEST, "digest": oci.sha256(manifest), "size": len(manifest)}
    proof = _manifest(tmp_path, b"proof", architecture="unknown", os="unknown")
    about = {"mediaType": oci.OCI_MANIFEST, "digest": oci.sha256(proof), "size": len(proof)}
    about |= {"platform": {"os": "unknown", "architecture": "unknown"}}
    about |= {"annotations": {oci.ATTESTATION: "attestation-manifest"}}
    index = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [entry, about]}
    inner = _blob(tmp_path, json.dumps(index).encode())
    _layout(tmp_path, inner, media_type=oci.OCI_INDEX)
    image = read_archive(tmp_path)
    assert image.platforms == (ARM64,)
    assert [each.digest for each in image.attestations] == [oci.sha256(proof)]
    assert image.digest == oci.sha256(inner)


def test_an_image_named_twice_is_one_image(archive, kit, tmp_path):
    context = str(kit.context("FROM base:1\n"))
    kit.docker("build", BOTH, "-t", "a:1", "-t", "a:2", "-o", f"type=oci,dest={tmp_path}/y.tar", context)
    assert read_archive(tmp_path / "y.tar").platforms == (AMD64, ARM64)


def _rewritten(archive, change):
    """The archive again, with one member's bytes changed or left out."""
    out = archive.with_name("bad.tar")
    with tarfile.open(archive) as source, tarfile.open(out, "w") as target:
        for member in source:
            data = source.extractfile(member).read() if member.isreg() else b""
            data = change(member.name, data)
            if data is not None:
                member.size = len(data)
                target.addfile(member, io.BytesIO(data))
    return out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda name, data: None if name == "index.json" else data, "it has no index.json"),
        (lambda name, data: b"{" if name == "index.json" else data, "is damaged"),
        (lambda name, data: b"[]" if name == "index.json" else data, "is damaged"),
        (lambda name, data: b'{"manifests":[]}' if name == "index.json" else data, "holds no image"),
        (
            lambda name, data: data[:-1] + b" " if name.startswith("blobs/sha256/") else data,
            "does not have that digest",
        ),
        (lambda name, data: None if name.startswith("blobs/sha256/") else data, "is incomplete"),
    ],
)
def test_a_damaged_archive_is_one_sentence(archive, change, words):
    with pytest.raises(LabError, match=words):
        _read_all(_rewritten(archive, change))


def _read_all(file):
    image = read_archive(file)
    for platform in image.platforms:
        for _, _, read in image.files(platform):
            read()


def test_what_is_no_archive_is_one_sentence(tmp_path):
    (tmp_path / "x").write_bytes(b"hello")
    for name, words in (("x", "is not an OCI archive"), ("gone", "There is no file gone"), ("", "has no index.json")):
        with pytest.raises(LabError, match=words):
            read_archive(tmp_path / name)


def test_docker_save_of_old_is_told_apart(tmp_path):
    with tarfile.open(tmp_path / "old.tar", "w") as out:
        out.addfile(tarfile.TarInfo("manifest.json"))
    with pytest.raises(LabError, match="format of docker save before Docker 25"):
        read_archive(tmp_path / "old.tar")


def test_a_layer_that_unpacks_to_too_much_is_refused():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as out:
        info = tarfile.TarInfo("zeros")
        info.size = 1 << 20
        out.addfile(info, io.BytesIO(bytes(info.size)))
    packed = io.BytesIO(gzip.compress(data.getvalue()))
    with pytest.raises(LabError, match="too large when unpacked"):
        [read() for _, _, read in layer_entries(packed, "The layer", limit=1 << 16)]


def test_a_zstd_layer_is_named():
    with pytest.raises(LabError, match="zstd"):
        list(layer_entries(io.BytesIO(b"\x28\xb5\x2f\xfd...."), "The layer"))
