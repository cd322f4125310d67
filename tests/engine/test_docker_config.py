"""The kit's own Docker config: what a shell cell gets, and that the user's files stay as they are."""

import json
import os
from pathlib import Path

import pytest

from labs.engine.docker_config import kernel_environment
from labs.engine.embedded import EmbeddedEngine
from labs.engine.facts import DockerFacts
from labs.errors import LabError

FACTS = DockerFacts(None, client="/usr/bin/docker", endpoint="unix:///var/run/docker.sock", server="27.3.1")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A home with a Docker config of its own: a login, a keychain, a context, a plugin folder."""
    docker = tmp_path / "ada" / ".docker"
    (docker / "cli-plugins").mkdir(parents=True)
    (tmp_path / "plugins").mkdir()
    config = {
        "auths": {"ghcr.io": {"auth": "YWRhOnNlY3JldA=="}},
        "credsStore": "osxkeychain",
        "currentContext": "colima",
        "cliPluginsExtraDirs": [str(tmp_path / "plugins"), "/nowhere"],
    }
    (docker / "config.json").write_text(json.dumps(config))
    return tmp_path / "ada"


def written(folder: Path) -> dict[str, object]:
    return json.loads((folder / "config.json").read_text())


def environment(user: Path, folder: Path, facts: DockerFacts = FACTS, **env: str) -> dict[str, str]:
    return kernel_environment(facts, {"HOME": str(user), "PATH": "/usr/bin:/bin", **env}, folder)


def test_docker_in_a_shell_cell_uses_the_kits_config_and_builder(user: Path, tmp_path: Path) -> None:
    variables = environment(user, tmp_path / "kit")
    assert variables["DOCKER_CONFIG"] == str(tmp_path / "kit")
    assert variables["BUILDX_CONFIG"] == str(tmp_path / "kit" / "buildx")
    assert variables["BUILDX_BUILDER"] == "default"
    assert "DOCKER_HOST" not in variables
    assert "PATH" not in variables


def test_the_users_config_is_not_written_and_its_logins_are_not_taken(user: Path, tmp_path: Path) -> None:
    before = (user / ".docker" / "config.json").read_bytes()
    environment(user, tmp_path / "kit")
    assert (user / ".docker" / "config.json").read_bytes() == before
    assert sorted(each.name for each in (user / ".docker").iterdir()) == ["cli-plugins", "config.json"]
    assert "auths" not in written(tmp_path / "kit")
    assert "credsStore" not in written(tmp_path / "kit")


def test_the_users_plugins_are_still_found(user: Path, tmp_path: Path) -> None:
    environment(user, tmp_path / "kit")
    folders = written(tmp_path / "kit")["cliPluginsExtraDirs"]
    assert isinstance(folders, list)
    assert folders[:2] == [str(user / ".docker" / "cli-plugins"), str(tmp_path / "plugins")]
    assert "/nowhere" not in folders


def test_they_are_found_again_when_the_environment_is_the_kits_already(user: Path, tmp_path: Path) -> None:
    environment(user, tmp_path / "kit")
    first = written(tmp_path / "kit")
    environment(user, tmp_path / "kit", DOCKER_CONFIG=str(tmp_path / "kit"))
    assert written(tmp_path / "kit") == first


def test_a_login_survives_the_next_start(user: Path, tmp_path: Path) -> None:
    environment(user, tmp_path / "kit")
    config = written(tmp_path / "kit") | {"auths": {"127.0.0.1:4566": {"auth": "QVdTOnB3"}}}
    (tmp_path / "kit" / "config.json").write_text(json.dumps(config))
    environment(user, tmp_path / "kit", SOMETHING="else")
    assert written(tmp_path / "kit")["auths"] == {"127.0.0.1:4566": {"auth": "QVdTOnB3"}}


def test_the_file_is_for_its_owner_only(user: Path, tmp_path: Path) -> None:
    environment(user, tmp_path / "kit")
    assert (tmp_path / "kit" / "config.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "kit").stat().st_mode & 0o777 == 0o700


def test_the_users_context_goes_along_as_a_host_with_its_certificates(user: Path, tmp_path: Path) -> None:
    facts = DockerFacts(None, "/usr/bin/docker", "tcp://10.0.0.9:2376", "build-box", tls_folder="/certs/docker")
    variables = environment(user, tmp_path / "kit", facts, DOCKER_CONTEXT="build-box")
    assert variables["DOCKER_HOST"] == "tcp://10.0.0.9:2376"
    assert variables["DOCKER_CONTEXT"] == ""
    assert (variables["DOCKER_TLS_VERIFY"], variables["DOCKER_CERT_PATH"]) == ("1", "/certs/docker")


def test_the_embedded_engines_command_leaves_the_path_when_docker_takes_over(user: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "docker").write_text("#!/bin/sh\n")
    (real / "docker").chmod(0o755)
    before = {"PATH": os.pathsep.join([str(real), "/bin"])}
    kernel = EmbeddedEngine("no Docker Engine found", before).environment(tmp_path / "home")
    variables = environment(user, tmp_path / "kit", PATH=kernel["PATH"])
    assert variables["PATH"] == before["PATH"]


def test_a_damaged_config_of_the_kit_is_written_anew(user: Path, tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "config.json").write_text("{ not json")
    environment(user, tmp_path / "kit")
    assert "cliPluginsExtraDirs" in written(tmp_path / "kit")


def test_a_folder_that_cannot_be_written_is_one_clear_error(user: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"Docker config .* cannot be written"):
        environment(user, tmp_path / "file" / "kit")
