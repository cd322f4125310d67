"""What cannot be read back is nowhere called there, and a push puts it back."""

import json
import os

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

LAYER = b"layer"
OTHER = {"repositoryName": "lab/other"}
APP = {"repositoryName": "lab/app"}


def file_of(registry, data):
    return registry.store.uploads._blobs.path(digest_of(data))


def keep_times(path, data):
    """Other bytes of the same length, with the times that the file had."""
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def link_away(path):
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def folder_instead(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "gone": lambda path: path.unlink(),
    "its folder gone": lambda path: (path.unlink(), path.parent.rmdir()),
    "empty": lambda path: path.write_bytes(b""),
    "shorter": lambda path: path.write_bytes(LAYER[:-1]),
    "longer": lambda path: path.write_bytes(LAYER + b"!"),
    "one bit": lambda path: path.write_bytes(b"layeR"),
    "other bytes under its old time": lambda path: keep_times(path, b"LAYER"),
    "a link to itself elsewhere": link_away,
    "a folder": folder_instead,
}


@pytest.fixture(params=DAMAGES)
def damaged(registry, admin, request):
    """An image v1 whose layer is lost in one of the ways."""
    admin.push_image("v1")
    assert admin.head(f"blobs/{digest_of(LAYER)}").status == 200
    path = file_of(registry, LAYER)
    DAMAGES[request.param](path)
    return path


