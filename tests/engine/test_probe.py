"""The probe against a daemon on a real socket and a docker command on a real PATH; which engine is then found."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from labs.engine import find
from labs.engine.docker import DockerEngine
from labs.engine.embedded import EmbeddedEngine
from labs.engine.facts import DockerFacts, DockerProblem
from labs.engine.probe import client_path, probe
from labs.errors import LabError
from tests.engine.daemon import INFO, Daemon, serving

Client = Callable[..., dict[str, str]]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with serving(Daemon(tmp_path / "docker.sock")) as running:
        yield running


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """Put a docker command on a PATH of its own; what it prints for ``buildx version`` is chosen."""

    def make(host: str = "", buildx: str = "github.com/docker/buildx v0.17.1 abc", context: str = "") -> dict[str, str]:
        folder = tmp_path / "client"
        folder.mkdir(exist_ok=True)
        lines = [
            "#!/bin/sh",
            'case "$*" in',
            f"'buildx version') printf '%s\\n' '{buildx}' ;;" if buildx else "",
            f"'context inspect') printf '%s\\n' '{context}' ;;" if context else "",
            "*) printf 'docker: unknown command\\n' >&2; exit 1 ;;",
            "esac",
        ]
        command = folder / "docker"
        command.write_text("\n".join(line for line in lines if line) + "\n")
        command.chmod(0o755)
        env = {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(tmp_path)}
        return env | ({"DOCKER_HOST": host} if host else {})

    return make


def problem_of(env: Mapping[str, str]) -> DockerProblem | None:
    return probe(env).problem


def test_a_docker_that_has_everything_is_found_with_its_versions(daemon: Daemon, client: Client) -> None:
    found = probe(client(daemon.host))
    assert found.problem is None
    assert (found.server, found.buildx, found.endpoint) == ("27.3.1", "0.17.1", daemon.host)
    engine = find(client(daemon.host))
    assert (engine.name, engine.line) == ("docker", "docker: Engine 27.3.1, buildx 0.17.1")


def test_without_a_docker_command_there_is_no_docker(tmp_path: Path) -> None:
    assert problem_of({"PATH": str(tmp_path)}) is DockerProblem.NO_CLIENT


def test_a_socket_that_is_not_there_is_named(client: Client) -> None:
    found = probe(client("unix:///nowhere/docker.sock"))
    assert found.problem is DockerProblem.NOT_ANSWERING
    assert (found.endpoint, found.detail) == ("unix:///nowhere/docker.sock", "no such file or directory")


def test_a_port_where_nothing_listens_is_named(client: Client) -> None:
    found = probe(client("tcp://127.0.0.1:9"))
    assert (found.problem, found.detail) == (DockerProblem.NOT_ANSWERING, "connection refused")


def test_a_socket_without_permission_is_told_from_one_without_a_daemon(daemon: Daemon, client: Client) -> None:
    daemon.socket.chmod(0)
    env = client(daemon.host)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # nothing is closed to root
    try:
        found = probe(env)
    finally:
        os.seteuid(me)
    assert (found.problem, found.server) == (DockerProblem.PERMISSION_DENIED, "")


def test_podman_behind_a_docker_socket_is_not_a_docker_engine(daemon: Daemon, client: Client) -> None:
    daemon.version["Components"] = [{"Name": "Podman Engine", "Version": "4.3.1"}]
    found = probe(client(daemon.host))
    assert (found.problem, found.detail) == (DockerProblem.NOT_DOCKER, "Podman Engine")


def test_a_docker_without_buildx_is_named(daemon: Daemon, client: Client) -> None:
    found = probe(client(daemon.host, buildx=""))
    assert found.problem is DockerProblem.NO_BUILDX
    assert found.detail == "docker: unknown command"


def test_an_image_store_for_one_platform_is_named(daemon: Daemon, client: Client) -> None:
    daemon.info = {**INFO, "DriverStatus": [["Backing Filesystem", "extfs"], ["Native Overlay Diff", "true"]]}
    assert problem_of(client(daemon.host)) is DockerProblem.CLASSIC_STORE


def test_a_daemon_that_cannot_reach_this_loopback_is_named(daemon: Daemon, client: Client) -> None:
    daemon.info = {**INFO, "OperatingSystem": "Docker Desktop"}
    daemon.reaches_loopback = False
    found = probe(client(daemon.host))
    assert (found.problem, found.desktop) == (DockerProblem.LOOPBACK_OUT_OF_REACH, True)


def test_on_real_aws_such_a_daemon_serves(daemon: Daemon, client: Client) -> None:
    daemon.reaches_loopback = False
    assert find(client(daemon.host)).name == "embedded"
    assert find({**client(daemon.host), "LAB_TARGET": "aws"}).name == "docker"


def test_the_context_in_use_says_where_the_daemon_is(daemon: Daemon, client: Client) -> None:
    context = (
        f'[{{"Name":"colima","Endpoints":{{"docker":{{"Host":"{daemon.host}"}}}},'
        '"TLSMaterial":{},"Storage":{"TLSPath":"/nowhere"}}]'
    )
    found = probe(client(context=context))
    assert (found.problem, found.context, found.endpoint) == (None, "colima", daemon.host)


def test_the_kits_own_docker_command_is_not_taken_for_docker(tmp_path: Path, client: Client) -> None:
    env = client()
    first = EmbeddedEngine("no Docker Engine found", env).environment(tmp_path)["PATH"]
    assert first.split(os.pathsep)[0] == str(tmp_path / "bin")
    command = tmp_path / "bin" / "docker"
    real = client_path(env)
    assert real == str(tmp_path / "client" / "docker")
    assert client_path({"PATH": str(command.parent)}) == ""
    assert client_path({"PATH": first}) == real


def test_a_forced_engine_is_taken_without_looking(client: Client) -> None:
    assert find({**client("unix:///nowhere"), "LAB_ENGINE": "embedded"}).name == "embedded"


def test_without_docker_the_embedded_engine_says_that_none_was_found(client: Client) -> None:
    engine = find(client("unix:///nowhere"))
    assert engine.name == "embedded"
    assert engine.line.startswith("embedded engine: no Docker Engine found")


def test_a_forced_docker_that_does_not_answer_is_an_error_with_its_remedy(client: Client) -> None:
    with pytest.raises(LabError) as refused:
        find({**client("unix:///nowhere"), "LAB_ENGINE": "docker"})
    assert "LAB_ENGINE is docker, but no Docker Engine found at unix:///nowhere" in str(refused.value)
    assert "start Docker" in refused.value.next_step


def test_an_engine_that_does_not_exist_is_an_error(client: Client) -> None:
    with pytest.raises(LabError, match="LAB_ENGINE is 'podman'"):
        find({**client(), "LAB_ENGINE": "podman"})


def test_an_engine_that_went_away_is_an_error_with_the_command_that_shows_it(tmp_path: Path, client: Client) -> None:
    with serving(Daemon(tmp_path / "docker.sock")) as daemon:
        engine = find(client(daemon.host))
        assert isinstance(engine, DockerEngine)
    with pytest.raises(LabError) as gone:
        engine.ping()
    assert f"The Docker Engine at {daemon.host} does not answer any more" in gone.value.what
    assert "docker version" in gone.value.next_step


def test_facts_of_a_plain_engine_are_not_those_of_docker_desktop() -> None:
    assert not DockerFacts(None, system="Debian GNU/Linux 12 (bookworm)").desktop
