"""docker/build-push-action. Source: v7.3.0, ``src/main.ts``, ``context.ts``.

Differs: no build summary and no record are made; the Git context of github.com, which is the default where ``context``
is not given, cannot be reached.
"""

import json
import tempfile
from pathlib import Path

from labs.workflow.stand_ins.step import Step, StepFailed

# input: the flag, and whether commas separate.
_LISTS = {
    "add-hosts": ("--add-host", True),
    "allow": ("--allow", True),
    "annotations": ("--annotation", False),
    "build-args": ("--build-arg", False),
    "build-contexts": ("--build-context", False),
    "cache-from": ("--cache-from", False),
    "cache-to": ("--cache-to", False),
}
_LATER_LISTS = {
    "labels": ("--label", False),
    "no-cache-filters": ("--no-cache-filter", True),
    "outputs": ("--output", False),
}
_LAST_LISTS = {"ssh": ("--ssh", True), "tags": ("--tag", True), "ulimit": ("--ulimit", False)}
_NOT_SERVED = ("secrets", "secret-envs", "secret-files", "call")


def run(step: Step) -> None:
    """Build, and where wanted push; the outputs are the digest and the metadata of what was made."""
    step.refuse(*_NOT_SERVED)
    if not step.get("context"):
        repository = step.env.get("GITHUB_REPOSITORY", "")
        raise StepFailed(
            f"Without the input 'context' the action builds from https://github.com/{repository}.git, which this "
            "machine does not reach. Check the repository out and name a folder."
        )
    if step.docker("buildx", quiet=True).code != 0:
        raise StepFailed(
            "Docker buildx is required. See https://github.com/docker/setup-buildx-action to set up buildx."
        )
    with step.group("Builder info"):
        step.docker("buildx", "inspect", *(["--builder", step.get("builder")] if step.get("builder") else []))
    with tempfile.TemporaryDirectory(dir=step.env.get("RUNNER_TEMP") or None) as folder:
        ids, metadata = Path(folder, "iidfile"), Path(folder, "build-metadata.json")
        done = step.docker("buildx", *_words(step, ids, metadata), step.get("context"))
        _outputs(step, ids, metadata)
    if done.code != 0:
        raise StepFailed(f"buildx failed with: {done.last_line}")


def _words(step: Step, ids: Path, metadata: Path) -> list[str]:
    words = ["build", *_flags(step, _LISTS)]
    words += _flag(step, "cgroup-parent", "--cgroup-parent") + _flag(step, "file", "--file")
    if not any(each.partition("type=")[2].startswith(("local", "tar")) for each in step.items("outputs", commas=False)):
        words += ["--iidfile", str(ids)]
    words += _flags(step, _LATER_LISTS)
    if platforms := step.items("platforms"):
        words += ["--platform", ",".join(platforms)]
    words += _attestations(step) + _flag(step, "shm-size", "--shm-size") + _flags(step, _LAST_LISTS)
    words += _flag(step, "target", "--target") + _flag(step, "builder", "--builder")
    words += ["--load"] if step.on("load") else []
    words += ["--metadata-file", str(metadata), *_flag(step, "network", "--network")]
    return words + [f"--{name}" for name in ("no-cache", "pull", "push") if step.on(name)]


def _flags(step: Step, lists: dict[str, tuple[str, bool]]) -> list[str]:
    return [
        word for name, (flag, commas) in lists.items() for item in step.items(name, commas) for word in (flag, item)
    ]


def _flag(step: Step, name: str, flag: str) -> list[str]:
    return [flag, step.get(name)] if step.get(name) else []


def _attestations(step: Step) -> list[str]:
    """Provenance is made unless it is said otherwise; in a private repository the smaller kind."""
    found: list[str] = []
    attests = step.items("attests", commas=False)
    provenance = step.get("provenance")
    if provenance:
        found += ["--attest", _attestation("provenance", provenance)]
    elif not (any("type=provenance" in each for each in attests) or step.on("load") or _no_default(step)):
        found += ["--attest", "type=provenance,mode=min,inline-only=true"]
    if step.get("sbom"):
        found += ["--attest", _attestation("sbom", step.get("sbom"))]
    return found + [word for each in attests for word in ("--attest", each)]


def _no_default(step: Step) -> bool:
    return step.env.get("BUILDX_NO_DEFAULT_ATTESTATIONS", "").lower() in ("1", "true")


def _attestation(kind: str, value: str) -> str:
    if value.lower() == "false":
        return f"type={kind},disabled=true"
    return f"type={kind}" if value.lower() == "true" else f"type={kind},{value}"


def _outputs(step: Step, ids: Path, metadata: Path) -> None:
    if ids.is_file() and (image := ids.read_text().strip()):
        with step.group("ImageID"):
            step.say(image)
        step.output("imageid", image)
    if not metadata.is_file():
        return
    document = json.loads(metadata.read_text())
    if digest := str(document.get("containerimage.digest") or ""):
        with step.group("Digest"):
            step.say(digest)
        step.output("digest", digest)
    text = json.dumps(document, indent=2)
    with step.group("Metadata"):
        step.say(text)
    step.output("metadata", text)
