"""Stage 01: a real index of both platforms, not root, no secret inside, and the app answers."""

import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from labs import oci
from labs.engine.archive import Image, read_archive
from labs.errors import LabError
from labs.lesson.bench import PLATFORMS, Bench
from labs.subjects.image.age import changed_since, written_at
from labs.subjects.image.baked_secrets import Leak, leaks
from labs.subjects.image.examination import wrong_code
from labs.subjects.image.from_lines import pin_of
from labs.subjects.image.image_user import user_of
from labs.subjects.tasks.app_secret import app_secret
from labs.ui import text
from labs.verdict import Gate, Report, Verdict, run_gates

WANTED = tuple(oci.Platform.parse(text) for text in PLATFORMS)
PLATFORM_LABEL = "lab.platform"
_LEAK_IDS = {"layer": "build.secret_in_layer", "env": "build.secret_in_env", "history": "build.secret_in_history"}
# An engine's errors that say: no such image in its store. And: the image is here, and what it says cannot be started.
_NOT_HERE = {
    "archive-lacks-platform",
    "docker-image-lacks-platform",
    "docker-image-not-found",
    "docker-image-not-pulled",
    "embedded-image-not-found",
}
_NOT_STARTABLE = {"image-not-startable", "no-command-specified", "no-such-image-user"}
READY_S = 60.0
ANSWER_S = 10.0


@dataclass
class _Subject:
    """The bench, and what the gates have read so far."""

    bench: Bench
    images: list[Image] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    @property
    def image(self) -> Image:
        return self.images[0]

    def say(self, message_id: str, **values: object) -> Verdict:
        return self.bench.say(message_id, **values)


def _archive(subject: _Subject) -> Verdict | None:
    path = subject.bench.archive
    if not path.exists():
        return subject.say("build.archive_missing", file=path.name)
    if not path.stat().st_size:
        return subject.say("build.not_finished", file=path.name, at=written_at(path))
    try:
        subject.images.append(read_archive(path))
    except LabError as error:
        return subject.say("build.archive_unreadable", file=path.name, what=error.what)
    return None


def _age(subject: _Subject) -> Verdict | None:
    """What is judged is the build of the folder as it is now, not one from before the last change."""
    bench = subject.bench
    changed = changed_since(bench.archive, bench.app, subject.image)
    if changed is None:
        return None
    return subject.say(
        "build.older", file=bench.archive.name, at=written_at(bench.archive), changed=changed.file,
        changed_at=changed.at,
    )  # fmt: skip


def _platforms(subject: _Subject) -> Verdict | None:
    image = subject.image
    missing = [platform for platform in WANTED if platform not in image.platforms]
    if not missing:
        return None
    found = text.series([str(each) for each in image.platforms]) or "no platform"
    values = {"missing": text.series([str(each) for each in missing]), "found": found}
    if image.attestations and len(image.platforms) == 1:
        return subject.say("build.attestation", **values)
    if set(image.platforms) - set(WANTED):
        return subject.say("build.other_platform", **values)
    return subject.say("build.one_platform", **values)


def _machine_code(subject: _Subject) -> Verdict | None:
    """Each manifest must hold programs for its own CPU: a pinned FROM gives both the same."""
    fault = wrong_code(subject.image, WANTED)
    if fault is None:
        return None
    return subject.say("build.wrong_machine_code", platform=fault.platform, found=fault.found, cause=_pinned(subject))


def _pinned(subject: _Subject) -> str:
    """Where the Dockerfile shows it, or what does such a thing and where to look."""
    bench = subject.bench
    place = pin_of(bench.app / "Dockerfile", {"PYTHON_IMAGE": bench.python_image})
    if place:
        return f"FROM is pinned to one platform's image: {place}."
    return "The Dockerfile's FROM is not pinned, so the base image or a COPY brings programs of one platform only."


