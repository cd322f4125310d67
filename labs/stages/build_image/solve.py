"""Stage 01 as the solution does it: the Dockerfile, the archive of both platforms, the loaded image."""

import csv
import io
import secrets
import shutil
from pathlib import Path

from labs.engine.base import ensure_base
from labs.files import write_private
from labs.lesson.bench import PLATFORMS, Bench
from labs.lesson.shell import build, docker, must
from labs.session.home import sample_app
from labs.subjects.tasks.app_secret import secret_file

FILES = Path(__file__).parent / "files"


def prepare(bench: Bench) -> dict[str, str]:
    """The base image, the trainee's copy of the sample app and the app's secret; what is there is left alone.

    Returns what the notebook shows: on which base image it builds.
    """
    said: list[str] = []
    ensure_base(bench.target, bench.engine, lambda line: said.append(line.removeprefix("base image: ")))
    bench.app.mkdir(mode=0o700, exist_ok=True)
    dockerfile = bench.app / "Dockerfile"
    if not dockerfile.exists():
        shutil.copyfile(FILES / "Dockerfile.start", dockerfile)
    program = bench.app / "app.py"
    if not program.exists():
        shutil.copyfile(sample_app() / "app.py", program)
    secret = secret_file(bench)
    if not secret.exists():
        write_private(secret, f"lab-{secrets.token_hex(16)}\n".encode())
    return {"Base": said[-1] if said else bench.python_image}


def solve(bench: Bench) -> None:
    """Write the Dockerfile, build both platforms into the archive, and load them."""
    fresh(bench)
    make(bench)


def fresh(bench: Bench) -> None:
    """The app as the sample has it, with the solution's Dockerfile."""
    shutil.rmtree(bench.app, ignore_errors=True)
    prepare(bench)
    shutil.copyfile(FILES / "Dockerfile.solution", bench.app / "Dockerfile")


def make(bench: Bench, platforms: tuple[str, ...] = PLATFORMS) -> None:
    """The two builds of the notebook: into the archive, and into the image store."""
    must(
        build(bench, "-t", bench.image, "--output", into_archive(bench), platforms=platforms),
        "The build into the archive",
    )
    must(build(bench, "-t", bench.image, "--load", platforms=platforms), "The build into the image store")


def into_archive(bench: Bench) -> str:
    """The value of ``--output`` for the archive: a row of CSV, as buildx reads it, whatever the folder's name is."""
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(["type=oci", f"dest={bench.archive}"])
    return row.getvalue()


def reset(bench: Bench) -> None:
    """Take the copy of the app, the archive, the secret and the loaded image away."""
    shutil.rmtree(bench.app, ignore_errors=True)
    for path in (bench.archive, secret_file(bench), *bench.work.glob("build*.log")):
        path.unlink(missing_ok=True)
    docker(bench, "rmi", bench.image)
