"""What was acknowledged survives SIGKILL; what was not leaves nothing to be served; damage is one clear sentence."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from labs.cloud.registry.rules.registry_errors import EcrError, Fault
from labs.cloud.registry.store.blobs import BlobStore
from labs.errors import LabError
from tests.cloud.registry.lab_registry import (
    ACCOUNT,
    OCI_MANIFEST,
    REGION,
    Client,
    EcrStore,
    Watch,
    digest_of,
    image_manifest,
)

PROGRAM = Path(__file__).parents[1] / "lab_registry.py"


@contextmanager
def process(state):
    """A registry in a process of its own: (client of repository app, kill)."""
    running = subprocess.Popen([sys.executable, PROGRAM, state], stdout=subprocess.PIPE, text=True)
    client = None

    def kill():
        os.kill(running.pid, signal.SIGKILL)
        running.wait(60)

    try:
        said = json.loads(running.stdout.readline())
        client = Client(said["host"], said["authorization"], "app")
        yield client, kill
    finally:
        if running.poll() is None:
            kill()
        running.stdout.close()
        if client:
            client.close()


def open_store(folder, clock=None):
    return EcrStore(folder, ACCOUNT, REGION, clock or Watch())


def test_what_was_acknowledged_survives_sigkill(tmp_path):
    big = random.Random(5).randbytes(3_000_000)
    with process(tmp_path) as (client, kill):
        digest = client.push_image("v1", big)
        loose = client.push_blob(b"loose")
        location = client.start()
        client.patch(location, b"first half, ")
        kill()
    with process(tmp_path) as (client, _):
        assert client.get("manifests/v1").headers["Docker-Content-Digest"] == digest
        assert client.get(f"blobs/{digest_of(big)}").body == big
        assert client.get(f"blobs/{loose}").body == b"loose"
        assert client.get(location).headers["Range"] == "0-11"
        whole = b"first half, second half"
        assert client.put(f"{location}?digest={digest_of(whole)}", b"second half").status == 201
        assert client.get(f"blobs/{digest_of(whole)}").body == whole


def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_half_written_served(tmp_path):
    """Six rounds: a client pushes small images without end, the server is killed in the middle."""
    chance = random.Random(20261123)
    acknowledged = {}
    for turn in range(6):
        with process(tmp_path) as (client, kill):
            timer = threading.Timer(chance.uniform(0.05, 0.4), kill)
            try:
                for number in range(100_000):
                    layer = f"{turn}-{number}".encode() * chance.randrange(1, 20_000)
                    tag = f"t{turn}-{number}"
                    acknowledged[tag] = (client.push_image(tag, layer), layer)
                    if number == 1:  # not sooner: on a busy machine there would be nothing to lose
                        timer.start()
            except (OSError, http.client.HTTPException):  # the connection broke
                timer.join()
    assert len(acknowledged) > 6
    with process(tmp_path) as (client, _):
        for tag, (digest, layer) in acknowledged.items():
            assert digest_of(client.get(f"manifests/{tag}").body) == digest
            assert client.get(f"blobs/{digest_of(layer)}").body == layer
    blobs = [path for path in (tmp_path / "registry" / "blobs").rglob("*") if path.is_file()]
    assert all(digest_of(path.read_bytes(), path.parent.parent.name).endswith(path.name) for path in blobs)


def test_an_upload_that_breaks_off_is_never_served_and_can_go_on(admin):
    data = b"0123456789" * 1000
    location = admin.start()
    admin._connection.putrequest("PUT", f"{location}?digest={digest_of(data)}")
    admin._connection.putheader("Authorization", admin.authorization)
    admin._connection.putheader("Content-Length", str(len(data)))
    admin._connection.endheaders(data[:4000])
    admin._connection.close()
    assert admin.head(f"blobs/{digest_of(data)}").status == 404
    deadline = threading.Event()
    while admin.put(f"{location}?digest={digest_of(data)}", data).status == 409:
        assert not deadline.wait(0.01)  # until the server has seen the other connection end
    assert admin.get(f"blobs/{digest_of(data)}").body == data


def test_leftovers_are_swept_at_the_start(tmp_path, registry, admin):
    kept = admin.push_blob(b"kept")
    location = admin.start()
    folder = tmp_path / "state" / "registry"
    (folder / "uploads" / "leftover").write_bytes(b"half")
    orphan = folder / "blobs" / "sha256" / "00" / ("00" * 32)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"renamed, but never acknowledged")
    again = open_store(tmp_path / "state")
    again.close()
    assert not orphan.exists()
    assert [path.name for path in (folder / "uploads").iterdir()] == [location.rsplit("/", 1)[1]]
    assert admin.get(f"blobs/{kept}").body == b"kept"


def test_an_upload_nobody_finished_is_swept_after_a_day(tmp_path, registry, admin):
    admin.start()
    clock = Watch()
    clock.ahead = timedelta(days=2)
    open_store(tmp_path / "state", clock).close()
    assert list((tmp_path / "state" / "registry" / "uploads").iterdir()) == []


def test_a_blob_that_was_damaged_on_disk_is_not_served(registry, admin, tmp_path):
    digest = admin.push_blob(b"content")
    path = tmp_path / "state" / "registry" / "blobs" / "sha256" / digest[7:9] / digest[7:]
    path.write_bytes(b"cut")
    assert admin.get(f"blobs/{digest}").error[:2] == (404, "BLOB_UNKNOWN")
    path.unlink()
    assert admin.get(f"blobs/{digest}").error[:2] == (404, "BLOB_UNKNOWN")


def test_pushing_a_damaged_blob_again_fixes_it(registry, admin, tmp_path):
    digest = admin.push_blob(b"content")
    path = tmp_path / "state" / "registry" / "blobs" / "sha256" / digest[7:9] / digest[7:]
    path.unlink()
    admin.push_blob(b"content")
    assert admin.get(f"blobs/{digest}").body == b"content"


def test_a_symlink_planted_in_the_state_folder_is_not_followed(registry, admin, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"content")
    digest = admin.push_blob(b"content")
    path = tmp_path / "state" / "registry" / "blobs" / "sha256" / digest[7:9] / digest[7:]
    path.unlink()
    path.symlink_to(secret)
    assert admin.get(f"blobs/{digest}").status == 404


def test_no_step_of_an_upload_follows_a_link_planted_in_its_place(registry, admin, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"a file of the user's")
    upload = admin.start().rpartition("/")[2]
    (planted,) = (tmp_path / "state" / "registry").rglob(upload)
    planted.unlink()
    planted.symlink_to(outside)
    blobs = BlobStore(tmp_path / "state" / "registry")
    for step in (
        lambda: blobs.cut(upload, 0),
        lambda: blobs.digest_of(upload, "sha256"),
        lambda: blobs.flush(upload),
        lambda: blobs.append(upload, 0, None, ()),
    ):
        with pytest.raises(OSError, match="symbolic links"):
            step()
    assert outside.read_bytes() == b"a file of the user's"


def test_a_damaged_database_is_one_clear_sentence(tmp_path):
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "ecr.sqlite3").write_bytes(b"not a database" * 1000)
    with pytest.raises(LabError, match=r"damaged: .*ecr\.sqlite3 cannot be read \(file is not a database\)"):
        open_store(tmp_path)


def test_the_state_folder_is_its_owners(registry, tmp_path):
    assert (tmp_path / "state" / "registry").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_503_and_the_next_push_works(registry, admin, monkeypatch):
    def full(fd, data):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("labs.cloud.registry.store.blobs.os.write", full)
        answer = admin.put(f"{admin.start()}?digest={digest_of(b'layer')}", b"layer")
    assert answer.error == (
        503,
        "UNAVAILABLE",
        "The local AWS cannot use its state folder: No space left on device (simulated wording)",
    )
    admin.push_image("v1")


def test_a_deletion_that_was_not_committed_keeps_the_content(registry, admin, tmp_path, monkeypatch):
    """The bytes go after the commit: a kill in between must not lose an image that still exists."""
    digest = admin.push_image("v1")
    repository = registry.store.repositories.find("lab/app")

    class Killed(BaseException):
        pass

    def die(write):
        raise Killed

    monkeypatch.setattr("labs.cloud.registry.store.images.take_orphans", die)
    with pytest.raises(Killed):
        registry.store.images.delete(repository, digest=digest)
    assert admin.get("manifests/v1").status == 200
    assert admin.get(f"blobs/{digest_of(b'layer')}").body == b"layer"


def test_a_layer_of_a_repository_deleted_meanwhile_is_not_kept(registry, admin, tmp_path):
    repository = registry.store.repositories.find("lab/app")
    upload = registry.store.uploads.start(repository)

    class Slow:
        def __init__(self):
            self.rest = b"layer"

        def readinto(self, buffer):
            data, self.rest = self.rest, b""
            buffer[: len(data)] = data
            if not data:
                registry.call("DeleteRepository", repositoryName="lab/app")
            return len(data)

    with pytest.raises(EcrError) as refused:
        registry.store.uploads.finish(repository, upload, digest_of(b"layer"), Slow())
    assert refused.value.fault is Fault.UPLOAD_MISSING
    assert [path for path in (tmp_path / "state" / "registry" / "blobs").rglob("*") if path.is_file()] == []


def test_an_image_put_while_its_layers_go_is_whole_or_refused(registry, admin):
    """The check of the layers and the image are one transaction."""
    admin.push_image("v1")
    body = image_manifest(annotations={"another": "one"})
    results = []

    def delete():
        client = registry.client()
        results.append(client.delete(f"manifests/{digest_of(image_manifest())}").status)

    thread = threading.Thread(target=delete)
    thread.start()
    status = admin.put("manifests/v2", body, Content_Type=OCI_MANIFEST).status
    thread.join(10)
    assert results == [202]
    assert status in (201, 400)
    assert admin.get(f"blobs/{digest_of(b'layer')}").status == (200 if status == 201 else 404)