def _label(subject: _Subject) -> Verdict | None:
    for platform in WANTED:
        labels = (_config(subject, platform).get("Labels")) or {}
        found = labels.get(PLATFORM_LABEL, "")
        if not found:
            shown = "the label is empty" if PLATFORM_LABEL in labels else "no such label"
            return subject.say("build.label_missing", platform=platform, label=PLATFORM_LABEL, shown=shown)
        if found != str(platform):
            return subject.say("build.label_wrong", platform=platform, label=PLATFORM_LABEL, found=found)
    return None


def _user(subject: _Subject) -> Verdict | None:
    for platform in WANTED:
        user = user_of(subject.image, platform)
        if user.unknown:
            return subject.say("build.no_such_user", platform=platform, user=user.written, unknown=user.unknown)
        if user.root:
            return subject.say("build.runs_as_root", platform=platform, user=user.written or "(none is set)")
    return None


def _secrets(subject: _Subject) -> Verdict | None:
    known = app_secret(subject.bench)
    for platform in WANTED:
        leak: Leak | None = next(leaks(subject.image, platform, known), None)
        if leak is not None:
            return subject.say(_LEAK_IDS[leak.where], platform=platform, place=leak.place, kind=leak.kind)
    return None


def _answers(subject: _Subject) -> Verdict | None:
    """Run each platform that can run here, with the secret given at run time."""
    bench = subject.bench
    for platform in WANTED:
        reason = bench.engine.runnable(platform)
        if reason:
            subject.not_run.append(str(platform))
            continue
        verdict = _answers_on(subject, platform)
        if verdict is not None:
            return verdict
        subject.ran.append(str(platform))
    return None


def _answers_on(subject: _Subject, platform: oci.Platform) -> Verdict | None:
    bench = subject.bench
    try:
        app = bench.engine.run(bench.image, platform, {"APP_SECRET": app_secret(bench) or "not-a-secret"})
    except LabError as error:
        if error.id in _NOT_HERE:
            return subject.say("build.not_loaded", image=bench.image, platform=platform, what=error.what)
        if error.id in _NOT_STARTABLE:
            return subject.say("build.not_started", platform=platform, what=error.what)
        raise  # the engine's own trouble: that is no fault of the image
    with app:
        try:
            app.wait_ready(READY_S)
            answer = ask_app(app.url)
        except (LabError, OSError, ValueError) as error:
            lines = app.logs().strip().splitlines() or [str(error)]
            return subject.say("build.no_answer", platform=platform, said=lines[-1][:300])
    machine = oci.Platform("linux", str(answer.get("machine", ""))).normal().architecture
    if machine != platform.architecture:
        return subject.say("build.other_machine", platform=platform, machine=answer.get("machine"))
    if answer.get("secret_arrived") is not True:
        return subject.say("build.no_secret", platform=platform)
    return None


def ask_app(url: str) -> dict[str, Any]:
    """What ``GET /`` of the app answers; OSError or ValueError when it does not answer in JSON."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/", timeout=ANSWER_S) as response:
        answer = json.loads(response.read())
    if not isinstance(answer, dict):
        raise ValueError("the answer is not a JSON object")
    return answer


def _config(subject: _Subject, platform: oci.Platform) -> dict[str, Any]:
    inner = subject.image.config(platform).get("config")
    return inner if isinstance(inner, dict) else {}


def _passed(subject: _Subject) -> Verdict:
    not_run = f"; not run here: {text.series(subject.not_run)}" if subject.not_run else ""
    return subject.say("build.pass", ran=text.series(subject.ran) or "no platform", not_run=not_run)


GATES = (
    Gate("archive", _archive),
    Gate("age", _age),
    Gate("platforms", _platforms),
    Gate("machine code", _machine_code),
    Gate("label", _label),
    Gate("user", _user),
    Gate("secrets", _secrets),
    Gate("answers", _answers, runs=True),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 01."""
    return run_gates("build", GATES, _Subject(bench), _passed)
