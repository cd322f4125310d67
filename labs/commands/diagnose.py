"""``labs diagnose``: why a task, a service, a definition before it runs, or a workflow's run fails."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from labs.account import POLICY
from labs.account.case import Place
from labs.account.report import report
from labs.account.survey import clients_of, look, where
from labs.errors import LabError
from labs.iam import MalformedPolicy
from labs.session import local
from labs.session.home import lab_home
from labs.session.target import connect
from labs.workflow import log_files, log_report, record
from labs.workflow.log_diagnosis import Verdict, diagnose

_EPILOG = """\
Without a name it looks at the service of the cluster that is not steady, else at the newest task. It only reads.
LAB_TARGET=aws asks your account, with your usual credentials; without it the lab's local AWS is asked.
With --log it reads the log of a run of GitHub Actions (gh run view RUN --log, a job's
log, the zip, text of the page, act's output) and asks nothing of anybody.
"""
EXAMPLES = {
    "labs diagnose": "what most needs a look in the lab's cluster",
    "labs diagnose my-service --cluster lab": "one service",
    "labs diagnose my-family:3 --subnet subnet-...": "a definition, before it runs",
    "LAB_TARGET=aws labs diagnose TASK-ARN": "a task in your AWS account",
    "labs diagnose --log run.txt": "a run of GitHub Actions",
    "gh run view RUN --log-failed | labs diagnose --log -": "the same, from standard input",
    "labs diagnose --log run.txt --trust trust.json --sub repo:o/r:pull_request": "with the role's trust policy",
}
EXITS = {
    0: "nothing is wrong",
    1: "causes were found",
    2: "something could not be checked or asked; --log: words are not known",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs diagnose``."""
    parser.epilog = _EPILOG
    what = "a task's id or ARN, a service's name or ARN, or a task definition's family, family:revision or ARN"
    parser.add_argument("name", nargs="?", default="", metavar="TASK|SERVICE|DEFINITION", help=what)
    parser.add_argument(
        "--cluster", default="", help="the cluster's name or ARN (default: that of an ARN, else the lab's own)"
    )
    parser.add_argument(
        "--subnet", action="append", default=[], metavar="SUBNET", help="where a definition would run; may be repeated"
    )
    parser.add_argument(
        "--group", action="append", default=[], metavar="SG", help="in which security group; also for a stopped task"
    )
    parser.add_argument("--public", action="store_true", help="a definition would run with a public address")
    parser.add_argument("--exec", action="store_true", dest="shell", help="also say whether ECS Exec would work")
    parser.add_argument(
        "--log",
        nargs="?",
        const="",
        metavar="FILE",
        help="a log of a GitHub Actions run, or - for standard input; without FILE: the lab's last run",
    )
    parser.add_argument("--trust", metavar="FILE", type=Path, help="with --log: the role's trust policy")
    parser.add_argument("--sub", default="", metavar="SUBJECT", help="with --log: the subject of the run's token")
    parser.add_argument("--policy", action="store_true", help="print the IAM policy of all that is read, and end")


def run(args: argparse.Namespace) -> int:
    """0 when nothing is wrong, 1 when causes were found, 2 when not everything could be checked."""
    if args.policy:
        print(POLICY.read_text("utf-8"), end="")
        return 0
    _check(args)
    if args.log is not None:
        return _of_log(args)
    with local.borrowed(lab_home()):
        target = connect()
        place = Place(tuple(args.subnet), tuple(args.group) or None, args.public)
        looked = look(clients_of(target), where(target, args.cluster, place, args.shell), args.name)
    print(report(looked))
    return 1 if looked.diagnosis.causes else 2 if looked.diagnosis.unchecked else 0


def _of_log(args: argparse.Namespace) -> int:
    """The diagnosis of a run's log. LabError for a file that is none, and a trust policy that is none."""
    if args.log == "-":
        log, name = log_files.read_stream(sys.stdin.buffer, "standard input"), "standard input"
    else:
        path = Path(args.log) if args.log else _last_run()
        log, name = log_files.read_file(path), str(path)
    trust = None if args.trust is None else _trust(args.trust)
    kept = None if args.log == "-" else _kept(Path(name))
    ended_well = None if kept is None else kept.succeeded
    try:
        found = diagnose(log, ended_well=ended_well)
        job = kept.jobs.get(found.first.step.job) if kept is not None and found.first is not None else None
        subject = args.sub or (job.subject if job is not None else "")
        if trust is not None and not subject:
            raise LabError(
                "--trust needs the subject of the run's token, which this log does not have.",
                "give --sub, as repo:OWNER/NAME:ref:refs/heads/main",
                id="diagnose-trust-without-sub",
            )
        found = diagnose(log, trust, {"sub": subject} if subject else None, ended_well=ended_well)
    except MalformedPolicy as error:
        raise LabError(
            f"{args.trust} is no trust policy: {error}.", "correct it", id="diagnose-trust-malformed"
        ) from error
    print(log_report.report(found, name))
    return {Verdict.NOTHING: 0, Verdict.CAUSE: 1}.get(found.verdict, 2)


def _last_run() -> Path:
    """The log of the newest run of the lab's own."""
    folder = record.last_folder(lab_home())
    if folder is None:
        raise LabError("The lab has no run of a workflow yet.", "say which log: --log FILE", id="diagnose-no-run")
    return folder / record.LOG_FILE


def _kept(log: Path) -> record.RunRecord | None:
    """What the lab noted of its own run beside the log; None for a log from elsewhere."""
    beside = log.with_name(record.RUN_FILE)
    try:
        return record.load(beside) if beside.is_file() else None
    except LabError:
        # A run.json that is not the lab's says nothing about the log.
        return None


def _trust(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise LabError(
            f"{path} cannot be read: {why}.",
            "save the role's trust policy there, as aws iam get-role gives it",
            id="diagnose-trust-not-read",
        ) from error


def _check(args: argparse.Namespace) -> None:
    if args.log is not None and (args.name or args.cluster or args.subnet or args.group or args.public or args.shell):
        raise LabError(
            "--log goes with --trust and --sub alone.", "leave the others out", id="diagnose-log-with-others"
        )
    if args.log is None and (args.trust is not None or args.sub):
        raise LabError("--trust and --sub go with --log.", "say which log", id="diagnose-trust-without-log")
    for option, prefix, ids in (("--subnet", "subnet-", args.subnet), ("--group", "sg-", args.group)):
        for id in ids:
            if not id.startswith(prefix):
                raise LabError(
                    f"'{id}' is not an id for {option}.", f"give {option} {prefix}...", id="wrong-kind-of-id"
                )
    if not args.name and (args.subnet or args.group or args.public):
        raise LabError(
            "--subnet, --group and --public need a name.",
            "say which task or task definition",
            id="diagnose-place-without-name",
        )
