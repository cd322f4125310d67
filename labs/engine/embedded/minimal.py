"""The embedded engine's own base image: a few files, so that FROM works in a room without a network.

It holds no Python: the engine runs apps with the Python that runs the kit, and the launcher in the image says so to
anybody else who tries.
"""

from collections.abc import Sequence

from labs import oci
from labs.engine.embedded.image_store import Store, described
from labs.engine.embedded.rootfs import FileNode, folder, text_file, write_layer

_PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
_GROUP = "root:x:0:\nnogroup:x:65534:\n"
_RELEASE = 'NAME="Fargate Lab Kit minimal base"\nID=fargate-lab-minimal\nPRETTY_NAME="Fargate Lab Kit minimal base"\n'
_LAUNCHER = """#!/bin/sh
echo "This is the Fargate Lab Kit's minimal base image: it holds no Python." >&2
echo "Only the kit's embedded engine runs it; build on python:3.13-slim to run it anywhere." >&2
exit 126
"""
_ENV = ["PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]


def minimal_base(store: Store, platforms: Sequence[oci.Platform]) -> oci.Descriptor:
    """Make the base in a store and return its index; equal platforms give an equal digest on every machine."""
    nodes = _files()
    made = []
    for platform in platforms:
        # A file of its own for each platform, as in a real image: the layers of two platforms differ.
        here = {**nodes, "etc/platform": text_file(f"{platform}\n")}
        layer, diff_id = write_layer(store, here, 0)
        config = {
            "created": "1970-01-01T00:00:00Z",
            "architecture": platform.architecture,
            **({"variant": platform.variant} if platform.variant else {}),
            "os": platform.os,
            "config": {"Env": _ENV, "Cmd": ["python3"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "Fargate Lab Kit: minimal base"}],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": oci.OCI_MANIFEST,
            "config": described(store.add_json(config, oci.OCI_CONFIG)),
            "layers": [described(layer)],
        }
        entry = store.add_json(manifest, oci.OCI_MANIFEST)
        made.append(oci.Descriptor(entry.media_type, entry.digest, entry.size, platform))
    index = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [described(each) for each in made]}
    return store.add_json(index, oci.OCI_INDEX)


def _files() -> dict[str, FileNode]:
    folders = ("etc", "root", "tmp", "usr", "usr/local", "usr/local/bin", "var", "var/tmp")
    found = {path: folder(0o1777 if path.endswith("tmp") else 0o700 if path == "root" else 0o755) for path in folders}
    found["etc/passwd"] = text_file(_PASSWD)
    found["etc/group"] = text_file(_GROUP)
    found["etc/os-release"] = text_file(_RELEASE)
    for name in ("python", "python3"):
        found[f"usr/local/bin/{name}"] = text_file(_LAUNCHER, 0o755)
    return found
