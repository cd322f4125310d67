"""``docker run`` of a Python app: a process, in the foreground, until it ends or Ctrl-C."""

import contextlib
import os
import signal
from collections.abc import Sequence
from typing import Any

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded.app_process import format_error, start
from labs.engine.embedded.flags import Given, flags, parse
from labs.engine.embedded.platforms import native, parse_platform
from labs.engine.embedded.reference import parse as parse_reference
from labs.engine.embedded.workspace import Workspace, daemon_error, no_platform
from labs.errors import LabError

_REFUSED = (
    "add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile "
    "cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device "
    "device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust dns "
    "dns-option dns-search domainname entrypoint expose gpus group-add health-cmd health-interval health-retries "
    "health-start-interval health-start-period health-timeout hostname ip ip6 ipc isolation kernel-memory label "
    "label-file link link-local-ip log-driver log-opt mac-address memory memory-reservation memory-swap "
    "memory-swappiness mount network network-alias no-healthcheck oom-kill-disable oom-score-adj pid pids-limit "
    "privileged publish-all pull read-only restart runtime security-opt shm-size sig-proxy stop-signal stop-timeout "
    "storage-opt sysctl tmpfs ulimit use-api-socket user userns uts volume volume-driver volumes-from workdir"
)
TAKES = flags(
    "platform env publish name env-file",
    "rm init interactive tty detach quiet",
    "e=env p=publish i=interactive t=tty d=detach q=quiet a=attach c=cpu-shares l=label m=memory P=publish-all "
    "u=user v=volume w=workdir",
    words_last=True,
    idle={"init": "", "name": ""},
    refused=_REFUSED,
)
FORMAT_ERROR = 255  # what docker run ends with when the kernel cannot execute the image


class NotStarted(LabError):
    """docker run could not start the image."""

    exit_code = 125


def run(arguments: Sequence[str], workspace: Workspace) -> int:
    """Run an image that is here, or is pulled; the app's own exit code."""
    given = parse(arguments, TAKES, "run", 1)
    if given.on("detach"):
        raise LabError(
            "docker run -d needs a Docker Engine: the embedded engine runs apps in the foreground",
            "leave -d out and stop the app with Ctrl-C, or put the command in the background of the shell",
            id="run-detached-not-served",
        )
    image, platform = find_image(given.words[0], given.one("platform"), workspace)
    if platform != native():
        error = format_error(image, platform)
        workspace.say(error.what)
        workspace.say(f"Next: {error.next_step}")
        return FORMAT_ERROR
    port = _port(given)
    app = start(image, platform, _environment(given), given.words[1:], port, attached=True)
    if given.all("publish"):
        workspace.say(f"embedded engine: the app runs as a process of this machine, published on {app.url}")
    with app, _stopped_by_signals(app.process.pid):
        return app.wait()


def find_image(text: str, wanted: str, workspace: Workspace) -> tuple[Image, oci.Platform]:
    """A local image, else a pulled one, and the platform to run of it."""
    platform = parse_platform(wanted) if wanted else native()
    found = workspace.store.find(text)
    if found is None:
        reference = parse_reference(text)
        workspace.say(f"Unable to find image '{reference.familiar}' locally")
        try:
            top = workspace.pull(reference, (platform,))
        except LabError as error:
            raise NotStarted(f"docker: {daemon_error(error, reference).what}", error.next_step, id=error.id) from error
        workspace.store.tag(reference, top)
        found = (reference, top)
    image = workspace.store.image(text, found[1])
    if platform in image.platforms:
        return image, platform
    if wanted or not image.platforms:
        workspace.say(f"Unable to find image '{found[0].familiar}' locally")
        missing = no_platform(image.platforms)
        raise NotStarted(f"docker: Error response from daemon: {missing.what}", missing.next_step, id=missing.id)
    return image, image.platforms[0]  # Docker runs what there is, and the kernel says what it thinks of it


def _environment(given: Given) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in given.all("env-file"):
        try:
            with open(file, encoding="utf-8") as lines:  # noqa: PTH123 - the name comes from the command line
                texts = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        except OSError as error:
            raise LabError(f"open {file}: {(error.strerror or str(error)).lower()}", id="env-file-not-read") from error
        found |= dict(text.partition("=")[::2] for text in texts)
    for text in given.all("env"):
        name, equals, value = text.partition("=")
        if equals:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def _port(given: Given) -> int:
    """-p HOST:CONTAINER or IP:HOST:CONTAINER, one of them; 0 is a free one."""
    if not given.all("publish"):
        return 0
    parts = given.one("publish").removesuffix("/tcp").split(":")
    host = parts[-2] if len(parts) > 1 else "0"
    address = parts[0] if len(parts) > 2 else "127.0.0.1"
    if len(parts) > 3 or not all(part.isdigit() for part in (host or "0", parts[-1])) or int(host or 0) > 65535:
        words = f'invalid argument "{given.one("publish")}" for "-p, --publish" flag: invalid publish opts format'
        raise LabError(words, "write it like -p 8080:8080", id="invalid-publish")
    if address not in ("127.0.0.1", "localhost"):
        raise LabError(
            f"publishing on {address} needs a Docker Engine",
            "the embedded engine publishes on 127.0.0.1",
            id="publish-address-not-served",
        )
    return int(host or 0)


@contextlib.contextmanager
def _stopped_by_signals(pid: int) -> Any:
    """Ctrl-C and SIGTERM reach the app, which has a session of its own, and this command ends with it."""

    def forward(number: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
