"""A small Python base image from Debian's own packages, for a machine that reaches a Debian mirror but no registry.

mmdebstrap unpacks python3-minimal and the standard library for each platform (nothing is run, so arm64 needs no
emulation); the image is assembled here: one layer a platform, in a fixed spelling, so that the same packages give the
same digests.
"""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from labs import oci
from labs.engine.embedded.image_store import Store, described
from labs.engine.hashing import Hashing
from labs.errors import LabError

# A Debian architecture has the same name as an OCI one for both platforms of the lab.
PACKAGES = "python3-minimal,libpython3-stdlib"  # python3-minimal alone has no json and no http.server
SUITE = "bookworm"
BOOTSTRAP_S = 300
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Not needed to run a program: a third of the size.
_LEFT_OUT = (
    "dev/",
    "boot/",
    "usr/share/doc/",
    "usr/share/info/",
    "usr/share/lintian/",
    "usr/share/locale/",
    "usr/share/man/",
    "usr/lib/python3.11/idlelib/",
    "usr/lib/python3.11/lib2to3/",
    "usr/lib/python3.11/pydoc_data/",
    "usr/lib/python3.11/test/",
    "usr/lib/x86_64-linux-gnu/gconv/",
    "usr/lib/aarch64-linux-gnu/gconv/",
    "var/cache/",
    "var/lib/apt/",
    "var/lib/dpkg/info/",
    "var/log/",
)
_KEPT = "/copyright"  # the licences of what is in the image stay in it
_ADDED = {
    "etc/passwd": b"root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}


def unavailable() -> str:
    """Why Debian packages cannot be used here, or empty."""
    return "" if shutil.which("mmdebstrap") else "mmdebstrap is not installed"


def image(store: Store, cache: Path, platforms: tuple[oci.Platform, ...]) -> oci.Descriptor:
    """Build the image of those platforms into ``store``; what was downloaded stays in ``cache`` for the next time.

    LabError with mmdebstrap's last line when the packages cannot be had.
    """
    entries = []
    for platform in platforms:
        archive = cache / f"debian-{SUITE}-{platform.architecture}.tar"
        if not archive.exists():
            _bootstrap(platform.architecture, archive)
        entries.append(described(_manifest(store, platform, archive)))
    document = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": entries}
    return store.add_json(document, oci.OCI_INDEX)


def _bootstrap(architecture: str, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    fresh = destination.with_name(f"{destination.name}.{os.getpid()}.new")
    command = ["mmdebstrap", "--quiet", "--variant=extract", "--format=tar", f"--architectures={architecture}"]
    try:
        done = subprocess.run(
            [*command, f"--include={PACKAGES}", SUITE, str(fresh)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BOOTSTRAP_S,
            check=False,
        )
        if done.returncode == 0:
            fresh.replace(destination)
            return
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["it gave no reason"]
        what = f"Debian's packages for {architecture} could not be fetched: {lines[0].removeprefix('E: ')}"
    except subprocess.TimeoutExpired:
        what = f"Debian's packages for {architecture} could not be fetched within {BOOTSTRAP_S} s"
    except OSError as error:
        what = f"mmdebstrap could not be started: {error.strerror}"
    finally:
        fresh.unlink(missing_ok=True)
    raise LabError(what + ".", "use another source: labs base --help", id="debian-packages-not-fetched")


def _manifest(store: Store, platform: oci.Platform, archive: Path) -> oci.Descriptor:
    layer, diff_id = _layer(store, archive)
    config = {
        "architecture": platform.architecture,
        "os": platform.os,
        "config": {
            "Env": [f"PATH={PATH}", "LANG=C.UTF-8"],
            "Cmd": ["python3"],
            "Labels": {"org.opencontainers.image.title": f"Python from Debian {SUITE}"},
        },
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created_by": f"Debian {SUITE}: {PACKAGES}"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": described(store.add_json(config, oci.OCI_CONFIG)),
        "layers": [described(layer)],
    }
    found = store.add_json(manifest, oci.OCI_MANIFEST)
    return oci.Descriptor(found.media_type, found.digest, found.size, platform)


def _layer(store: Store, archive: Path) -> tuple[oci.Descriptor, str]:
    """The layer of a root file system, and the digest of its unpacked bytes."""
    with store.writer() as out:
        packed = Hashing(out.file)
        with gzip.GzipFile(filename="", mode="wb", fileobj=cast(Any, packed), mtime=0, compresslevel=6) as zipped:
            plain = Hashing(zipped)
            with tarfile.open(fileobj=cast(Any, plain), mode="w|", format=tarfile.GNU_FORMAT) as tar:
                _copy(archive, tar)
        digest = out.commit(packed.digest)
    return oci.Descriptor(oci.OCI_LAYER_GZIP, digest, packed.size), plain.digest


def _copy(archive: Path, tar: tarfile.TarFile) -> None:
    try:
        with tarfile.open(archive) as source:
            for entry in source:
                entry.name = entry.name.removeprefix("./").rstrip("/")
                if _wanted(entry):
                    _add(tar, entry, source.extractfile(entry) if entry.isreg() else None)
    except (tarfile.TarError, EOFError) as error:
        archive.unlink(missing_ok=True)
        raise LabError(
            f"{archive.name} in the cache was damaged ({error}) and is removed.",
            "run it again",
            id="cached-packages-damaged",
        ) from error
    for entry, data in _additions():
        _add(tar, entry, io.BytesIO(data))


def _wanted(entry: tarfile.TarInfo) -> bool:
    if (
        not entry.name
        or entry.name in ("tmp", *_ADDED)
        or not (entry.isreg() or entry.isdir() or entry.islnk() or entry.issym())
    ):
        return False
    return not f"{entry.name}/".startswith(_LEFT_OUT) or (entry.isreg() and entry.name.endswith(_KEPT))


def _additions() -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for name, data in _ADDED.items():
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        yield entry, data
    temporary = tarfile.TarInfo("tmp")
    temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
    yield temporary, b""
    # Images are written for `python`; Debian's package has python3 only.
    link = tarfile.TarInfo("usr/bin/python")
    link.type, link.linkname = tarfile.SYMTYPE, "python3"
    yield link, b""


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, data: Any) -> None:
    """Add an entry without what differs from run to run: times and owner names."""
    entry.mtime, entry.uname, entry.gname = 0, "", ""
    if entry.islnk():
        entry.linkname = entry.linkname.removeprefix("./")
    entry.pax_headers = {}
    tar.addfile(entry, data)
