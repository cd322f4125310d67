"""Finding, starting and stopping the local AWS: real ``labs cloud`` processes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from labs import cli
from labs.errors import LabError
from labs.files import write_json
from labs.session import local
from labs.session.local import Cloud


@pytest.fixture
def own_home(home: Path) -> Iterator[Path]:
    """A lab home whose local AWS, if a test starts one, is stopped."""
    yield home
    local.stop_cloud(home)


def test_it_is_started_once_and_found_again(shared_home: Path, shared_cloud: Cloud) -> None:
    again, started = local.ensure_cloud(shared_home)
    assert (again, started) == (shared_cloud, False)
    assert local.identity(again) == f"arn:aws:iam::{again.account}:user/lab-admin"


def test_what_it_printed_is_kept_for_its_owner_only(shared_home: Path, shared_cloud: Cloud) -> None:
    file = shared_home / "cloud.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["pid"] == shared_cloud.pid
    assert shared_cloud.secret_access_key not in repr(shared_cloud)


def test_a_cloud_started_by_hand_is_found(shared_home: Path, shared_cloud: Cloud) -> None:
    kept = (shared_home / "cloud.json").read_bytes()
    (shared_home / "cloud.json").unlink()
    try:
        found = local.find_cloud(shared_home)
        assert found is not None
        assert (found.endpoint, found.pid) == (shared_cloud.endpoint, shared_cloud.pid)
    finally:
        (shared_home / "cloud.json").write_bytes(kept)


def test_it_lives_in_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(shared_cloud: Cloud) -> None:
    assert os.getsid(shared_cloud.pid) == shared_cloud.pid


# What asks for the local AWS of a lab home.
ASKING = {
    "find_cloud": local.find_cloud,
    "ensure_cloud": local.ensure_cloud,
    "running_cloud": lambda home: local.running_cloud(home=home),
    "running_cloud of a state": lambda home: local.running_cloud(home / "cloud"),
    "borrowed": lambda home: local.borrowed(home).__enter__(),
}


@pytest.mark.parametrize("name", ASKING)
def test_a_suspended_one_is_named_with_its_process(name: str, shared_home: Path, shared_cloud: Cloud) -> None:
    os.kill(shared_cloud.pid, signal.SIGSTOP)
    try:
        with pytest.raises(LabError) as said:
            ASKING[name](shared_home)
    finally:
        os.kill(shared_cloud.pid, signal.SIGCONT)
    assert said.value.id == "local-aws-does-not-answer"
    assert f"it does not answer (process {shared_cloud.pid}, which is suspended)" in said.value.what
    assert said.value.next_step == f"let it go on: kill -CONT {shared_cloud.pid}"
    assert local.identity(shared_cloud)


@pytest.mark.parametrize("command", [["env"], ["clean"], ["doctor"], ["login-password"]], ids=" ".join)
def test_a_command_says_so_too(
    command: list[str], shared_home: Path, shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("LAB_HOME", str(shared_home))
    monkeypatch.setenv("LAB_TARGET", "local")
    os.kill(shared_cloud.pid, signal.SIGSTOP)
    try:
        cli.main(command)
    finally:
        os.kill(shared_cloud.pid, signal.SIGCONT)
    said = " ".join("".join(capsys.readouterr()).split())
    assert f"it does not answer (process {shared_cloud.pid}, which is suspended)" in said
    assert f"kill -CONT {shared_cloud.pid}" in said


def test_one_that_hangs_in_another_way_is_named_too(
    own_home: Path, shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its port takes connections, and nothing comes back."""
    monkeypatch.setattr(local, "_asked", partial(local._asked, within_s=0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        raw = asdict(replace(shared_cloud, endpoint=endpoint))
        write_json(own_home / "cloud.json", raw)
        with pytest.raises(LabError, match=rf"does not answer \(process {shared_cloud.pid}\)"):
            local.find_cloud(own_home)
    (own_home / "cloud.json").unlink()


def test_three_processes_that_start_at_once_share_one(own_home: Path) -> None:
    ask = f"""
from pathlib import Path; from labs.session import local
cloud, started = local.ensure_cloud(Path({str(own_home)!r}))
print(cloud.pid, cloud.endpoint, started)
"""
    asking = [subprocess.Popen([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate(timeout=90)[0].split() for process in asking]
    assert len({(pid, endpoint) for pid, endpoint, _ in answers}) == 1
    assert sorted(started for _, _, started in answers) == ["False", "False", "True"]


def test_after_a_kill_it_comes_back_at_the_same_address_with_the_same_keys(own_home: Path) -> None:
    first, _ = local.ensure_cloud(own_home)
    os.kill(first.pid, signal.SIGKILL)
    second, started = local.ensure_cloud(own_home)
    assert started
    assert second.pid != first.pid
    assert second.variables() == first.variables()


def test_it_never_sees_the_users_own_credentials(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("only /proc shows another process's environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-users-own")
    cloud, _ = local.ensure_cloud(own_home)
    assert b"the-users-own" not in Path(f"/proc/{cloud.pid}/environ").read_bytes()


def test_a_stopped_one_is_gone_and_stopping_again_is_no_error(own_home: Path) -> None:
    cloud, _ = local.ensure_cloud(own_home)
    assert local.stop_cloud(own_home)
    assert not local.is_ours(cloud)
    assert not (own_home / "cloud.json").exists()
    assert not local.stop_cloud(own_home)


def test_a_process_that_is_no_cloud_is_never_stopped(own_home: Path) -> None:
    # The recorded number was given to another process since.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        record = dict.fromkeys(("endpoint", "account", "region", "access_key_id", "secret_access_key"), "x")
        (own_home / "cloud.json").write_text(json.dumps(record | {"pid": other.pid}))
        assert not local.stop_cloud(own_home)
        assert other.poll() is None
        other.communicate(b"\n")


@pytest.mark.parametrize("damage", ["", "{", '{"endpoint": "http://127.0.0.1:9"}', "[]"])
def test_a_damaged_record_describes_nothing(own_home: Path, damage: str) -> None:
    (own_home / "cloud.json").write_text(damage)
    assert local.find_cloud(own_home) is None


def test_a_record_of_a_cloud_that_is_no_more_describes_nothing(own_home: Path) -> None:
    record = {
        "endpoint": "http://127.0.0.1:9",
        "account": "111122223333",
        "region": "us-east-1",
        "access_key_id": "AKIAX",
        "secret_access_key": "x",
        "pid": 2**22 + 1,
    }
    (own_home / "cloud.json").write_text(json.dumps(record))
    assert local.find_cloud(own_home) is None


def test_one_that_does_not_start_says_why(own_home: Path) -> None:
    (own_home / "cloud").write_text("a file where the state folder belongs")
    with pytest.raises(LabError) as told:
        local.ensure_cloud(own_home)
    assert str(own_home / "cloud") in str(told.value)
    assert "Traceback" not in str(told.value)


def test_a_cloud_that_ends_at_once_says_why_in_its_own_words(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = own_home / "python"
    failing.write_text('#!/bin/sh\necho "The state is damaged." >&2\necho "Next: restore it" >&2\nexit 2\n')
    failing.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(failing))
    with pytest.raises(LabError) as told:
        local.ensure_cloud(own_home)
    assert told.value.what == "The local AWS did not start: The state is damaged."
    assert told.value.next_step == "restore it"


def test_a_proxy_and_the_users_profile_do_not_lead_away_from_it(shared_cloud: Cloud) -> None:
    env = {
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ENDPOINT_URL_ECR": "http://elsewhere",
        "NO_PROXY": "intranet",
        "HTTP_PROXY": "http://proxy:3128",
    }
    local.point_at(shared_cloud, env)
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_ECR"} & set(env)
    assert env["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert env["AWS_ENDPOINT_URL"] == shared_cloud.endpoint
    again = dict(env)
    local.point_at(shared_cloud, again)
    assert again == env
