"""A throw-away lab home with a local AWS of its own: the course is run in it, and tests are."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from labs.lesson.bench import Bench, open_bench
from labs.lesson.shell import docker
from labs.session import local


@contextmanager
def room(env: Mapping[str, str], prefix: str = "lab-") -> Iterator[Bench]:
    """A bench in a lab home of its own, with its own local AWS; both, and its images, are gone afterwards.

    ``prefix``: what the folder's name begins with.
    """
    with home(prefix) as place:
        bench = open_bench({**env, "LAB_HOME": str(place), "LAB_TARGET": "local"})
        try:
            yield bench
        finally:
            _forget_images(bench)


@contextmanager
def home(prefix: str) -> Iterator[Path]:
    """An empty lab home; it is gone afterwards, and the local AWS that was started in it has stopped."""
    place = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield place
    finally:
        local.stop_cloud(place)
        shutil.rmtree(place, ignore_errors=True)


def _forget_images(bench: Bench) -> None:
    """Take what was built for the room's registry out of a Docker Engine's store, which outlives the room."""
    if bench.engine.name == "embedded":
        return
    listed = docker(bench, "images", "--format", "{{.Repository}}:{{.Tag}}").output.split()
    names = [name for name in listed if name.startswith(f"{bench.target.registry}/")]
    docker(bench, "rmi", bench.image, *names)