def test_no_door_calls_a_lost_layer_there(registry, admin, damaged):
    digest = digest_of(LAYER)
    assert admin.head(f"blobs/{digest}").status == 404
    assert admin.get(f"blobs/{digest}").error[:2] == (404, "BLOB_UNKNOWN")
    said = registry.call("BatchCheckLayerAvailability", **APP, layerDigests=[digest])["layers"]
    assert said == [{"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}]
    assert registry.refused("GetDownloadUrlForLayer", **APP, layerDigest=digest)[0] == "LayersNotFoundException"


def test_no_door_calls_an_image_there_whose_layer_is_lost(registry, admin, damaged):
    words = f"Requested image not found ({digest_of(LAYER)} cannot be read back from the state folder"
    assert admin.head("manifests/v1").status == 404
    status, code, message = admin.get("manifests/v1").error
    assert (status, code) == (404, "MANIFEST_UNKNOWN")
    assert message.startswith(words)
    failure = registry.call("BatchGetImage", **APP, imageIds=[{"imageTag": "v1"}])["failures"][0]
    assert failure["failureCode"] == "ImageNotFound"
    assert failure["failureReason"].startswith(words)
    # It is listed, so that it can be deleted.
    assert registry.call("ListImages", **APP)["imageIds"]
    assert registry.call("BatchDeleteImage", **APP, imageIds=[{"imageTag": "v1"}])["failures"] == []


def test_a_manifest_over_a_lost_layer_is_refused(registry, admin, damaged):
    for body in (image_manifest(), image_manifest(annotations={"new": "yes"})):
        answer = admin.put("manifests/v2", body, Content_Type=OCI_MANIFEST)
        assert answer.error[:2] == (400, "MANIFEST_BLOB_UNKNOWN")
        assert digest_of(LAYER) in answer.error[2]
        code, _ = registry.refused("PutImage", **APP, imageManifest=body.decode(), imageTag="v2")
        assert code == "LayersNotFoundException"


def test_a_lost_layer_cannot_be_mounted(registry, admin, damaged):
    registry.call("CreateRepository", **OTHER)
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    other = registry.client(repository="lab/other")
    assert other.post(f"blobs/uploads/?mount={digest_of(LAYER)}&from=lab/app").status == 202
    assert other.head(f"blobs/{digest_of(LAYER)}").status == 404


def test_a_push_puts_a_lost_layer_back(registry, admin, damaged):
    admin.push_image("v1")
    assert admin.get(f"blobs/{digest_of(LAYER)}").body == LAYER
    assert admin.get("manifests/v1").body == image_manifest()


def test_the_layer_calls_put_a_lost_layer_back(registry, admin):
    admin.push_image("v1")
    file_of(registry, LAYER).write_bytes(b"lAyer")
    upload = {**APP, "uploadId": registry.call("InitiateLayerUpload", **APP)["uploadId"]}
    part = {"partFirstByte": 0, "partLastByte": 4, "layerPartBlob": "bGF5ZXI="}
    registry.call("UploadLayerPart", **upload, **part)
    registry.call("CompleteLayerUpload", **upload, layerDigests=[digest_of(LAYER)])
    assert admin.get(f"blobs/{digest_of(LAYER)}").body == LAYER


def test_an_index_over_an_image_that_is_lost_is_lost_too(registry, admin):
    child = admin.push_image("", layer=LAYER)
    index = index_manifest(child)
    assert admin.put("manifests/all", index, Content_Type=OCI_INDEX).status == 201
    nested = json.dumps(json.loads(index) | {"manifests": [{"mediaType": OCI_INDEX, "digest": digest_of(index)}]})
    nested = nested.replace('"digest"', '"size": 1, "digest"').encode()
    assert admin.put("manifests/nested", nested, Content_Type=OCI_INDEX).status == 201
    file_of(registry, LAYER).unlink()
    for tag in ("all", "nested"):
        assert admin.head(f"manifests/{tag}").status == 404
    refused = admin.put("manifests/again", index, Content_Type=OCI_INDEX)
    assert refused.error[:2] == (400, "MANIFEST_BLOB_UNKNOWN")
    admin.push_image("", layer=LAYER)
    for tag in ("all", "nested"):
        assert admin.get(f"manifests/{tag}").status == 200


def test_a_damaged_manifest_is_not_there_until_it_is_pushed_again(registry, admin):
    admin.push_image("v1")
    with registry.store.database.write() as write:
        write.execute("UPDATE image SET body = ?", (image_manifest().replace(b"layer", b"lAyer"),))
    assert admin.head("manifests/v1").status == 404
    admin.push_image("v1")
    assert admin.get("manifests/v1").body == image_manifest()


def test_a_size_that_the_database_has_wrong_is_mended_by_a_push(registry, admin):
    admin.push_image("v1")
    with registry.store.database.write() as write:
        write.execute("UPDATE blob SET size = 4 WHERE digest = ?", (digest_of(LAYER),))
    assert admin.head(f"blobs/{digest_of(LAYER)}").status == 404
    admin.push_image("v1")
    assert admin.get(f"blobs/{digest_of(LAYER)}").body == LAYER


def test_a_layer_is_hashed_again_only_when_its_file_has_changed(registry, admin, monkeypatch):
    admin.push_image("v1")
    hashed = []
    original = registry.store.uploads._blobs.__class__.has.__globals__["hashlib"].file_digest

    def counted(file, algorithm):
        hashed.append(file.name)
        return original(file, algorithm)

    monkeypatch.setattr("hashlib.file_digest", counted)
    for _ in range(3):
        assert admin.head(f"blobs/{digest_of(LAYER)}").status == 200
    assert hashed == []
    file_of(registry, LAYER).touch()
    for _ in range(3):
        assert admin.head(f"blobs/{digest_of(LAYER)}").status == 200
    assert len(hashed) == 1


def test_the_size_of_an_image_is_that_of_its_layers_not_of_its_manifest(registry, admin):
    told = json.loads(image_manifest())
    told["layers"][0]["size"] = 10**12
    for blob in (b"{}", LAYER):
        admin.push_blob(blob)
    assert admin.put("manifests/v1", json.dumps(told).encode(), Content_Type=OCI_MANIFEST).status == 201
    detail = registry.call("DescribeImages", **APP)["imageDetails"][0]
    assert detail["imageSizeInBytes"] == len(LAYER) + len(b"{}")
