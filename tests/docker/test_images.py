"""Images on a real Docker Engine: both platforms run, archives are whole, and nothing of the user's is touched."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from labs.engine.archive import read_archive
from labs.errors import LabError
from labs.oci import Platform
from tests.docker.conftest import SAMPLE, Lab

pytestmark = pytest.mark.docker

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
BOTH = "linux/amd64,linux/arm64"
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def image(lab: Lab) -> str:
    """The sample app for both platforms, built by an administrator and kept by the engine."""
    lab.login(lab.target.registry_password())
    code, said = lab.build(BOTH, "kept")
    assert code == 0, said
    return lab.image("kept")


def ask(url: str) -> dict[str, object]:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.parametrize(("platform", "machine"), [(AMD64, "x86_64"), (ARM64, "aarch64")])
def test_the_app_answers_on_each_platform_and_stops_cleanly(
    lab: Lab, image: str, platform: Platform, machine: str
) -> None:
    assert lab.engine.runnable(platform) == ""
    with lab.engine.run(image, platform, {"APP_SECRET": SECRET}) as app:
        app.wait_ready(60)
        answer = ask(app.url)
        assert (answer["machine"], answer["secret_arrived"]) == (machine, True)
        assert app.stop() == 0
    assert '"event": "stopped"' in app.logs()
    assert SECRET not in app.logs()


def test_no_container_is_left_even_when_the_lesson_fails_in_the_middle(lab: Lab, image: str) -> None:
    with pytest.raises(RuntimeError), lab.engine.run(image, AMD64, {}):
        raise RuntimeError("the trainee interrupted")
    _, left = lab.docker("ps", "--all", "--quiet", "--filter", f"label=fargate-lab-kit.owner={os.getpid()}")
    assert left == ""


def test_an_app_that_ends_at_once_is_an_error_with_its_last_words(lab: Lab, image: str) -> None:
    with lab.engine.run(image, AMD64, {"PORT": "eighty"}) as app, pytest.raises(LabError) as ended:
        app.wait_ready(30)
    assert "ended with exit code 2 before it answered" in ended.value.what
    assert "must be a number from 0 to 65535" in ended.value.what


def test_what_an_interrupted_session_left_is_removed_by_the_next_run(lab: Lab, image: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    code, left = lab.docker("create", "--label", f"fargate-lab-kit.owner={gone.pid}", image)
    assert code == 0, left
    with lab.engine.run(image, AMD64, {}):
        _, there = lab.docker("ps", "--all", "--quiet", "--no-trunc")
        assert left.strip() not in there


def test_an_image_that_is_nowhere_is_an_error_that_names_the_build_command(lab: Lab) -> None:
    with pytest.raises(LabError) as absent:
        lab.engine.run(lab.image("absent"), AMD64, {})
    assert "could not be pulled" in absent.value.what
    assert "docker buildx build --platform linux/amd64" in absent.value.next_step


def test_a_platform_that_cannot_run_here_is_refused_with_the_reason(lab: Lab, image: str) -> None:
    mainframe = Platform("linux", "s390x")
    assert "the emulator" in lab.engine.runnable(mainframe)
    with pytest.raises(LabError, match="cannot run as linux/s390x"):
        lab.engine.run(image, mainframe, {})


def test_the_archive_holds_both_platforms_even_when_the_base_was_never_pulled(lab: Lab, tmp_path: Path) -> None:
    lab.forget_build_cache()
    lab.forget_images()
    code, said = lab.build(BOTH, "fresh")
    assert code == 0, said
    kept = read_archive(lab.engine.archive(lab.image("fresh"), tmp_path / "app.tar"))
    assert set(kept.platforms) == {AMD64, ARM64}
    for platform in kept.platforms:
        assert kept.config(platform)["config"]["User"] == "10001:10001"
        names = {entry.path for entry in kept.files(platform)}
        assert {"app/app.py", "usr/bin/python"} <= names
    assert list(tmp_path.iterdir()) == [tmp_path / "app.tar"]


def test_the_archive_of_an_image_that_is_not_there_is_an_error_and_leaves_no_file(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="There is no image"):
        lab.engine.archive(lab.image("absent"), tmp_path / "app.tar")
    assert list(tmp_path.iterdir()) == []


def test_what_the_embedded_engine_pushes_real_docker_pulls_and_runs(lab: Lab, tmp_path: Path) -> None:
    lab.login(lab.target.registry_password())
    words = ["buildx", "build", "--platform", BOTH, "--build-arg", f"PYTHON_IMAGE={lab.base}"]
    built = subprocess.run(
        [sys.executable, "-m", "labs.cli", "docker", *words, "-t", lab.image("embedded"), "--push", str(SAMPLE)],
        env={**lab.env, "LAB_HOME": str(tmp_path), "LAB_ENGINE": "embedded"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    _, platforms = lab.engine.inspect_pushed(lab.image("embedded"))
    assert set(platforms) == {AMD64, ARM64}
    for platform, machine in ((AMD64, "x86_64"), (ARM64, "aarch64")):
        with lab.engine.run(lab.image("embedded"), platform, {}) as app:
            app.wait_ready(60)
            assert ask(app.url)["machine"] == machine


def test_the_users_docker_config_is_as_it_was(lab: Lab, image: str) -> None:
    folder = lab.user / ".docker"
    assert [each.name for each in folder.iterdir()] == ["config.json"]
    assert json.loads((folder / "config.json").read_text()) == {"auths": {"ghcr.io": {"auth": "YWRhOnNlY3JldA=="}}}
    kits = Path(lab.env["DOCKER_CONFIG"]) / "config.json"
    assert lab.target.registry in json.loads(kits.read_text())["auths"]


def test_a_login_never_reaches_the_users_keychain(lab: Lab, tmp_path: Path) -> None:
    # docker login takes `pass` by itself where it finds it; these would say that they were called.
    called = tmp_path / "called"
    for name in ("pass", "docker-credential-pass", "docker-credential-secretservice"):
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\necho {name} >> {called}\n")
        command.chmod(0o755)
    password = lab.target.registry_password()
    env = {"PATH": f"{tmp_path}{os.pathsep}{lab.env['PATH']}"}
    code, said = lab.docker(
        "login", "--username", "AWS", "--password-stdin", lab.target.registry, stdin=password, env=env
    )
    assert code == 0, said
    assert not called.exists()
