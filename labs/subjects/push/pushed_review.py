"""What is wrong inside an image that was pushed: for the check of each stage that pushes one."""

from labs import oci
from labs.ledger.names import stamp
from labs.lesson.bench import PLATFORMS, Bench
from labs.subjects.image.age import changed_since
from labs.subjects.image.examination import examine, other_build
from labs.subjects.image.from_lines import pin_of
from labs.subjects.push.lab_repository import Pushed
from labs.subjects.push.policy_review import PolicyProblem
from labs.subjects.push.pushed_image import archived, opened

_WANTED = tuple(oci.Platform.parse(text) for text in PLATFORMS)


def problem_inside(bench: Bench, tag: str, pushed: Pushed, secret: str) -> PolicyProblem | None:
    """The last word of a message id and its values; None when the image is as it should be.

    ``secret``: the app's own, or ''. The names are ``wrong_machine_code``, ``runs_as_root``, ``secret_inside`` and
    ``other_build``. LabError when a layer cannot be read.
    """
    with opened(bench, tag, pushed) as image:
        fault = examine(image, _WANTED, secret)
        if fault is not None:
            pin = pin_of(bench.app / "Dockerfile", {"PYTHON_IMAGE": bench.python_image})
            cause = f"FROM is pinned to one platform's image: {pin}." if pin else ""
            return PolicyProblem(
                fault.name, {"platform": fault.platform, "found": fault.found, "tag": tag, "cause": cause}
            )
        built = archived(bench)
        if built is not None and changed_since(bench.archive, bench.app, built) is not None:
            built = None  # of the folder as it was
        other = other_build(image, _WANTED, bench.app / "app.py", built)
    return PolicyProblem("other_build", {"tag": tag, "at": stamp(pushed.at), "other": other}) if other else None
