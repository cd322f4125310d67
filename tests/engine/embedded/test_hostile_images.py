"""Images made to do harm: bombs, paths that escape, headers that lie. One sentence, and nothing outside is touched."""

import gzip
import io
import json
import resource
import tarfile
import tempfile
from pathlib import Path

import pytest

from labs import oci
from labs.engine.archive import layer_entries
from labs.engine.embedded.app_process import start, unpack
from labs.engine.embedded.platforms import native
from labs.engine.embedded.reference import parse
from labs.engine.embedded.rootfs import tree_of
from labs.errors import LabError


def _entry(name, data=b"", kind=tarfile.REGTYPE, link="", **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def _tar(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _image(kit, *layers, **config):
    """An image of these layers, named evil:1, in the kit's store."""
    store, platform = kit.store, native()
    about = {"os": platform.os, "architecture": platform.architecture, "config": config}
    blobs = [store.add(gzip.compress(layer, mtime=0), oci.OCI_LAYER_GZIP) for layer in layers]
    described = [{"mediaType": b.media_type, "digest": b.digest, "size": b.size} for b in blobs]
    top = store.add_json(about, oci.OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": {"mediaType": top.media_type, "digest": top.digest, "size": top.size},
        "layers": described,
    }
    store.tag(parse("evil:1"), store.add_json(manifest, oci.OCI_MANIFEST))
    return kit.image("evil:1")


def _unpacked(kit, tmp_path, *layers):
    tree = tree_of(_image(kit, *layers), native())
    unpack(tree, tmp_path / "room" / "root")
    return tmp_path / "room" / "root"


@pytest.fixture
def outside(tmp_path):
    """A file beside the room that images are unpacked in; its content must stay."""
    (tmp_path / "room").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("mine")
    yield tmp_path / "outside"
    assert (tmp_path / "outside" / "file").read_text() == "mine"
    assert [each.name for each in (tmp_path / "outside").iterdir()] == ["file"]
    assert sorted(each.name for each in (tmp_path / "room").iterdir()) in (["root"], [])


@pytest.mark.parametrize("name", ["../outside/file", "a/../../outside/file", "..", "a/..", "/../../outside/evil"])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE])
def test_a_path_that_climbs_is_refused(kit, tmp_path, outside, name, kind):
    with pytest.raises(LabError, match="holds a path that leaves it"):
        _unpacked(kit, tmp_path, _tar(_entry(name, kind=kind, link="x")))


def test_an_absolute_path_lands_inside(kit, tmp_path, outside):
    # Not below tmp_path: that may be in /dev/shm, and what an image has in /dev is the runtime's own.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:
        (Path(elsewhere) / "file").write_text("mine")
        root = _unpacked(kit, tmp_path, _tar(_entry(f"{elsewhere}/file", b"theirs")))
        assert (root / f"{elsewhere}/file".lstrip("/")).read_text() == "theirs"
        assert (Path(elsewhere) / "file").read_text() == "mine"


@pytest.mark.parametrize("target", ["{outside}", "../../outside", "../../../../../../../..{outside}"])
def test_a_file_through_a_link_lands_inside(kit, tmp_path, outside, target):
    link = _entry("door", kind=tarfile.SYMTYPE, link=target.format(outside=outside))
    through = _entry("door/file", b"theirs")
    root = _unpacked(kit, tmp_path, _tar(link, through))
    assert (root / "door").is_symlink()
    assert (root / "door").resolve().is_relative_to(root.resolve())
    other = tmp_path / "room2"
    other.mkdir()
    unpack(tree_of(_image(kit, _tar(link), _tar(through)), native()), other / "root")
    assert (other / "root" / "door").resolve().is_relative_to(other.resolve())


def test_links_that_lead_in_a_circle_are_one_sentence(kit, tmp_path, outside):
    layer = _tar(_entry("a", kind=tarfile.SYMTYPE, link="b"), _entry("b", kind=tarfile.SYMTYPE, link="a"))
    with pytest.raises(LabError, match="too many levels of symbolic links"):
        _unpacked(kit, tmp_path, layer, _tar(_entry("a/file", b"x")))


def test_a_hard_link_reaches_only_what_the_image_has(kit, tmp_path, outside):
    own = _entry("own", b"own")
    links = [
        _entry(f"link{n}", kind=tarfile.LNKTYPE, link=target)
        for n, target in enumerate((f"{outside}/file", "../outside/file", "own", "/own"))
    ]
    root = _unpacked(kit, tmp_path, _tar(own, *links))
    assert sorted(each.name for each in root.iterdir()) == ["link2", "link3", "own"]
    assert (root / "own").stat().st_nlink == 1


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_not_made(kit, tmp_path, outside, kind):
    root = _unpacked(kit, tmp_path, _tar(_entry("node", kind=kind, devmajor=1, devminor=3), _entry("file", b"x")))
    assert [each.name for each in root.iterdir()] == ["file"]


