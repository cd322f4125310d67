"""What the notebook of stage 01 shows: the app's answers."""

import json

from labs import oci
from labs.errors import LabError
from labs.lesson.bench import PLATFORMS, Bench
from labs.stages.build_image.check import READY_S, ask_app
from labs.subjects.tasks.app_secret import app_secret


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
        with bench.engine.run(bench.image, platform, {"APP_SECRET": app_secret(bench)}) as app:
            app.wait_ready(READY_S)
            return json.dumps(ask_app(app.url))
    except (LabError, OSError, ValueError) as error:
        return " ".join(str(error).split())
