"""A lab home that is another user's is not trusted, and no link planted in one is followed."""

import os
import stat
from pathlib import Path

import pytest

from labs import files, locks, ownership
from labs.cloud.state.folder import StateFolder
from labs.engine.embedded.workspace import Workspace
from labs.errors import LabError
from labs.ledger.ledger import Ledger
from labs.session import home, jupyterlab, local

VICTIM = "what another program keeps"


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def another(monkeypatch):
    """From here on every file and folder belongs to somebody else, as this process sees it."""
    return lambda: monkeypatch.setattr(ownership, "_ours", lambda: {os.geteuid() + 4242})


def _locked(path):
    with locks.locked(path, 0):
        pass


def _jupyter_log(folder):
    home.jupyter(folder)
    jupyterlab._start_jupyter(folder, 0, jupyterlab._Last(0, "token"), browser=False)


FOLDERS = {
    "the lab home": lambda lab: home.lab_home({"LAB_HOME": str(lab)}),
    "its folders": lambda lab: files.make_folder(lab / "jupyter"),
    "a state folder": lambda lab: StateFolder.open(lab),
    "the docker command's": lambda lab: Workspace({"LAB_HOME": str(lab)}).store,
}


@pytest.mark.parametrize("use", FOLDERS)
def test_a_folder_of_another_user_is_not_used(use, lab, another):
    another()
    with pytest.raises(LabError, match="belongs to another user") as refused:
        FOLDERS[use](lab)
    assert refused.value.id == "folder-of-another-user"
    assert [each.name for each in lab.iterdir() if each.is_file()] == []


# What is opened in a lab home, and the file that is there.
OPENED = {
    "cloud.log": lambda lab: local._start(lab, os.environ),
    "cloud.lock": lambda lab: local.ensure_cloud(lab),
    "lab.lock": lambda lab: _locked(lab / "lab.lock"),
    "jupyter/jupyter.log": _jupyter_log,
    "cloud.json": lambda lab: files.read_json(lab / "cloud.json"),
    "ledger.jsonl": lambda lab: Ledger(lab / "ledger.jsonl").entries(),
    "ledger.lock": lambda lab: Ledger(lab / "ledger.jsonl").entries(),
    "cloud/lock": lambda lab: StateFolder.open(lab / "cloud"),
}
PLANTED = {
    "a link": lambda victim, file: file.symlink_to(victim),
    "a link to nothing": lambda victim, file: file.symlink_to(victim.with_name("new")),
    "a second name": lambda victim, file: file.hardlink_to(victim),
    "a FIFO": lambda victim, file: os.mkfifo(file),
    "a folder": lambda victim, file: file.mkdir(),
}


@pytest.mark.parametrize("how", PLANTED)
@pytest.mark.parametrize("name", OPENED)
def test_what_is_planted_in_a_lab_home_is_neither_followed_nor_emptied(name, how, lab, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text(VICTIM)
    victim.chmod(0o644)
    file = lab / name
    file.parent.mkdir(exist_ok=True)
    PLANTED[how](victim, file)
    if (name, how) != ("cloud.json", "a second name"):  # it is only read
        with pytest.raises(LabError) as refused:
            OPENED[name](lab)
        assert "Traceback" not in str(refused.value)
    assert victim.read_text() == VICTIM
    assert stat.S_IMODE(victim.stat().st_mode) == 0o644
    assert not victim.with_name("new").exists()


def test_a_file_of_another_user_is_not_used(lab, another):
    (lab / "cloud.json").write_text("{}")
    another()
    with pytest.raises(LabError, match="belongs to another user"):
        files.read_json(lab / "cloud.json")


def test_what_is_ours_is_used(lab):
    with locks.locked(lab / "lab.lock", 0) as held:
        assert held
        assert f"process {os.getpid()}" in locks.lock_holder(lab / "lab.lock")
    assert (lab / "lab.lock").read_bytes() == b""
    assert home.lab_home({"LAB_HOME": str(lab)}) == lab


def test_a_link_of_ours_may_lead_to_the_lab_home(lab, tmp_path):
    (tmp_path / "short").symlink_to(lab)
    assert home.lab_home({"LAB_HOME": str(tmp_path / "short")}) == Path(tmp_path / "short")
