"""Mistakes inside an image, for the wrong answers of the stages that push one: another Dockerfile, for one build."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labs.lesson.bench import Bench

# Takes the bench and the Dockerfile's text; gives the text to build with. It may write files beside it.
Change = Callable[[Bench, str], str]


@contextmanager
def changed(bench: Bench, change: Change) -> Iterator[None]:
    """The work folder with another Dockerfile; afterwards it is as it was, with its times."""
    before = {path: (path.read_bytes(), path.stat()) for path in bench.app.iterdir() if path.is_file()}
    dockerfile = bench.app / "Dockerfile"
    dockerfile.write_text(change(bench, dockerfile.read_text()))
    try:
        yield
    finally:
        for path in bench.app.iterdir():
            if path not in before:
                path.unlink()
        for path, (data, status) in before.items():
            path.write_bytes(data)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def pinned(_: Bench, text: str) -> str:
    """FROM for one platform only: arm64 full of amd64's programs."""
    return text.replace("FROM ${", "FROM --platform=linux/amd64 ${")


def pinned_without_label(bench: Bench, text: str) -> str:
    """As the Dockerfile was given: nothing in it differs between the platforms."""
    return pinned(bench, text).replace('LABEL lab.platform="${TARGETPLATFORM}"\n', "")


def as_root(_: Bench, text: str) -> str:
    """Nobody said who runs it."""
    return text.replace("USER 10001:10001\n", "")


def unknown_user(_: Bench, text: str) -> str:
    """A user that nobody made."""
    return text.replace("USER 10001:10001", "USER app")


def other_program(bench: Bench, text: str) -> str:
    """An app.py of yesterday."""
    program = bench.app / "app.py"
    program.write_text(program.read_text() + "# as it was yesterday\n")
    return text


def other_command(_: Bench, text: str) -> str:
    """The program with an option."""
    return text.replace('"/app/app.py"]\n', '"/app/app.py", "--quiet"]\n')


def secret_in_env(value: Callable[[Bench], str]) -> Change:
    """A secret under an innocent name."""
    return lambda bench, text: f'{text}ENV GREETING="{value(bench)}"\n'


def password_in_label(_: Bench, text: str) -> str:
    """A password, noted down."""
    return f'{text}LABEL db.password="hunter2"\n'


def secret_in_layer(value: Callable[[Bench], str]) -> Change:
    """A settings file that came along."""

    def change(bench: Bench, text: str) -> str:
        (bench.app / "settings.ini").write_text(f"secret = {value(bench)}\n")
        return text.replace("USER 10001", "COPY settings.ini ./\nUSER 10001")

    return change
