"""An image is looked over by its bytes: whose programs, whose build, and what should not be in it."""

import gzip
import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from labs import oci
from labs.engine.archive import Image, read_archive
from labs.subjects.image.examination import examine, other_build

pytestmark = pytest.mark.unit
AMD64, ARM64 = oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64")
BOTH = (AMD64, ARM64)
MACHINE = {AMD64: 62, ARM64: 183}
PROGRAM = "print('hello')\n"


def elf(platform: oci.Platform) -> bytes:
    return b"\x7fELF\x02\x01" + bytes(12) + struct.pack("<H", MACHINE[platform]) + bytes(40)


def layer(files: dict[str, bytes], time: int) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), 0o755, time
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue())


def build(folder: Path, time: int = 0, **change: Any) -> Image:
    """An image for both platforms, as the work folder gives it; ``change``: files, config, or programs swapped."""

    def put(data: bytes, media_type: str) -> dict[str, Any]:
        place = folder / "blobs" / "sha256"
        place.mkdir(parents=True, exist_ok=True)
        (place / oci.sha256(data)[7:]).write_bytes(data)
        return {"mediaType": media_type, "digest": oci.sha256(data), "size": len(data)}

    listed = []
    for platform in BOTH:
        code = elf(change.get("code", {}).get(platform, platform))
        files = {"usr/bin/python": code, "app/app.py": PROGRAM.encode(), **change.get("files", {})}
        config = {"User": "10001:10001", "Entrypoint": ["python", "/app/app.py"], **change.get("config", {})}
        if "started" in change:
            # It is found before /usr/bin/python, and lies behind it in the layer.
            files["usr/local/bin/python"] = elf(change["started"].get(platform, platform))
        history = [{"created_by": each} for each in change.get("history", ())]
        document = {"os": "linux", "architecture": platform.architecture, "config": config, "history": history}
        manifest = {
            "schemaVersion": 2,
            "config": put(json.dumps(document).encode(), oci.OCI_CONFIG),
            "layers": [put(layer(files, time), oci.OCI_LAYER_GZIP)],
        }
        entry = put(json.dumps(manifest).encode(), oci.OCI_MANIFEST)
        listed.append({**entry, "platform": {"os": "linux", "architecture": platform.architecture}})
    index = put(
        json.dumps({"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": listed}).encode(), oci.OCI_INDEX
    )
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}))
    return read_archive(folder)


def test_an_image_as_it_should_be_has_no_fault(tmp_path: Path) -> None:
    assert examine(build(tmp_path), BOTH, "the-secret") is None


@pytest.mark.parametrize(
    ("change", "name", "platform", "words"),
    [
        ({"code": {ARM64: AMD64}}, "wrong_machine_code", ARM64, "the same layers as in the image for linux/amd64"),
        ({"code": {AMD64: ARM64, ARM64: AMD64}}, "wrong_machine_code", AMD64, "is a program for arm64"),
        ({"config": {"User": ""}}, "runs_as_root", AMD64, "USER (none is set)"),
        ({"config": {"User": "app"}}, "runs_as_root", AMD64, "USER app; user app: no matching entries in passwd file"),
        ({"config": {"Env": ["A=the-secret"]}}, "secret_inside", AMD64, "the app's secret in ENV or LABEL A"),
        ({"config": {"Env": ["DB_PASSWORD=x1"]}}, "secret_inside", AMD64, "a value under a secret's name"),
        ({"config": {"Labels": {"api-token": "x1"}}}, "secret_inside", AMD64, "in ENV or LABEL api-token"),
        ({"files": {"app/.env": b"A=the-secret"}}, "secret_inside", AMD64, "the app's secret in the file /app/.env"),
        ({"files": {"usr/local/lib/x": b"dGhlLXNlY3JldA=="}}, "secret_inside", AMD64, "the app's secret in the file"),
        ({"files": {"usr/src/app/.env": b"DB_PASSWORD=hunter2"}}, "secret_inside", AMD64, "under a secret's name in"),
        ({"files": {"srv/db.yml": b"db:\n  password: hunter2\n"}}, "secret_inside", AMD64, "the file /srv/db.yml"),
        ({"files": {"root/.netrc": b"machine x login y password z1"}}, "secret_inside", AMD64, "/root/.netrc"),
        ({"files": {"app/.git-credentials": b"https://a:p1@github.com"}}, "secret_inside", AMD64, "inside an address"),
        ({"config": {"Labels": {"note": "dGhlLXNlY3JldA=="}}}, "secret_inside", AMD64, "in ENV or LABEL note"),
        ({"history": ["|1 API_KEY=abc123 /bin/sh -c make"]}, "secret_inside", AMD64, "in the history, step 1"),
        (
            {"started": {ARM64: AMD64}},
            "wrong_machine_code",
            ARM64,
            "/usr/local/bin/python in it is a program for amd64",
        ),
        (
            {
                "started": {ARM64: AMD64},
                "config": {"Entrypoint": ["/app/run"]},
                "files": {"app/run": b"#!/usr/bin/env python\n"},
            },
            "wrong_machine_code",
            ARM64,
            "/usr/local/bin/python in it",
        ),
    ],
)
def test_each_fault_is_found_in_the_bytes(
    tmp_path: Path, change: dict[str, Any], name: str, platform: oci.Platform, words: str
) -> None:
    fault = examine(build(tmp_path, **change), BOTH, "the-secret")
    assert fault is not None
    assert (fault.name, fault.platform) == (name, str(platform))
    assert words in fault.found
    assert "the-secret" not in fault.found


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"app/.env.example": b"DB_PASSWORD=changeme"}},
        {"files": {"app/.env": b"PORT=8080\nSECRET_NAME=app/db\nPASSWORD=${PASSWORD}\n"}},
        {"files": {"app/settings.ini": b"[tokens]\nmax_tokens = 4096\n"}},
        {"files": {"usr/share/doc/x.yml": b"password: example"}},
        {"files": {"app/test.py": b'login(password="example")'}},
        {"history": ['RUN /bin/sh -c curl -H "Authorization: Bearer ${TOKEN}" https://x']},
        {"config": {"Entrypoint": ["/app/run.sh"]}, "files": {"app/run.sh": b"#!/bin/sh\nexec python app.py\n"}},
        {"config": {"Entrypoint": None, "Cmd": ["python", "/app/app.py"]}},
        {"config": {"Entrypoint": ["nowhere"]}},
        {"files": {"opt/firmware": elf(ARM64)}},
    ],
    ids=str,
)
def test_what_only_looks_like_a_fault_is_none(tmp_path: Path, change: dict[str, Any]) -> None:
    assert examine(build(tmp_path, **change), BOTH, "the-secret") is None


