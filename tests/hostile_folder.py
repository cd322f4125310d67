"""A folder that a process must not take code from: a module of every name that Python, the kit or its parts import."""

import sys
from pathlib import Path

PARTS = (
    *(
        "jupyterlab",
        "jupyter_server",
        "jupyter_core",
        "ipykernel",
        "traitlets",
        "tornado",
        "pytest",
        "nbval",
        "conftest",
    ),
    *(
        "boto3",
        "botocore",
        "moto",
        "cheroot",
        "docker",
        "filelock",
        "jwt",
        "pip",
        "uv",
        "orjson",
        "simplejson",
        "tests",
    ),
    *("sitecustomize", "usercustomize", "readline"),
)
PROGRAMS = ("python", "python3", "bash", "sh", "ps", "git", "mmdebstrap", "jupyter-lab")
_MODULE = """
import os
with open(os.environ["TAKEN"], "a") as file:
    file.write(__name__ + "\\n")
raise SystemExit(__name__ + " was taken from the current folder")
"""


def fill(folder: Path, names: frozenset[str] = sys.stdlib_module_names) -> Path:
    """Write the modules ``names``, those of the kit's parts, ``labs`` and programs into ``folder``.

    Each writes its name to the file $TAKEN when it is imported or run.
    """
    for name in {*names, *PARTS} - set(sys.builtin_module_names):
        (folder / f"{name}.py").write_text(_MODULE)
    for name in {"labs", "email", "importlib", "encodings"} & {*names, "labs"}:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(_MODULE)
    for program in PROGRAMS:
        (folder / program).write_text(f'#!/bin/sh\necho {program} >> "$TAKEN"\nexit 1\n')
        (folder / program).chmod(0o755)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY calendar.py /\n")
    return folder
