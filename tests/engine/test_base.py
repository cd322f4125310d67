"""The base image: where it comes from, what it is made of, and that it is put into the local registry once."""

import gzip
import io
import json
import os
import sys
import tarfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labs import oci
from labs.engine import base
from labs.engine.archive import Image, read_archive
from labs.engine.base import PLATFORMS, PUBLIC_IMAGE, BaseKind, BaseSource, Prepared, ensure_base, prepare, put_base
from labs.engine.embedded.docker_credentials import Login
from labs.engine.embedded.image_store import Store, described
from labs.engine.embedded.reference import parse
from labs.engine.embedded.registry_client import RegistryClient
from labs.engine.embedded.transfer import Push
from labs.errors import LabError
from labs.session import Target, connect
from labs.session.local import stop_cloud

AMD64, ARM64 = PLATFORMS
EMBEDDED, DOCKER = SimpleNamespace(name="embedded"), SimpleNamespace(name="docker")
Lines = list[str]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("LAB_BASE", raising=False)
    monkeypatch.delenv("LAB_PYTHON_IMAGE", raising=False)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    home = tmp_path_factory.mktemp("home")
    env = {**os.environ, "LAB_HOME": str(home), "LAB_TARGET": "local"}
    try:
        yield connect(env)
    finally:
        stop_cloud(home)


