"""What the notebook of stage 01 shows: the index, and the app's answers."""

import json

from labs import oci
from labs.engine.archive import read_archive
from labs.errors import LabError
from labs.lesson.bench import PLATFORMS, Bench
from labs.stages.build_image.check import READY_S, ask_app, secret
from labs.subjects.push import pushing


def index_of(bench: Bench, tag: str = "") -> tuple[str, str, oci.Index]:
    """Name, digest and index of the archive, or of a tag in ECR. LabError when there is none."""
    if not tag:
        if not bench.archive.exists():
            raise LabError(f"There is no {bench.archive.name} in $WORK yet.", "run the build cell above")
        image = read_archive(bench.archive)
        return bench.archive.name, image.digest, image.index
    found = pushing.pushed(bench.client("ecr"), bench.repository_name, tag)
    if found is None:
        raise LabError(f"There is no tag {tag} in {bench.repository_name} yet.", "push it first")
    if isinstance(found.image, oci.Manifest):
        raise LabError(f"The tag {tag} is a single image, not an index.", "build for both platforms and push")
    return f"{bench.repository_name}:{tag}", found.digest, found.image


def answers(bench: Bench) -> list[tuple[str, str]]:
    """Each platform, and what the app answers there; or why it cannot run here."""
    rows = []
    for name in PLATFORMS:
        platform = oci.Platform.parse(name)
        reason = bench.engine.runnable(platform)
        rows.append((name, f"not run here: {reason}" if reason else _answer(bench, platform)))
    return rows


def _answer(bench: Bench, platform: oci.Platform) -> str:
    try:
        with bench.engine.run(bench.image, platform, {"APP_SECRET": secret(bench)}) as app:
            app.wait_ready(READY_S)
            return json.dumps(ask_app(app.url))
    except (LabError, OSError, ValueError) as error:
        return " ".join(str(error).split())
