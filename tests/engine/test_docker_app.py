"""What a Docker Engine says when it cannot start an image: about the image, or about its own machine."""

from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from labs import oci
from labs.engine.docker_app import start
from labs.errors import LabError

pytestmark = pytest.mark.unit
RUNC = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
)


class Engine(SimpleNamespace):
    """The SDK's client, as far as a start goes: ``create`` or ``start`` fails with some words."""

    def __init__(self, **words: str) -> None:
        super().__init__(words=words, removed=[])

    def inspect_image(self, _: str) -> dict[str, Any]:
        return {"Config": {}}

    def create_host_config(self, **_: Any) -> dict[str, Any]:
        return {}

    def create_container(self, *_: Any, **__: Any) -> dict[str, str]:
        self._fail("create")
        return {"Id": "1"}

    def start(self, _: str) -> None:
        self._fail("start")

    def remove_container(self, container: str, **_: Any) -> None:
        self.removed.append(container)

    def _fail(self, step: str) -> None:
        if step in self.words:
            raise docker.errors.APIError("failed", explanation=self.words[step])


def refused(engine: Engine) -> LabError:
    with pytest.raises(LabError) as raised:
        start(engine, lambda: None, "app:lab", oci.Platform("linux", "amd64"), {})  # type: ignore[arg-type]
    return raised.value


@pytest.mark.parametrize(
    "words",
    [
        "unable to find user app: no matching entries in passwd file",
        "unable to find group app: no matching entries in group file",
        RUNC + 'unable to start container process: exec: "pyton": executable file not found in $PATH: unknown',
        RUNC + 'unable to start container process: exec: "/app/run": permission denied: unknown',
        RUNC + 'unable to start container process: exec: "/app/x": stat /app/x: no such file or directory: unknown',
        RUNC + 'container_linux.go:380: starting container process caused: exec: "x": executable file not found',
        RUNC + 'chdir to cwd ("/root/x") set in config.json failed: permission denied: unknown',
    ],
)
def test_what_the_image_names_and_has_not_is_the_images_own(words: str) -> None:
    engine = Engine(start=words)
    error = refused(engine)
    assert (error.id, error.what) == ("image-not-startable", f"app:lab could not be started: {words}.")
    assert engine.removed == ["1"]


@pytest.mark.parametrize(
    "words",
    [
        RUNC + "unable to apply cgroup configuration: mkdir /sys/fs/cgroup/docker: read-only file system: unknown",
        RUNC + "error mounting proc to rootfs at /proc: operation not permitted: unknown",
        "failed to set up container networking: driver failed programming external connectivity on endpoint app",
        'failed to start shim: start failed: exec: "containerd-shim-runc-v2": executable file not found in $PATH',
    ],
)
def test_an_engine_that_starts_no_container_at_all_is_its_own_trouble_in_its_own_words(words: str) -> None:
    error = refused(Engine(start=words))
    assert (error.id, error.next_step) == ("container-not-started", "labs doctor")
    assert words in error.what


def test_an_image_without_a_command_is_not_made_into_a_container() -> None:
    assert refused(Engine(create="no command specified")).id == "image-not-startable"
