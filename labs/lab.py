"""What a notebook imports: ``from labs import lab``, then ``lab.begin("build")``.

Every function finds its state in files and in the account, never in kernel variables: a restarted kernel goes on where
it was. What goes wrong is said in a sentence or two, without a traceback. Names of the lab are attributes
(``lab.image``, ``lab.repository``, ``lab.registry``, ``lab.work``, ``lab.tags`` ...) and, in capitals, variables of
shell cells (``$IMAGE``, ``$REPOSITORY``, ``$REGISTRY``, ``$WORK``, ``$PYTHON_IMAGE``, ``$PUSH_ROLE``).
"""

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any, ParamSpec

from botocore.exceptions import BotoCoreError, ClientError

from labs.account.case import Place
from labs.account.report import report as diagnosis_report
from labs.account.survey import clients_of, look
from labs.account.survey import where as where_to_look
from labs.errors import LabError
from labs.failures import explain
from labs.lesson import hints, runner
from labs.lesson.bench import Bench, open_bench
from labs.lesson.stage import Stage, stage
from labs.stages.build_image import show as build_show
from labs.stages.clean_up import show as clean_show
from labs.stages.clean_up.solve import clean as clean_up
from labs.stages.fargate import show as service_show
from labs.stages.start.solve import confirm as confirm_account
from labs.subjects.push import pushing
from labs.subjects.push.push_shown import policy_text, push_calls, refusals
from labs.subjects.tasks import task_runs, task_shown
from labs.subjects.tasks.trial import create as create_trial
from labs.subjects.vpc import ids, vpc_shown
from labs.ui import cell, text, vpc_picture, widgets
from labs.ui.pictures import Picture, index_picture, push_picture
from labs.verdict import Status

__all__ = [
    "begin",
    "calls",
    "check",
    "clean",
    "client",
    "confirm",
    "cost",
    "create_repository",
    "diagnose",
    "endpoints",
    "hint",
    "index",
    "log_lines",
    "policy",
    "predict",
    "push_role",
    "reset",
    "rules",
    "run",
    "run_task",
    "service",
    "solve",
    "stopped",
    "task_roles",
    "trail",
    "trial_task",
    "vpc",
    "way",
    "write",
]

_NAMES = ("image", "repository", "repository_name", "repository_arn", "push_role_name", "registry", "work", "account",
          "region", "identity", "tags", "target", "engine", "python_image")  # fmt: skip

# Names that are asked of the account each time.
_FOUND = {**ids.ATTRIBUTES, **service_show.ATTRIBUTES, **clean_show.ATTRIBUTES}

Arguments = ParamSpec("Arguments")


class _Desk:
    """The open bench and the stage in hand; both can be found again at any time."""

    bench: Bench | None = None
    stage: Stage | None = None

    def open(self) -> Bench:
        if self.bench is None:
            self.bench = open_bench()
        return self.bench

    def in_hand(self) -> Stage:
        if self.stage is None:
            raise LabError("No stage has begun in this notebook.", "run the first cell, lab.begin(...)")
        return self.stage


_desk = _Desk()


