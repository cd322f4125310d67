"""``python -m tests.lint_workflows [FOLDER]``: the workflows of this project, by the two linters and the kit's review.

Any finding fails, an advice too, and so does a linter that was not asked: then nobody looked.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from labs.errors import LabError
from labs.workflow import document, linters
from labs.workflow.review import review

OWN = Path(__file__).parents[1] / ".github" / "workflows"


def main(words: list[str]) -> int:
    files = sorted(Path(words[0] if words else OWN).glob("*.y*ml"))
    if not files:
        print("no workflow is there to be linted")
        return 1
    found = [line for file in files for line in faults(file)]
    print("\n".join(found) or f"{len(files)} workflow(s), nothing found")
    return 1 if found else 0


def faults(file: Path) -> Iterator[str]:
    """What is wrong with a file, a line each."""
    try:
        workflow = document.read(file)
    except LabError as error:
        yield str(error)
        return
    answers = linters.ask(workflow.text, file.name)
    yield from (f"{file.name}: {each.not_asked}" for each in answers if each.not_asked)
    for finding in (*review(workflow), *(each for answer in answers for each in answer.findings)):
        yield f"{file.name}:{finding.line}: {finding.what} ({finding.id}, {finding.found_by})\n    {finding.next_step}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
