"""What the notebook of stage 01 adds to ``lab``."""

from labs.lesson.bench import Bench
from labs.stages.build_image import show
from labs.subjects.push.push_verbs import index
from labs.ui import text


def run(bench: Bench) -> None:
    """Start the built image on each platform that can run here, with its secret, and show what it answers.

    Example: ``lab.run()``
    """
    print(text.table(("platform", "answer"), show.answers(bench)))


VERBS = (index, run)