@pytest.mark.parametrize("archived", [True, False])
def test_two_builds_of_one_folder_are_one_though_their_digests_differ(tmp_path: Path, archived: bool) -> None:
    program = tmp_path / "app.py"
    program.write_text(PROGRAM)
    mine, theirs = build(tmp_path / "mine", time=1), build(tmp_path / "theirs", time=2)
    assert mine.digest != theirs.digest
    assert other_build(theirs, BOTH, program, mine if archived else None) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": {"app/app.py": b"print(2)\n"}}, "/app/app.py is not the app.py of this work folder"),
        ({"config": {"User": "5"}}, "User is 5, and 10001:10001 in the archive of this work folder"),
        ({"config": {"Cmd": ["--quiet"]}}, "Cmd is ['--quiet'], and not set in the archive of this work folder"),
        ({"config": {"StopSignal": "SIGKILL"}}, "StopSignal is SIGKILL, and not set in the archive"),
        ({"config": {"Env": ["DEBUG=1"]}}, "ENV DEBUG is not in the archive of this work folder"),
        ({"files": {"app/other.py": b""}}, "/app/other.py is not in the archive of this work folder"),
    ],
)
def test_another_build_is_told_by_what_differs(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    program = tmp_path / "app.py"
    program.write_text(PROGRAM)
    theirs = build(tmp_path / "theirs", **change)
    found = other_build(theirs, BOTH, program, build(tmp_path / "mine"))
    assert found.startswith(f"in the image for linux/amd64, {words}")


def test_a_file_that_left_the_folder_after_the_archive_makes_no_other_build(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(PROGRAM)
    theirs, archive = build(tmp_path / "theirs"), build(tmp_path / "mine", files={"app/helper.py": b""})
    assert other_build(theirs, BOTH, program, archive) == ""
    (tmp_path / "helper.py").write_text("")
    found = other_build(theirs, BOTH, program, archive)
    assert found == "in the image for linux/amd64, /app/helper.py is only in the archive of this work folder"


def test_what_a_later_build_installs_in_the_base_makes_no_other_build(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(PROGRAM)
    change = {"files": {"usr/lib/new.so": b"x", "etc/new.conf": b"x", "app/__pycache__/app.pyc": b"x"}}
    assert other_build(build(tmp_path / "theirs", **change), BOTH, program, build(tmp_path / "mine")) == ""


def test_an_image_of_something_else_says_what_it_starts(tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    program.write_text(PROGRAM)
    found = other_build(build(tmp_path / "theirs"), BOTH, program, None)
    assert found == "in the image for linux/amd64, there is no main.py; it starts: python /app/app.py"
