"""docker/setup-buildx-action. Source: v4.3.0, ``src/main.ts``, ``context.ts``.

Differs: with a Docker Engine its own builder is used (containerd image store), since the image of a builder in a
container (moby/buildkit) cannot be pulled without a network. ``version``, ``append`` and certificates are refused.
"""

import json
import re
import uuid

from labs.workflow.stand_ins.step import Done, Step, StepFailed

_NOT_SERVED = ("version", "append", "buildkitd-config", "buildkitd-config-inline", "endpoint")


def run(step: Step) -> None:
    """Make a builder and use it."""
    step.refuse(*_NOT_SERVED)
    driver = step.get("driver") or "docker-container"
    name = step.get("name") or f"builder-{uuid.uuid4()}"
    with step.group("Buildx version"):
        step.docker("buildx", "version")
    if not step.embedded:
        step.say(
            "The kit's stand-in makes no builder in a container: its image would have to be pulled. This Docker "
            "Engine's own builder keeps images in containerd's store and builds for several platforms, too."
        )
        name, driver = "default", "docker"
    elif driver != "docker":
        with step.group("Creating a new builder instance"):
            words = ["create", "--name", name, "--driver", driver]
            for option in step.items("driver-opts", commas=False):
                words += ["--driver-opt", option]
            if platforms := step.items("platforms"):
                words += ["--platform", ",".join(platforms)]
            _said(step.docker("buildx", *words, *(["--use"] if step.on("use", default=True) else [])))
    else:
        name = "default"
    step.output("name", name)
    with step.group("Booting builder"):
        inspected = _said(step.docker("buildx", "inspect", "--bootstrap", "--builder", name))
    found = dict(re.findall(r"^(\w+):\s+(\S.*)$", inspected.out, re.MULTILINE))
    platforms = [each.strip().rstrip("*") for each in found.get("Platforms", "").split(",") if each.strip()]
    step.output("driver", found.get("Driver", driver))
    step.output("platforms", ",".join(platforms))
    node = {"name": f"{name}0", "endpoint": "", "status": "running", "platforms": ",".join(platforms)}
    step.output("nodes", json.dumps([node], indent=2))


def _said(done: Done) -> Done:
    if done.code != 0:
        raise StepFailed(done.last_line)
    return done