def _spoken(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Say what went wrong instead of raising it: a notebook shows sentences, not tracebacks."""

    @functools.wraps(function)
    def speak(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except LabError as error:
            print(error)
        except (ClientError, BotoCoreError) as error:
            print(explain(error, f"lab.{function.__name__}() was at work"))

    return speak


@_spoken
def begin(name: str) -> None:
    """Begin a stage or take it up again: connect, find the engine, restore the files, say what is missing."""
    _desk.bench, _desk.stage = None, stage(name)
    bench = _desk.bench = open_bench()
    os.environ.update(bench.shell())
    cell.register(_write)
    subject = _desk.stage
    target = bench.target
    print(f"{subject.notebook}  {subject.title}\n")
    facts = {
        "Time": f"about {subject.minutes} minutes",
        "Cost": subject.cost,
        "Target": f"{target.name}: account {target.account}, region {target.region}",
        "You are": target.identity,
        "Engine": bench.engine.line,
        "Work": str(bench.work),
    }
    begun = runner.begin(subject.name, bench)
    print(text.facts(facts | begun.facts))
    if not target.confirmed:
        print(f"\nNothing is created before you confirm this account: lab.confirm({target.account!r}).")
    if begun.missing:
        first, last = stage(begun.missing[0]).notebook, begun.missing[-1]
        print(f"\nOut of order: {subject.notebook} builds on {text.series(begun.missing)}, not passed yet.")
        print(f'Next: open {first}, or catch up with lab.solve("{last}") and run this cell again.')
        return
    progress = bench.progress.of(subject.name)
    print("\nPassed before; everything below still works." if progress.passed else "\nReady.")


@_spoken
def check() -> None:
    """Check the stage in hand and say what was found; after the same answer three times a hint offers itself."""
    bench, subject = _desk.open(), _desk.in_hand()
    report = runner.check_and_record(subject.name, bench)
    print(report)
    if report.verdict.passed:
        _settle(subject, bench.progress.of(subject.name).prediction)
    if report.verdict.status in (Status.PASS, Status.CANNOT_CHECK):
        return
    offered = hints.offer(subject, bench)
    if offered:
        print(f"\n{text.wrapped(offered)}")
    if widgets.wanted():
        widgets.hint_button(hint)


def _settle(subject: Stage, predicted: str) -> None:
    """Hold the prediction against what happened; without one, nothing is said."""
    asked = subject.prediction
    if predicted not in asked.options:
        return
    answer = "So it is." if predicted == asked.right else f"It is otherwise: {asked.options[asked.right]}."
    print(f"\nYou predicted: {asked.options[predicted]}.\n{text.wrapped(f'{answer} {asked.why}')}")


@_spoken
def hint() -> None:
    """The next hint for what the last check found: look, idea, where, a neighbour, and at last the solution."""
    print(text.wrapped(hints.next_hint(_desk.in_hand(), _desk.open())))


@_spoken
def predict(answer: str = "") -> None:
    """Say what you expect before you try; without an answer: the question and the answers there are."""
    bench, subject = _desk.open(), _desk.in_hand()
    asked = subject.prediction
    given = answer.strip()
    if not given:
        print(text.wrapped(asked.question))
        print(text.facts({f'  "{word}"': meaning for word, meaning in asked.options.items()}))
        if widgets.wanted():
            widgets.choice(asked.options, predict)
        return
    if given not in asked.options:
        known = text.series(tuple(f'"{word}"' for word in asked.options), last="or")
        raise LabError(f'"{answer}" is not one of the answers.', f"predict {known}")
    progress = bench.progress.of(subject.name)
    bench.progress.put(subject.name, replace(progress, prediction=given))
    print(f"You predict: {asked.options[given]}.\nNow try it. What happens decides, not what either of us says.")


@_spoken
def solve(name: str = "") -> None:
    """Do a stage as the solution would, and those before it that are not passed; for latecomers.

    What you have made in that stage goes, where it stands in the way.
    """
    bench = _desk.open()
    subject = stage(name) if name else _desk.in_hand()
    for report in runner.solve(subject.name, bench):
        print(f"{report.stage}: {report.verdict.status.value}")
        if not report.verdict.passed:
            print(report)


@_spoken
def reset(name: str = "") -> None:
    """Undo a stage and those that build on it. Your files of these stages are taken away, too."""
    bench = _desk.open()
    subject = stage(name) if name else _desk.in_hand()
    undone = runner.reset(subject.name, bench)
    print(f"Undone: {text.series(undone)}.")
    if _desk.stage is not None and _desk.stage.name in undone:
        runner.begin(_desk.stage.name, bench)


@_spoken
def confirm(account: str = "") -> None:
    """Confirm the account by its number: on real AWS nothing is created before."""
    bench = _desk.open()
    confirm_account(bench, str(account))
    print(f"Confirmed: account {bench.target.account}." if account else "No number yet.")


@_spoken
def create_repository() -> None:
    """Make the ECR repository of the lab; it is tagged and written to the ledger first."""
    bench = _desk.open()
    made = pushing.create_repository(bench)
    print(f"{'Created' if made else 'Already there'}: {bench.repository_arn}")


@_spoken
def push_role(path: str = "") -> None:
    """Put the policy file (default ``$WORK/push-policy.json``) on the push role, and say what changed."""
    bench = _desk.open()
    file = Path(path) if path else bench.policy_file
    if not file.is_absolute():
        file = bench.work / file
    if not file.exists():
        raise LabError(f"There is no file {file.name}.", "run the cell above, which writes it")
    policy = file.read_text()
    if pushing.is_empty(policy):
        raise LabError(
            "The policy has no statement yet, so it was not put on the role.", "write it, then run this again"
        )
    after = pushing.read_policy(policy)
    documents = pushing.live_policies(bench.client("iam"), bench.push_role)
    before = next((each.body for each in documents or () if each.name == pushing.POLICY_NAME), None)
    made = pushing.put_role(bench, policy)
    changed = text.difference(before, after)
    if not changed:
        print(f"Role {bench.push_role}: nothing has changed.")
        return
    print(f"Role {bench.push_role}: {'made, with this policy' if made else 'its policy is now another'}")
    print(changed)


@_spoken
def policy() -> None:
    """The policies on the push role, as IAM has them now."""
    print(policy_text(_desk.open()))


@_spoken
def trail() -> None:
    """What CloudTrail says about the push role since the push stage began: what was refused, and what was allowed."""
    print(refusals(_desk.open()))


@_spoken
def calls() -> None:
    """A picture of the push: what the client sends, which action ECR asks IAM for, and the answer in the trail."""
    rows = push_calls(_desk.open())
    print(text.table(("request", "action", "answer"), [(row.request, row.action, row.answer) for row in rows]))
    _show(push_picture(rows))


@_spoken
def index(tag: str = "") -> None:
    """A picture of the image index: of the archive in ``$WORK``, or of a tag in ECR."""
    name, digest, found = build_show.index_of(_desk.open(), tag)
    rows = [(str(each.platform or ""), each.digest, "attestation" if each.is_attestation else "image")
            for each in found.manifests]  # fmt: skip
    print(f"{name} is the index {digest}\n")
    print(text.table(("platform", "manifest", "what it is"), rows))
    _show(index_picture(name, digest, found))


@_spoken
def run() -> None:
    """Start the built image on each platform that can run here, with its secret, and show what it answers."""
    print(text.table(("platform", "answer"), build_show.answers(_desk.open())))


@_spoken
def trial_task() -> None:
    """Make what the task of stage 04 needs and is not about: cluster, role, secret, log group, task definition."""
    print("\n".join(create_trial(_desk.open())))


@_spoken
def run_task(label: str) -> None:
    """Run the trial task once more, with ``startedBy`` as its label, and say what becomes of it."""
    bench = _desk.open()
    task_shown.run_trial(bench, label)
    print(task_shown.ended(task_runs.settled(bench, label)))


@_spoken
def stopped(label: str) -> None:
    """Wait for the newest task of that label, and say how it ended, or that it runs."""
    print(task_shown.ended(task_runs.settled(_desk.open(), label)))


@_spoken
def task_roles() -> None:
    """Make the execution role and the task role from ``task-trust.json`` and ``execution-policy.json``."""
    print(service_show.roles(_desk.open()))


@_spoken
def service() -> None:
    """Wait until the service is steady, or will not become so, and say how it stands."""
    print(service_show.service(_desk.open()))


@_spoken
def log_lines() -> None:
    """What the program of the service said first, from CloudWatch Logs."""
    print(service_show.log_lines(_desk.open()))


@_spoken
def diagnose(name: str = "") -> None:
    """Why a task did not start or would not: a task, a service or a definition; without a name what needs it most."""
    bench = _desk.open()
    groups = ids.group_ids(bench)
    tasks_group = (groups["tasks"],) if "tasks" in groups else None
    place = Place(tuple(ids.subnet_ids(bench)), tasks_group)
    print(diagnosis_report(look(clients_of(bench.target), where_to_look(bench.target, "", place), name)))


@_spoken
def endpoints() -> None:
    """Wait until the endpoints of the lab's VPC are available, and list them."""
    print(vpc_shown.endpoints(_desk.open()))


@_spoken
def vpc() -> None:
    """A picture of the lab's VPC as it is now and of each way out of it, hop by hop; and the same as a table."""
    shown = vpc_shown.network(_desk.open())
    _show(vpc_picture.vpc_picture(shown))
    print(vpc_picture.vpc_table(shown))


@_spoken
def way(service: str) -> None:
    """Every hop from a task to one service (``ecr.api``, ``ecr.dkr``, ``ssm``, ``logs``, ``s3``), in words."""
    print(vpc_shown.way(_desk.open(), service))


def rules(group: str) -> Any:
    """The inbound rules of a security group of the lab: ``tasks``, ``endpoints`` or ``logs``."""
    return ids.rules(_desk.open(), group)


@_spoken
def cost() -> None:
    """What the lab has cost on AWS so far, and what it will cost if it is left until tomorrow morning."""
    print(clean_show.cost(_desk.open()))


@_spoken
def clean() -> None:
    """Remove everything that the lab created in this account, and only that; print the receipt."""
    print(clean_up(_desk.open()))


def client(service: str) -> Any:
    """A boto3 client of the target; what it creates is named, tagged and written to the ledger first."""
    return _desk.open().client(service)


@_spoken
def write(name: str, content: str) -> None:
    """What ``%%work NAME`` does: write a file in ``$WORK``; in a .json file ``$REPOSITORY_ARN`` is filled in."""
    print(_write(name, content))


def _write(name: str, content: str) -> str:
    bench = _desk.open()
    path = (bench.work / name).resolve()
    if not name or not path.is_relative_to(bench.work.resolve()):
        raise LabError(f"'{name}' is not a file in $WORK.", "write it like: %%work push-policy.json")
    if path.suffix == ".json":
        content = Template(content).safe_substitute(bench.names())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(content if content.endswith("\n") else f"{content}\n")
    return f"Wrote $WORK/{name}"


def _show(picture: Picture) -> None:
    try:
        from IPython.display import display
    except ImportError:
        return
    display(picture)  # type: ignore[no-untyped-call]


def __getattr__(name: str) -> Any:
    if name not in (*_NAMES, *_FOUND):
        raise AttributeError(f"lab has no '{name}'; its names are: {', '.join(__dir__())}")
    bench = _desk.open()
    if name in _FOUND:
        return _FOUND[name](bench)
    if name in ("account", "region", "identity", "tags", "registry"):
        return getattr(bench.target, name)
    return bench.push_role if name == "push_role_name" else getattr(bench, name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_NAMES, *_FOUND])
