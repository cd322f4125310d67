"""Stage 01 never blames the image for the engine's trouble, nor the store for the image's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labs.errors import LabError
from labs.lesson.stage import said
from labs.stages.build_image import check

pytestmark = pytest.mark.unit


def subject(tmp_path: Path, error: LabError) -> Any:
    def run(*_: Any) -> Any:
        raise error

    engine = SimpleNamespace(runnable=lambda _: "", run=run)
    bench = SimpleNamespace(
        engine=engine, image="app:lab", work=tmp_path, say=lambda message_id, **values: said(message_id, values)
    )
    return check._Subject(bench)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("docker-image-not-pulled", "build.not_loaded"),
        ("docker-image-lacks-platform", "build.not_loaded"),
        ("embedded-image-not-found", "build.not_loaded"),
        ("archive-lacks-platform", "build.not_loaded"),
        ("image-not-startable", "build.not_started"),
        ("no-such-image-user", "build.not_started"),
        ("no-command-specified", "build.not_started"),
    ],
)
def test_what_the_image_or_the_store_lacks_is_told_in_the_engines_words(tmp_path: Path, id: str, message: str) -> None:
    verdict = check._answers(subject(tmp_path, LabError("the engine's words", "a step", id=id)))
    assert verdict is not None
    assert (verdict.message_id, verdict.found) == (message, "the engine's words")


@pytest.mark.parametrize("id", ["container-not-started", "docker-failed", "docker-went-away", "image-not-unpacked"])
def test_an_engine_in_trouble_is_no_verdict_on_the_image(tmp_path: Path, id: str) -> None:
    # The runner makes CANNOT CHECK of it, with these words.
    with pytest.raises(LabError, match="cgroup"):
        check._answers(subject(tmp_path, LabError("unable to apply cgroup configuration", "labs doctor", id=id)))