def test_no_file_is_setuid(kit, tmp_path, outside):
    root = _unpacked(kit, tmp_path, _tar(_entry("su", b"x", mode=0o6755)))
    assert (root / "su").stat().st_mode & 0o7000 == 0


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "a/.wh...", ".wh..wh..opq", "a/.wh.b"])
def test_a_whiteout_takes_only_from_the_layers_below(kit, tmp_path, outside, name):
    below = _tar(_entry("a", kind=tarfile.DIRTYPE, mode=0o755), _entry("a/b", b"x"), _entry("c", b"x"))
    root = _unpacked(kit, tmp_path, below, _tar(_entry("new", b"x"), _entry(name)))
    there = {str(each.relative_to(root)) for each in root.rglob("*")}
    assert there == {
        "a/.wh.b": {"a", "c", "new"},
        ".wh..wh..opq": {"new"},
    }.get(name, {"a", "a/b", "c", "new"})


def test_a_whiteout_that_climbs_is_refused(kit, tmp_path, outside):
    with pytest.raises(LabError, match="leaves it"):
        _unpacked(kit, tmp_path, _tar(_entry("../outside/.wh.file")))


def test_a_file_below_a_file_is_one_sentence(kit, tmp_path, outside):
    with pytest.raises(LabError, match="lies below a file"):
        _unpacked(kit, tmp_path, _tar(_entry("a", b"x"), _entry("a/b", b"y")))


def test_a_name_that_no_file_can_have_is_one_sentence(kit, tmp_path, outside):
    with pytest.raises(LabError, match="cannot be unpacked: File name too long"):
        _unpacked(kit, tmp_path, _tar(_entry("a" * 300, b"x")))


def _lies(name, size, kind=tarfile.REGTYPE):
    """A header that promises ``size`` bytes, and nothing behind it."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "layer",
    [
        _lies("file", 1 << 60),
        _lies("././@LongLink", 1 << 33, tarfile.GNUTYPE_LONGNAME),
        _lies("pax", 1 << 33, tarfile.XHDTYPE),
        _lies("././@LongLink", 2 << 20, tarfile.GNUTYPE_LONGLINK) + bytes(3 << 20),
        _lies("x", 1, tarfile.GNUTYPE_SPARSE) + bytes(1024),
        (_lies("pax", 512, tarfile.XHDTYPE) + b"7 a=b\n".ljust(512, b"\0")) * 3000,
        (_lies("pax", 512, tarfile.XHDTYPE) + b"20 size=-1000000000\n".ljust(512, b"\0")) + _lies("f", 0),
        b"\xff" * 5000,
    ],
    ids=["file", "long name", "pax", "long link", "sparse", "many headers", "minus", "noise"],
)
def test_a_header_that_lies_is_one_sentence_and_costs_no_memory(kit, tmp_path, layer):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LabError, match="damaged"):
        [each.read() for each in layer_entries(io.BytesIO(gzip.compress(layer)), "The layer")]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_a_bomb_is_refused_at_its_limit(kit, monkeypatch, tmp_path):
    monkeypatch.setattr("labs.engine.archive.MAX_LAYER", 1 << 20)
    monkeypatch.setattr("labs.engine.archive.layer_entries.__defaults__", (1 << 20,))
    with pytest.raises(LabError, match="too large when unpacked"):
        _unpacked(kit, tmp_path, _tar(_entry("zeros", bytes(8 << 20))))


def test_a_bomb_larger_than_the_disk_is_not_unpacked(kit, monkeypatch, tmp_path, outside):
    monkeypatch.setattr("shutil.disk_usage", lambda path: _Usage())
    with pytest.raises(LabError, match="needs 2 MiB unpacked"):
        _unpacked(kit, tmp_path, _tar(_entry("zeros", bytes(2 << 20))))


class _Usage:
    total = used = free = 1 << 20


@pytest.mark.parametrize(
    "config",
    [
        {"Cmd": ["python", "a\0b"]},
        {"Cmd": ["python"], "Env": ["A=\0"]},
        {"Cmd": 5},
        {"Cmd": ["python"], "Env": 5},
        {"Cmd": ["python"], "ExposedPorts": {"x/tcp": {}}},
        {"Cmd": ["python"], "User": "me"},
        {"Cmd": [5]},
        {"Cmd": ["sh", "-c", "'"]},
    ],
)
def test_a_configuration_that_is_none_is_one_sentence(kit, config):
    image = _image(kit, _tar(_entry("etc/passwd", b"me:x:y:z\n")), **config)
    with pytest.raises(LabError):
        start(image, native(), {})


def test_the_working_folder_is_inside(kit):
    app = b"import os, sys; print(os.getcwd(), flush=True)"
    image = _image(kit, _tar(_entry("a.py", app)), Cmd=["python", "/a.py"], WorkingDir="/../../../..")
    running = start(image, native(), {})
    running.process.wait(20)
    running.stop()
    assert running.logs().strip().endswith("/root")


@pytest.mark.parametrize("document", [b"[" * 100_000, b"\xff", b"9" * 5000, b'"' + b"a" * (9 << 20) + b'"'])
def test_a_config_that_is_none_is_one_sentence(kit, document):
    store = kit.store
    config = store.add(document, oci.OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": {"mediaType": config.media_type, "digest": config.digest, "size": config.size},
        "layers": [],
    }
    top = store.add(json.dumps(manifest).encode(), oci.OCI_MANIFEST)
    store.tag(parse("evil:1"), top)
    with pytest.raises(LabError, match="damaged"):
        kit.image("evil:1")
