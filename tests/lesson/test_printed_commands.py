"""Commands that a page, a message or a hint gives to be typed: the work folder may have any name, so it is quoted."""

import json
import re
import tomllib

import pytest

from labs.lesson import notebooks
from labs.lesson.stage import stages
from labs.session.home import checkout

# What makes a text a command for a shell, and the work folder outside double quotes in it.
COMMAND = re.compile(r"docker (?:buildx build|build|push|load|run)\b.* -|\| tee\b|\bdest=|^!")
UNQUOTED = re.compile(r'(?<!")\$\{?WORK\b')


def lines_of(subject):
    for file in (*subject.folder.glob("*.en.toml"), *subject.folder.glob("files/*.sh")):
        text = file.read_text()
        values = text.splitlines()
        if file.suffix == ".toml":
            values = [word for table in tomllib.loads(text).values() for word in table.values()]
        for value in values:
            yield file.name, value
    for folder in (notebooks.SOLVED, notebooks.TRAINEE):
        path = checkout() / folder / f"{subject.notebook}.ipynb"
        for cell in json.loads(path.read_text())["cells"]:
            for line in "".join(cell["source"]).splitlines():
                yield f"{folder}, {cell['id']}", line


@pytest.mark.parametrize("subject", stages(), ids=lambda each: each.name)
def test_a_command_works_in_a_folder_of_any_name(subject):
    found = [
        f"{where}: {line}"
        for where, line in lines_of(subject)
        if isinstance(line, str) and COMMAND.search(line) and UNQUOTED.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["docker buildx build --load $WORK/app", "x 2>&1 | tee $WORK/x.log", "-o type=oci,dest=$WORK/a", "!cat ${WORK}/a"],
)
def test_what_breaks_at_a_space_is_seen(line):
    assert COMMAND.search(line)
    assert UNQUOTED.search(line)
