"""The local AWS of this checkout: found, started once, stopped only when it is ours."""

import contextlib
import functools
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from labs import processes
from labs.errors import LabError
from labs.files import read_json, write_json
from labs.locks import lock_holder, locked
from labs.ownership import FILE_MODE, open_own
from labs.processes import command_line, stop
from labs.session import answers
from labs.session import home as places

START_S = 30.0
STOP_S = 10.0
ANSWER_S = 10.0
# After it a question is asked anew, unless the process was suspended meanwhile.
PATIENCE_S = 2.0
READY_FILE = "ready.json"
# Popen objects of the clouds this process started, so that they are reaped when it stops them.
_children: dict[int, "subprocess.Popen[bytes]"] = {}
# These would lead boto3, the AWS CLI or docker away from the local AWS.
_MISLEADING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


@dataclass(frozen=True)
class Cloud:
    """A running local AWS: where it answers and its administrator's keys."""

    endpoint: str
    account: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    pid: int = 0

    def session(self) -> boto3.Session:
        """A boto3 session of the administrator."""
        return isolated_session(self.access_key_id, self.secret_access_key, "", self.region)

    def variables(self) -> dict[str, str]:
        """What points a shell, the AWS CLI, Terraform or docker at it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            # As in the notebooks' shell cells: an empty $REGISTRY would lead docker login to Docker Hub.
            "REGISTRY": self.endpoint.removeprefix("http://"),
        }


def isolated_session(key: str, secret: str, token: str, region: str) -> boto3.Session:
    """A boto3 session with these keys and nothing else: no profile, and no configuration file, however damaged."""
    alone = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = botocore.session.Session(session_vars=alone)
    session.register_component("data_loader", _models())
    return answers.session(
        session,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        region_name=region,
    )


@functools.cache
def _models() -> Loader:
    """One loader for every session: each would parse the models of its services anew, 0.1 to 0.3 s for a client."""
    return Loader()


def point_at(cloud: Cloud, env: MutableMapping[str, str]) -> None:
    """Make ``env`` (usually os.environ) lead every AWS tool to ``cloud`` and nowhere else."""
    for name in [*_MISLEADING, *(key for key in env if key.startswith("AWS_ENDPOINT_URL_"))]:
        env.pop(name, None)
    env.update(cloud.variables())
    # The user's own AWS files play no part here, however damaged they are.
    env.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in env.get(name, "").split(",") if host]
        env[name] = ",".join(hosts + [host for host in ("127.0.0.1", "localhost") if host not in hosts])


def recorded(file: Path) -> Cloud | None:
    """The cloud that ``file`` (``cloud.json``, ``ready.json``) describes, answering or not; None without one."""
    try:
        raw = read_json(file)
        return None if raw is None else _cloud(raw)
    except (LabError, ValueError):
        # A half-written or foreign file describes nothing; a start writes it anew.
        return None


def identity(cloud: Cloud, within_s: float = ANSWER_S) -> str:
    """The ARN that a signed sts:GetCallerIdentity returns; empty when the cloud does not answer ``within_s`` seconds.

    A cloud whose process is alive may be slow on a busy machine, so it is asked again until the deadline.
    """
    return _asked(cloud, within_s) or ""


def _asked(cloud: Cloud, within_s: float = ANSWER_S) -> str | None:
    """As ``identity``; None when a process that is ours gave no answer at all."""
    if is_ours(cloud) and processes.is_stopped(cloud.pid):
        return None
    deadline = time.monotonic() + within_s
    patience = min(within_s, PATIENCE_S)
    config = Config(connect_timeout=patience, read_timeout=patience, retries={"total_max_attempts": 1}, proxies={})
    try:
        sts = cloud.session().client("sts", endpoint_url=cloud.endpoint, config=config)
    except (BotoCoreError, ValueError):
        return ""
    while True:
        try:
            answer = sts.get_caller_identity()
            return str(answer["Arn"]) if answer.get("Account") == cloud.account else ""
        except ClientError:
            # Something answers, but it does not know these keys: another cloud on the same port.
            return ""
        except BotoCoreError:
            if not is_ours(cloud):
                return ""
            if time.monotonic() >= deadline or processes.is_stopped(cloud.pid):
                return None
            time.sleep(0.05)


def _silent(cloud: Cloud) -> LabError:
    stopped = processes.is_stopped(cloud.pid)
    next_step = f"let it go on: kill -CONT {cloud.pid}" if stopped else "labs stop ends it, then try again"
    return LabError(
        f"The local AWS runs, but it does not answer (process {cloud.pid}{', which is suspended' if stopped else ''}).",
        next_step,
        id="local-aws-does-not-answer",
    )


def find_cloud(home: Path) -> Cloud | None:
    """The local AWS that answers for this lab home; None when none runs. LabError when one runs and is silent."""
    state = places.cloud_state(home)
    for file in (places.cloud_file(home), state / READY_FILE):
        if (cloud := _answering(recorded(file))) is not None:
            return cloud
    return None


def _answering(cloud: Cloud | None) -> Cloud | None:
    if cloud is None:
        return None
    said = _asked(cloud)
    if said is None:
        raise _silent(cloud)
    return cloud if said else None


def running_cloud(state: Path | None = None, home: Path | None = None) -> Cloud:
    """The local AWS that answers for a state folder, a lab home, or LAB_HOME; LabError when none runs there."""
    if state is not None:
        cloud = _answering(recorded(state / READY_FILE))
        if cloud is not None:
            return cloud
        raise LabError(
            f"No local AWS runs with the state in {state}.",
            f"start it: labs cloud --state {state}",
            id="no-local-aws-for-state",
        )
    if home is not None and not home.is_dir():
        raise LabError(
            f"There is no folder {home}.", "name the LAB_HOME of a running lab, or leave --home out", id="no-such-home"
        )
    cloud = find_cloud(places.lab_home({"LAB_HOME": str(home)} if home is not None else None))
    if cloud is None:
        raise LabError("No local AWS runs for this checkout.", "start it: make lab", id="no-local-aws")
    return cloud


def ensure_cloud(home: Path, env: Mapping[str, str] | None = None, account: str = "") -> tuple[Cloud, bool]:
    """The local AWS of this lab home, started if none answers; and whether this call started it.

    ``env`` (default os.environ) is its environment: LAB_ENGINE there says what runs its tasks. ``account``: its number,
    where its state folder is new. Two processes that ask at once get the same one. LabError with the cloud's own words
    when it does not start.
    """
    cloud = find_cloud(home)
    if cloud is not None:
        return cloud, False
    lock = home / "cloud.lock"
    with locked(lock, START_S + 5) as held:
        if not held:
            raise LabError(
                f"The local AWS has been starting for too long: {lock_holder(lock)} holds the lock {lock}.",
                f"look at {places.cloud_log(home)}, or stop that process, then try again",
                id="local-aws-starting-too-long",
            )
        cloud = find_cloud(home)
        if cloud is not None:
            return cloud, False
        return _start(home, os.environ if env is None else env, account), True


@contextlib.contextmanager
def borrowed(home: Path) -> Iterator[None]:
    """Stop the local AWS at the end if none ran at the beginning: for commands that begin, do one thing and end."""
    ran = find_cloud(home) is not None
    try:
        yield
    finally:
        if not ran:
            stop_cloud(home)


def is_ours(cloud: Cloud) -> bool:
    """Whether the recorded process id is, now, a running ``labs cloud``."""
    child = _children.get(cloud.pid)
    if child is not None and child.poll() is not None:
        return False
    words = command_line(cloud.pid)
    return "cloud" in words and any("labs" in word for word in words)


def stop_cloud(home: Path) -> bool:
    """Stop the local AWS that ``cloud.json`` records, if its process is ours; True when one was stopped."""
    file = places.cloud_file(home)
    cloud = recorded(file)
    if cloud is None or not is_ours(cloud):
        return False
    stopped = stop(cloud.pid, lambda: is_ours(cloud), STOP_S)
    _children.pop(cloud.pid, None)
    file.unlink(missing_ok=True)
    return stopped


def _start(home: Path, env: Mapping[str, str], account: str = "") -> Cloud:
    log = places.cloud_log(home)
    command = processes.labs("cloud", "--state", str(places.cloud_state(home)), "--port", "0")
    command += ["--account", account] if account else []
    with os.fdopen(open_own(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab") as errors:
        os.fchmod(errors.fileno(), FILE_MODE)
        begin = errors.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_without_aws(env),
            start_new_session=True,
        )
    _children[process.pid] = process
    try:
        cloud = _cloud(json.loads(_first_line(process, START_S)) | {"pid": process.pid})
    except (ValueError, TypeError) as error:
        _give_up(process)
        raise _did_not_start(log, begin) from error
    except BaseException:
        _give_up(process)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
    write_json(places.cloud_file(home), asdict(cloud))
    return cloud


def _give_up(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    del _children[process.pid]


def _first_line(process: "subprocess.Popen[bytes]", within_s: float) -> bytes:
    """The process's first line; what there is of it when the process ends or the time is over."""
    if process.stdout is None:
        return b""
    deadline = time.monotonic() + within_s
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), 65536) if readable else b""
        if not chunk:
            return line
        line += chunk
    return line


def _did_not_start(log: Path, begin: int) -> LabError:
    with log.open("rb") as file:
        file.seek(begin)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    advice = [line.removeprefix("Next: ") for line in lines if line.startswith("Next: ")]
    words = [line for line in lines if not line.startswith("Next: ")]
    reason = words[-1] if words else f"it printed nothing for {START_S:.0f} seconds"
    return LabError(
        f"The local AWS did not start: {reason}",
        advice[-1] if advice else f"look at {log}",
        id="local-aws-did-not-start",
    )


def _cloud(raw: Mapping[str, object]) -> Cloud:
    """Read the ready line; ValueError when something is missing."""
    try:
        values = {name.name: raw[name.name] for name in fields(Cloud) if name.name != "pid"}
    except KeyError as error:
        raise ValueError(f"no {error}") from error
    if not all(isinstance(value, str) and value for value in values.values()):
        raise ValueError("an empty value")
    pid = raw.get("pid", 0)
    return Cloud(**{name: str(value) for name, value in values.items()}, pid=pid if isinstance(pid, int) else 0)


def _without_aws(env: Mapping[str, str]) -> dict[str, str]:
    """The local AWS never sees the user's real credentials."""
    return {name: value for name, value in env.items() if not name.startswith("AWS_")}