@pytest.fixture
def target(shared: Target, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Target:
    """The local AWS, with a name for the base image that no other test uses."""
    monkeypatch.setattr(base, "NAME", f"public.ecr.aws/test/{request.node.name.lower().split('[')[0]}:1")
    return shared


def layer(store: Store, platform: oci.Platform) -> oci.Descriptor:
    """A one-layer image of a platform."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        entry = tarfile.TarInfo("etc/platform")
        data = str(platform).encode()
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    blob = store.add(gzip.compress(plain.getvalue(), mtime=0), oci.OCI_LAYER_GZIP)
    config = {
        "architecture": platform.architecture,
        "os": platform.os,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [oci.sha256(plain.getvalue())]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": described(store.add_json(config, oci.OCI_CONFIG)),
        "layers": [described(blob)],
    }
    made = store.add_json(manifest, oci.OCI_MANIFEST)
    return oci.Descriptor(made.media_type, made.digest, made.size, platform)


def index(store: Store, platforms: Sequence[oci.Platform]) -> oci.Descriptor:
    entries = [described(layer(store, platform)) for platform in platforms]
    return store.add_json({"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": entries}, oci.OCI_INDEX)


def archive(folder: Path, platforms: Sequence[oci.Platform]) -> Path:
    """An OCI archive of an image of those platforms."""
    store = Store(folder / "layout")
    store.tag(parse("python:3.13-slim"), index(store, platforms))
    with tarfile.open(folder / "python.tar", "w") as tar:
        for name in ("oci-layout", "index.json", "blobs"):
            tar.add(store.folder / name, name)
    return folder / "python.tar"


def in_registry(target: Target) -> oci.Index:
    """What anybody reads under the base image's name, without credentials."""
    name, tag = base.NAME.split(":")
    request = urllib.request.Request(f"http://{target.registry}/v2/{name}/manifests/{tag}")
    request.add_header("Accept", oci.OCI_INDEX)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        found = oci.parse(answer.read())
    assert isinstance(found, oci.Index)
    return found


# What it is made of


MMDEBSTRAP = """#!{python}
import io, sys, tarfile
open({calls!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
with tarfile.open(sys.argv[-1], "w") as tar:
    for name, kind, data in {entries!r}:
        entry = tarfile.TarInfo("./" + name)
        entry.type, entry.size, entry.mtime, entry.uname = kind, len(data), id(data) % 99999, "root"
        entry.mode = 0o755
        tar.addfile(entry, io.BytesIO(data))
"""
ENTRIES = [
    ("usr/bin/", tarfile.DIRTYPE, b""),
    ("usr/bin/python3", tarfile.REGTYPE, b"ELF"),
    ("dev/null", tarfile.CHRTYPE, b""),
    ("usr/share/doc/python3/README", tarfile.REGTYPE, b"long"),
    ("usr/share/doc/python3/copyright", tarfile.REGTYPE, b"PSF"),
]


@pytest.fixture
def mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Put an mmdebstrap on PATH; the file it returns lists its calls."""

    def make(script: str = MMDEBSTRAP) -> Path:
        calls = tmp_path / "calls"
        (tmp_path / "bin").mkdir()
        command = tmp_path / "bin" / "mmdebstrap"
        command.write_text(script.format(python=sys.executable, calls=str(calls), entries=ENTRIES))
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        return calls

    return make


def image_of(prepared: Prepared) -> Image:
    return prepared.store.image("base", prepared.index)


def test_debian_packages_become_an_image_of_both_platforms_with_python_on_its_path(
    mmdebstrap: Callable[..., Path], tmp_path: Path
) -> None:
    calls = mmdebstrap()
    image = image_of(prepare(BaseSource(BaseKind.DEBIAN)))
    assert image.platforms == PLATFORMS
    assert [line.split("--architectures=")[1].split()[0] for line in calls.read_text().splitlines()] == [
        "amd64",
        "arm64",
    ]
    for platform in PLATFORMS:
        files = {each.path: each.info for each in image.files(platform)}
        assert files["usr/bin/python"].linkname == "python3"
        assert files["tmp"].mode == 0o1777
        assert "etc/passwd" in files
        assert "usr/bin" in image.config(platform)["config"]["Env"][0]


def test_what_an_image_does_not_need_is_left_out_but_licences_stay(mmdebstrap: Callable[..., Path]) -> None:
    mmdebstrap()
    image = image_of(prepare(BaseSource(BaseKind.DEBIAN)))
    names = {each.path for each in image.files(AMD64)}
    assert "usr/share/doc/python3/copyright" in names
    assert not names & {"dev/null", "usr/share/doc/python3/README"}


def test_the_same_packages_give_the_same_digest_and_are_fetched_once(
    mmdebstrap: Callable[..., Path], tmp_path: Path
) -> None:
    calls = mmdebstrap()
    first = prepare(BaseSource(BaseKind.DEBIAN), tmp_path / "a")
    assert prepare(BaseSource(BaseKind.DEBIAN), tmp_path / "a").index.digest == first.index.digest
    assert len(calls.read_text().splitlines()) == 2
    assert prepare(BaseSource(BaseKind.DEBIAN), tmp_path / "b").index.digest == first.index.digest
    assert len(calls.read_text().splitlines()) == 4


def test_packages_that_cannot_be_fetched_are_an_error_with_mmdebstraps_reason(
    mmdebstrap: Callable[..., Path], tmp_path: Path
) -> None:
    mmdebstrap("#!/bin/sh\necho 'I: running' >&2\necho 'E: the mirror is away' >&2\nexit 1\n")
    with pytest.raises(LabError, match="packages for amd64 could not be fetched: the mirror is away"):
        prepare(BaseSource(BaseKind.DEBIAN))
    assert not list((tmp_path / "cache").rglob("*.new"))


def test_without_mmdebstrap_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError) as refused:
        prepare(BaseSource(BaseKind.DEBIAN))
    assert "mmdebstrap is not installed" in refused.value.what
    assert "apt install mmdebstrap" in refused.value.next_step


def test_a_damaged_download_is_removed_so_that_the_next_run_mends_it(
    mmdebstrap: Callable[..., Path], tmp_path: Path
) -> None:
    mmdebstrap()
    damaged = tmp_path / "c" / "debian-bookworm-amd64.tar"
    damaged.parent.mkdir()
    damaged.write_bytes(b"not a tar" * 999)
    with pytest.raises(LabError, match="was damaged"):
        prepare(BaseSource(BaseKind.DEBIAN), tmp_path / "c")
    assert image_of(prepare(BaseSource(BaseKind.DEBIAN), tmp_path / "c")).platforms == PLATFORMS


def test_of_an_archive_only_the_labs_platforms_are_taken(tmp_path: Path) -> None:
    file = archive(tmp_path, (AMD64, ARM64, oci.Platform("linux", "s390x")))
    assert len(read_archive(file).platforms) == 3
    assert image_of(prepare(BaseSource(BaseKind.ARCHIVE, str(file)))).platforms == PLATFORMS


def test_an_archive_without_arm64_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"python\.tar has no image for linux/arm64"):
        prepare(BaseSource(BaseKind.ARCHIVE, str(archive(tmp_path, (AMD64,)))))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.tar").write_text("hello")
    with pytest.raises(LabError, match=r"notes\.tar is not an OCI archive"):
        prepare(BaseSource(BaseKind.ARCHIVE, str(tmp_path / "notes.tar")))


def test_a_registry_that_is_not_reached_is_an_error_at_once() -> None:
    with pytest.raises(LabError, match=r"127\.0\.0\.1:9 cannot be reached"):
        prepare(BaseSource(BaseKind.REGISTRY, "127.0.0.1:9/python:3.13-slim"))


# Where it goes


def test_on_aws_the_public_image_is_named_and_nothing_is_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    aws: Any = SimpleNamespace(name="aws")
    assert ensure_base(aws, DOCKER) == PUBLIC_IMAGE
    monkeypatch.setenv("LAB_PYTHON_IMAGE", "mirror.example.com/python:3.13")
    assert ensure_base(aws, DOCKER) == "mirror.example.com/python:3.13"


def test_the_embedded_engine_brings_its_own_and_says_so_once(target: Target) -> None:
    lines: Lines = []
    name = ensure_base(target, EMBEDDED, lines.append)
    assert name == f"{target.registry}/{base.NAME}"
    assert in_registry(target).platforms == PLATFORMS
    assert len(lines) == 1
    assert "minimal" in lines[0]
    ensure_base(target, EMBEDDED, lines.append)
    assert len(lines) == 1


def test_the_command_says_in_one_line_that_it_is_there_already(target: Target) -> None:
    lines: Lines = []
    for _ in range(2):
        put_base(target, BaseSource(BaseKind.MINIMAL), False, lines.append)
    put_base(target, None, False, lines.append)
    assert [" is now " in line for line in lines] == [True, False, False]
    assert all("is already there" in line for line in lines[1:])


def test_a_docker_engine_gets_no_minimal_base(target: Target) -> None:
    with pytest.raises(LabError, match="has no Python in it"):
        put_base(target, BaseSource(BaseKind.MINIMAL), True)


def test_a_minimal_base_is_replaced_when_a_docker_engine_has_come(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_base(target, EMBEDDED, lambda line: None)
    minimal = in_registry(target)
    monkeypatch.setenv("LAB_BASE", str(archive(tmp_path, PLATFORMS)))
    ensure_base(target, DOCKER, lambda line: None)
    assert in_registry(target) != minimal


def test_an_image_is_copied_from_another_registry_without_its_other_platforms(target: Target, tmp_path: Path) -> None:
    store = Store(tmp_path / "theirs")
    theirs = parse(f"{target.registry}/public.ecr.aws/somebody/python:9")
    registry = RegistryClient(theirs.host, Login("AWS", target.registry_password()))
    Push(registry, store.blobs, theirs).run(index(store, (AMD64, oci.Platform("linux", "s390x"), ARM64)))
    registry.close()
    lines: Lines = []
    put_base(target, BaseSource(BaseKind.REGISTRY, str(theirs)), True, lines.append)
    assert in_registry(target).platforms == PLATFORMS
    assert lines == [f"base image: {target.registry}/{base.NAME} is now a copy of {theirs}"]
    put_base(target, None, True, lines.append)
    assert "is already there: a copy of" in lines[1]


def test_when_no_source_works_every_reason_is_named(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PUBLIC_IMAGE", "127.0.0.1:9/python:3.13-slim")
    monkeypatch.setenv("PATH", str(tmp_path))
    local: Any = SimpleNamespace(name="local", registry=target.registry, registry_password=lambda: "")
    with pytest.raises(LabError) as refused:
        put_base(local, None, True, lambda line: None)
    assert "registry: 127.0.0.1:9 cannot be reached" in refused.value.what
    assert "debian: Debian packages cannot be used: mmdebstrap is not installed" in refused.value.what
    assert "labs base --from-archive FILE" in refused.value.next_step


def test_a_source_in_the_environment_that_does_not_exist_is_refused(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_BASE", "debain")
    with pytest.raises(LabError, match="LAB_BASE is 'debain'"):
        put_base(target, None, True)


def test_the_index_says_where_the_image_came_from(tmp_path: Path) -> None:
    prepared = prepare(BaseSource(BaseKind.ARCHIVE, str(archive(tmp_path, PLATFORMS))))
    document = json.loads(prepared.store.read(prepared.index))
    assert document["annotations"]["fargate-lab-kit.base.source"] == "archive"
