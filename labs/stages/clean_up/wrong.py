"""Known mistakes of stage 07."""

import json

from labs.ledger.names import KIT_TAG
from labs.lesson.bench import Bench
from labs.lesson.cleaning import clean
from labs.lesson.stage import Wrong
from labs.stages.clean_up.solve import solve
from labs.subjects.push import lab_repository
from labs.subjects.tasks.execution_policy import TRUST


def _nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _untagged(bench: Bench) -> None:
    """Somebody took the lab's tag off a role: cleaning leaves what it cannot know to be the lab's."""
    target = bench.target
    name = target.names.role("forgotten")
    bench.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    bench.client("iam").untag_role(RoleName=name, TagKeys=[KIT_TAG])
    clean(bench, lambda _line: None)
    # By hand, as the receipt asks: the next cleaning finds nothing.
    bench.client("iam").delete_role(RoleName=name)


def _made_since(bench: Bench) -> None:
    solve(bench)
    lab_repository.create(bench)


WRONG = (
    Wrong("nothing was run", "clean.no_receipt", _nothing),
    Wrong("a role without the lab's tag", "clean.left", _untagged),
    Wrong("something was made afterwards", "clean.made_since", _made_since),
)
