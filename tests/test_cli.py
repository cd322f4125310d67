"""``labs ...`` used wrongly, or where it cannot work: one clear sentence, an honest exit code, no traceback."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labs import cli, locks

# Each command with arguments that are right, for a lab that does not exist yet.
RIGHT = {
    "start": ["--no-browser"],
    "doctor": [],
    "cloud": ["--state", "{home}/cloud"],
    "stop": [],
    "env": [],
    "login-password": [],
    "base": [],
    "docker": ["images"],
    "check": ["00"],
    "solve": ["00"],
    "reset": ["00", "--yes"],
    "course": [],
    "reach": ["--from", "eni-1", "--to", "10.0.0.1:443"],
    "diagnose": ["service"],
    "clean": [],
    "confirm": ["111122223333"],
    "sweep": [],
    "completion": ["bash"],
    "policy": ["check", "{home}/policy.json"],
    "facts": [],
    "workflow": ["last"],
    "report": [],
    "status": [],
    "hint": ["00"],
    "watch": [],
}
# It prints what it has in itself: no lab home is asked for.
WITHOUT_A_LAB = {"completion", "policy", "facts"}


def environment(home):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAB_"))}
    return kept | {"LAB_HOME": str(home), "LAB_ENGINE": "embedded", "LAB_TARGET": "local"}


def labs(home, name, *words):
    """Run one command to its end: exit code and all that it printed."""
    arguments = words or [each.format(home=home) for each in RIGHT[name]]
    done = subprocess.run(
        [sys.executable, "-m", "labs.cli", name, *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def is_told(code, out, err):
    """Refused in words for a person, with what to do next."""
    assert code == 2, (code, out, err)
    assert "Traceback" not in out + err
    assert "Next: " in err, err
    assert len(err.strip().splitlines()) <= 4, err


def test_every_command_is_covered_here():
    assert set(RIGHT) | {"notebooks", "docs", "stage"} == set(cli.COMMANDS)


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if name != "docker"])
def test_an_unknown_flag_is_named_with_the_commands_own_usage(name, capsys, tmp_path):
    words = [each.format(home=tmp_path) for each in RIGHT.get(name, ["check"])]
    with pytest.raises(SystemExit) as end:
        cli.main([name, *words, "--no-such-flag"])
    err = capsys.readouterr().err
    assert end.value.code == 2
    assert f"usage: labs {name}" in err
    assert "unrecognized arguments: --no-such-flag" in err


@pytest.mark.parametrize("words", [["no-such-command"], ["--no-such-flag"], [""], ["\0"], ["CHECK", "00"]])
def test_what_is_no_command_lists_those_there_are(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "usage: labs" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["check", "solve", "reset"])
@pytest.mark.parametrize("stage", ["99", "", "../../etc", "no-such-stage", "ü\n", "0" * 5000])
def test_an_unknown_stage_is_one_sentence(name, stage, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    try:
        code = cli.main([name, stage])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "home").exists()  # nothing was started for it


@pytest.mark.parametrize(
    "name", sorted(set(RIGHT) - {"course"} - WITHOUT_A_LAB)
)  # the course has a lab home of its own
def test_a_lab_home_that_cannot_be_made_is_one_sentence(name, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = labs(tmp_path / "file" / "home", name)
    assert "Traceback" not in out + err
    if name == "doctor":  # it reports on everything
        assert (code, "cannot be made" in out) == (1, True)
    elif name == "docker":  # the embedded engine answers as docker does
        assert (code, "cannot be written: Not a directory" in err) == (1, True)
    else:
        is_told(code, out, err)


@pytest.mark.parametrize("name", ["clean", "check", "env", "stop"])
def test_a_damaged_record_of_the_local_aws_is_one_sentence_or_is_made_anew(name, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "cloud.json").write_bytes(b"\xff{")
    code, out, err = labs(home, name)
    # What it started is on record again, and stops.
    stopped = labs(home, "stop")
    assert "Traceback" not in out + err + stopped[1] + stopped[2]
    assert code in (0, 1, 2)


@pytest.mark.parametrize("name", ["clean", "cloud"])
def test_a_damaged_state_is_named_and_left_as_it_is(name, tmp_path):
    state = tmp_path / "home" / "cloud"
    state.mkdir(parents=True)
    (state / "state.json").write_text("{")
    code, out, err = labs(tmp_path / "home", name)
    is_told(code, out, err)
    assert "state.json" in err
    assert (state / "state.json").read_text() == "{"


@pytest.mark.parametrize("name", ["clean", "cloud"])
def test_a_state_folder_in_use_is_named(name, tmp_path):
    state = tmp_path / "home" / "cloud"
    state.mkdir(parents=True)
    with (state / "lock").open("w+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(locks.signature())
        held.flush()
        code, out, err = labs(tmp_path / "home", name)
    is_told(code, out, err)
    assert f"in use by process {os.getpid()}" in err


@pytest.mark.parametrize("name", ["clean", "cloud"])
def test_a_port_in_use_is_named(name, tmp_path):
    state = tmp_path / "home" / "cloud"
    state.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (state / "journal").touch()
        born = {"created": "2026-01-02T03:04:05.000006+00:00", "seed": "5" * 64}
        (state / "state.json").write_text(
            json.dumps({"account": "111122223333", "region": "us-east-1", "port": port, **born})
        )
        code, out, err = labs(tmp_path / "home", name)
    is_told(code, out, err)
    assert str(port) in err


def test_a_damaged_ledger_is_named_and_kept(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    ledger = home / "ledger-local-111122223333.jsonl"
    ledger.write_bytes(b"\xff\xfe not a ledger\n{}\n")
    _, out, err = labs(home, "clean")
    assert "Traceback" not in out + err
    assert ledger.name in out + err
    assert ledger.read_bytes().startswith(b"\xff\xfe")


@pytest.mark.parametrize("name", ["check", "clean", "course", "cloud", "start"])
@pytest.mark.parametrize("after_s", [0.3, 1.5])
def test_ctrl_c_in_the_middle_is_no_traceback_and_leaves_nothing_running(name, after_s, tmp_path):
    """Moments that fall into the imports, into the start of the local AWS, and into the work."""
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "labs", name, *[each.format(home=home) for each in RIGHT[name]]],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, err = process.communicate(timeout=60)
        # Before the kit's first line is read, Python itself is what is interrupted.
        assert "Traceback" not in err or "/labs/" not in err, err
        assert process.returncode in (0, 1, 130, -signal.SIGINT), (process.returncode, out, err)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(60)
        labs(home, "stop")


@pytest.mark.parametrize("words", ["help", "help check", "check --help", "--version", "completion bash"])
def test_what_cannot_be_written_is_not_passed_over(words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "labs", *words.split()], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "The disk is full: not everything was written.\nNext: free some space, and try again\n"
