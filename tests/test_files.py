import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.files import read_json, write_json
from labs.locks import locked
from labs.session import home as places


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{}")
    file.chmod(0o644)
    write_json(file, {"a": "ü"})
    assert (read_json(file), mode(file)) == ({"a": "ü"}, 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_value_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    write_json(file, {"a": 1})
    with pytest.raises(TypeError):
        write_json(file, {"a": object()})
    assert read_json(file) == {"a": 1}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("damage", ['{"a": ', "[]", "\x00"])
def test_a_damaged_file_is_named_with_a_way_out(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(damage)
    with pytest.raises(LabError, match="is damaged") as told:
        read_json(file)
    assert str(file) in told.value.next_step


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert read_json(tmp_path / "x.json") is None


def test_a_lock_keeps_another_process_out_until_its_holder_ends(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    hold = f"""
from pathlib import Path; from labs.locks import locked
with locked(Path({str(lock)!r}), 0) as held:
    print(held, flush=True); input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with locked(lock, 0) as held:
            assert not held
        other.kill()
        other.wait()
        with locked(lock, 5) as held:
            assert held
        other.stdout.close()


def test_a_lock_is_free_when_its_holder_was_killed_though_a_child_of_it_lives_on(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    hold = f"""
import subprocess, sys; from pathlib import Path; from labs.locks import locked
with locked(Path({str(lock)!r}), 0):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    print(child.pid, flush=True); input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        try:
            holder.kill()
            holder.wait()
            with locked(lock, 5) as held:
                assert held
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_the_home_is_made_private(tmp_path: Path) -> None:
    home = places.lab_home({"LAB_HOME": str(tmp_path / "a" / "b")})
    assert mode(home) == 0o700
    assert mode(places.docker_config(home)) == 0o700


def test_without_a_choice_the_home_is_in_the_checkout() -> None:
    assert (places.checkout() / "labs" / "cli.py").is_file()
    assert places.lab_home({}) == places.checkout() / ".lab"


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="cannot be made") as told:
        places.lab_home({"LAB_HOME": str(tmp_path / "file" / "lab")})
    assert "LAB_HOME" in told.value.next_step
