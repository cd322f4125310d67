"""``labs reach --snapshot`` of what is no file, or too large for one, is a sentence."""

import os

import pytest

from labs.account import reachability
from labs.errors import LabError

pytestmark = pytest.mark.unit


def _fifo(folder):
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def _large(folder):
    with (folder / "large").open("wb") as file:
        file.truncate(reachability._MOST + 1)
    return folder / "large"


def _link(folder):
    (folder / "link").symlink_to("/dev/zero")
    return folder / "link"


PLACES = {
    "a device without an end": (lambda folder: "/dev/zero", "snapshot-no-file"),
    "a link to one": (_link, "snapshot-no-file"),
    "a FIFO": (_fifo, "snapshot-no-file"),
    "a folder": (lambda folder: folder, "snapshot-not-read"),
    "too large a file": (_large, "snapshot-too-large"),
    "nothing": (lambda folder: folder / "nothing", "snapshot-not-read"),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_refused_in_a_sentence(place, tmp_path):
    make, id = PLACES[place]
    with pytest.raises(LabError) as refused:
        reachability.load(type(tmp_path)(make(tmp_path)))
    assert refused.value.id == id
    assert refused.value.next_step


def test_a_link_to_a_snapshot_is_read(tmp_path):
    (tmp_path / "real").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert reachability.load(tmp_path / "link") == {}
