"""``labs workflow``: run a GitHub Actions workflow of the work folder on this machine, or show the last run."""

import argparse
import os
from collections.abc import Sequence
from functools import partial

from labs.errors import LabError
from labs.lesson import workflow_run
from labs.lesson.bench import open_bench
from labs.session import local
from labs.session.home import lab_home
from labs.workflow import identity, record
from labs.workflow.record import CANCELLED, LOG_FILE, RunRecord

_EPILOG = """\
act runs the steps as processes of yours, with your rights; the kit's stand-ins take the place of published actions
unless LAB_ACTIONS names a folder of real checkouts (owner/name/). Nothing reaches GitHub or AWS.
"""
EXAMPLES = {
    "labs workflow run": "push.yml, as a push to main starts it",
    "labs workflow run --event pull_request --fork": "as a pull request from a fork does",
    "labs workflow run --ref refs/tags/v1 --job push": "a tag; one job, and what it needs",
    "labs workflow run --var REPOSITORY=other": "with another value of vars.REPOSITORY",
    "labs workflow last": "what the last run did, step by step",
}
EXITS = {
    0: "the run succeeded",
    1: "it failed, ran out of time, or every job was skipped",
    2: "it cannot run here, or the event starts nothing; last: there was no run",
    130: "Ctrl-C",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs workflow``."""
    parser.epilog = _EPILOG
    parser.add_argument("what", choices=("run", "last"), metavar="{run,last}", help="run a workflow, or show a run")
    events = f"what starts it: {', '.join(identity.EVENTS)} (default: push)"
    parser.add_argument("--event", default="push", choices=identity.EVENTS, metavar="EVENT", help=events)
    parser.add_argument(
        "--ref", default="", metavar="REF", help="the branch or tag; of a pull request the branch to be merged"
    )
    parser.add_argument("--fork", action="store_true", help="the pull request comes from a fork")
    environment = "run as if every job said environment: NAME (default: what the workflow says)"
    parser.add_argument("--environment", default="", metavar="NAME", help=environment)
    parser.add_argument(
        "--workflow", default="push.yml", metavar="FILE", help="in $WORK/.github/workflows (default: push.yml)"
    )
    parser.add_argument("--job", default="", metavar="JOB", help="this job alone, and what it needs")
    parser.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="a value of the vars context; may be repeated"
    )
    secret = "a secret, whose value is the environment variable NAME; may be repeated"
    parser.add_argument("--secret", action="append", default=[], metavar="NAME", help=secret)
    parser.add_argument(
        "--minutes", type=float, default=10.0, metavar="N", help="end the run after so long (default: 10)"
    )


def run(args: argparse.Namespace) -> int:
    """0 when the run succeeded, 1 when it did not, 130 when it was interrupted."""
    return _run(args) if args.what == "run" else _last()


def _run(args: argparse.Namespace) -> int:
    event = identity.event(args.event, args.ref, args.fork)
    given, secrets = _pairs(args.var), _secrets(args.secret)
    if not 0 < args.minutes <= 360:
        raise LabError(
            f"--minutes {args.minutes:g} is no time limit.", "give 0.1 to 360 minutes", id="workflow-time-limit"
        )
    with local.borrowed(lab_home()):
        found = workflow_run.run(
            open_bench(),
            event,
            file=args.workflow,
            environment=args.environment,
            job=args.job,
            given=given,
            secrets=secrets,
            limit_s=args.minutes * 60,
            say=partial(print, flush=True),
        )
    return _code(found)


def _last() -> int:
    home = lab_home()
    folder = record.last_folder(home)
    if folder is None:
        raise LabError("No workflow has run in this lab yet.", "labs workflow run", id="workflow-no-run-yet")
    found = record.load(folder)
    print(
        f"Run {found.number} of {found.workflow}: {found.event} to {found.ref}, commit {found.sha}: {found.conclusion}"
    )
    for name, job in found.jobs.items():
        print(f"{name}: {job.conclusion}{f' as {job.subject}' if job.subject else ''}")
        for step in job.steps:
            print(f"  {step.conclusion:<10} {step.title} ({step.seconds:.1f} s)")
    print(f"Log: {folder / LOG_FILE}")
    return _code(found)


def _code(found: RunRecord) -> int:
    return 0 if found.succeeded else 130 if found.conclusion == CANCELLED else 1


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise LabError(f"'{text}' is not a variable.", "write it like --var NAME=VALUE", id="workflow-var-not-one")
        found[name] = value
    return found


def _secrets(names: Sequence[str]) -> dict[str, str]:
    for name in names:
        if name not in os.environ:
            raise LabError(
                f"There is no environment variable {name}.",
                f"set it to the secret's value: export {name}=...",
                id="workflow-secret-not-set",
            )
    return {name: os.environ[name] for name in names}
