"""Really runs a workflow: act runs its steps on this machine, the kit is GitHub's token issuer.

What GitHub enforces and act does not is done here: events and their filters, ``permissions`` (a job gets the variables
of a token only where it may have one), ``environment`` (in the token's ``sub``), a machine for each job (a home, a
Docker configuration and an image store of its own), secrets kept from a fork.
"""

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from labs.engine import Engine
from labs.errors import LabError
from labs.files import make_folder, write_private
from labs.printable import printable
from labs.processes import python
from labs.session import Target, TargetName
from labs.session import home as places
from labs.workflow import (
    act,
    act_output,
    act_process,
    action_sources,
    commit,
    events,
    identity,
    issuer,
    job_machine,
    record,
    supervisor,
)
from labs.workflow.document import Job, Workflow, read
from labs.workflow.identity import Event, Repository
from labs.workflow.record import CANCELLED, FAILURE, SKIPPED, SUCCESS, TIMED_OUT, RunRecord

WORKFLOWS = Path(".github/workflows")
LIMIT_S = 600.0
_STALE_S = 86_400.0
_END_S = 15.0
ACTIONS_VARIABLE = "LAB_ACTIONS"
Say = Callable[[str], object]


@dataclass(frozen=True)
class Request:
    """What to run: the work folder, the workflow's file name, the event, the values of ``vars`` and ``secrets``.

    ``given`` are values of ``vars`` that stand in place of those. ``environment`` stands in place of every job's own;
    ``job`` runs that job and what it needs; ``env`` is the environment of whoever asks, of which the jobs see PATH and
    no more.
    """

    work: Path
    file: str = "push.yml"
    event: Event = field(default_factory=Event)
    environment: str = ""
    job: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    repository: Repository = identity.LAB_REPOSITORY
    limit_s: float = LIMIT_S
    env: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


def require(target: Target, env: Mapping[str, str]) -> None:
    """LabError where no workflow can run: for real AWS, and on a machine without what runs it."""
    _require_local(target)
    act.find()
    commit.require_git(env)


def _require_local(target: Target) -> None:
    if target.name is TargetName.AWS:
        raise LabError(
            "A workflow's run is for the local AWS: AWS trusts the keys with which GitHub signs its tokens, and the "
            "kit's tokens are signed with its own.",
            "push the workflow to GitHub to run it against your account, or unset LAB_TARGET",
            id="workflow-run-on-aws",
        )


def run(target: Target, engine: Engine, request: Request, say: Say = print) -> RunRecord:
    """Run a workflow to its end; its record is kept in LAB_HOME. ``say`` gets a line for each step, as it ends.

    LabError before anything runs: on real AWS, for what cannot run on this machine, for an event that starts nothing.
    Ctrl-C and the time limit end everything that was started, and are the record's conclusion.
    """
    _require_local(target)
    prepared = _prepare(request)
    home = target.home
    _sweep(home)
    number, folder = record.new_folder(home)
    scratch = job_machine.scratch(home)
    try:
        with _issuing(target, request, prepared, number) as running:
            return _Run(target, engine, request, prepared, number, folder, scratch, running).whole(say)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if not (folder / record.RUN_FILE).exists():
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Prepared:
    """What is known before anything starts."""

    workflow: Workflow
    program: act.Act
    sources: Mapping[str, action_sources.Source]
    environments: Mapping[str, str]
    granted: tuple[str, ...]


def _prepare(request: Request) -> _Prepared:
    if Path(request.file).name != request.file or request.file in ("", ".", ".."):
        raise LabError(
            f"'{request.file}' is not the name of a workflow file.",
            f"give the name alone of a file in {WORKFLOWS.as_posix()}",
            id="workflow-file-not-a-name",
        )
    workflow = read(request.work / WORKFLOWS / request.file)
    if request.job and workflow.job(request.job) is None:
        raise LabError(
            f"{workflow.file} has no job '{request.job}'.",
            f"it has: {', '.join(job.id for job in workflow.jobs)}",
            id="workflow-has-no-such-job",
        )
    given = request.env.get(ACTIONS_VARIABLE, "")
    folder = Path(given).expanduser().absolute() if given else None
    if folder is not None and not folder.is_dir():
        raise LabError(
            f"{ACTIONS_VARIABLE} is '{given}', and there is no such folder.",
            "name the folder that holds the checkouts, or unset it",
            id="workflow-actions-folder-missing",
        )
    sources = action_sources.sources(workflow, request.work, folder)
    if any(each.needs_node for each in sources.values()) and not shutil.which("node", path=request.env.get("PATH")):
        raise LabError(
            "The actions of LAB_ACTIONS need Node, and there is no node command on PATH.",
            "install Node 24, or unset LAB_ACTIONS to use the kit's stand-ins",
            id="workflow-needs-node",
        )
    granted = tuple(job.id for job in workflow.jobs if workflow.gives_token(job) and request.event.gives_write)
    environments = {job.id: _environment(workflow, job, request, granted) for job in workflow.jobs}
    return _Prepared(workflow, act.find(), sources, environments, granted)


def _environment(workflow: Workflow, job: Job, request: Request, granted: tuple[str, ...]) -> str:
    if request.environment:
        return request.environment
    if "${{" in job.environment and job.id in granted:
        raise LabError(
            f"{workflow.file}, line {workflow.line('jobs', job.id, 'environment')}: the environment of job {job.id} is "
            "an expression, and a token's sub needs its value.",
            "say which: --environment NAME",
            id="workflow-environment-is-an-expression",
        )
    return job.environment


@dataclass(frozen=True)
class _Running:
    issuer: issuer.Issuer
    number: int


@contextmanager
def _issuing(target: Target, request: Request, prepared: _Prepared, number: int) -> Iterator[_Running]:
    key = issuer.signing_key(target.home)
    issuer.publish(key, places.cloud_state(target.home))
    with issuer.Issuer(key, f"https://github.com/{request.repository.owner}") as endpoint:
        yield _Running(endpoint, number)


@dataclass
class _Run:
    """One run, from its commit to its record."""

    target: Target
    engine: Engine
    request: Request
    prepared: _Prepared
    number: int
    folder: Path
    scratch: Path
    running: _Running

    def whole(self, say: Say) -> RunRecord:
        request, prepared = self.request, self.prepared
        machine = job_machine.Machine(self.target, self.engine, request.env, self.scratch)
        made = commit.make(
            request.work, self.scratch / request.repository.name, request.repository, request.event, machine.plain
        )
        if why := events.why_not(prepared.workflow, request.event, made.files):
            raise LabError(
                f"This event starts nothing: {why}.",
                f"use an event and a ref that {request.file} is written for, or change its on:",
                id="workflow-not-started",
            )
        tokens = self._tokens(made.sha)
        began = _now()
        reader = act_output.Reader(prepared.workflow, self._masks(tokens), self._warnings(), say)
        self.running.issuer.on_signed = reader.mask
        for line in self._introduction(made):
            say(line)
        words, env = self._command(made, machine, tokens)
        ended, code = act_process.watch(words, env, reader.feed, request.limit_s)
        subjects = self.running.issuer.subjects()
        jobs = reader.jobs(prepared.environments, subjects)
        found = RunRecord(
            number=self.number,
            event=request.event.name,
            ref=request.event.ref,
            sha=made.sha,
            repository=request.repository.full_name,
            workflow=request.file,
            workflow_sha256=hashlib.sha256(prepared.workflow.text.encode()).hexdigest(),
            began=began,
            ended=_now(),
            conclusion=ended or _conclusion(jobs, code),
            engine=self.engine.line,
            fork=request.event.fork,
            actions={uses: source.kind for uses, source in prepared.sources.items()},
            given=dict(request.given),
            jobs=jobs,
        )
        record.save(found, self.folder, reader.log())
        for note in reader.notes:
            say(f"  {note}")
        say(_last_line(found, request.limit_s, self.folder / record.LOG_FILE))
        return found

    def _tokens(self, sha: str) -> dict[str, str]:
        """The request token of each job that may ask for an id token."""
        request, workflow = self.request, self.prepared.workflow
        found = identity.RunIdentity(self.number, self.number, sha, workflow.name or self._path, request.file)
        return {
            job: self.running.issuer.grant(
                job,
                identity.claims(request.repository, request.event, found, self.prepared.environments[job]),
            )
            for job in self.prepared.granted
        }

    @property
    def _path(self) -> str:
        """GitHub calls a workflow without a name by its path."""
        return f"{WORKFLOWS.as_posix()}/{self.request.file}"

    @property
    def _secrets(self) -> Mapping[str, str]:
        """GitHub gives a pull request from a fork none."""
        return self.request.secrets if self.request.event.gives_write else {}

    def _masks(self, tokens: Mapping[str, str]) -> list[str]:
        return [*tokens.values(), *self.request.secrets.values()]

    def _warnings(self) -> dict[tuple[str, int], str]:
        found = {}
        for job in self.prepared.workflow.jobs:
            for step in job.steps:
                if step.uses and (
                    said := action_sources.unexpected_inputs(self.prepared.sources[step.uses], [*step.inputs])
                ):
                    found[job.id, step.index] = said
        return found

    def _introduction(self, made: commit.Commit) -> list[str]:
        request, prepared = self.request, self.prepared
        of = {
            kind: [uses for uses, each in prepared.sources.items() if each.kind == kind]
            for kind in ("stand-in", "real")
        }
        event = f"{request.event.name} to {request.event.ref}"
        if request.event.is_pull_request:
            event = f"{request.event.name} of {request.event.head_ref}{' from a fork' if request.event.fork else ''}"
        lines = [
            f"Run {self.number} of {request.file}: {event}, commit {made.sha[:7]} of {request.repository.full_name}",
            f"Engine: {self.engine.line}",
        ]
        if made.left_out:
            lines.append(f"Not in the commit: {printable(', '.join(made.left_out))}")
        if of["stand-in"]:
            lines.append(
                f"Stand-ins of the kit: {', '.join(dict.fromkeys(u.partition('@')[0] for u in of['stand-in']))}"
            )
        if of["real"]:
            where = request.env.get(ACTIONS_VARIABLE)
            lines.append(f"Real actions, from {where}: {', '.join(of['real'])}")
        lines.append(
            f"Not real: GitHub. act {prepared.program.version} runs the steps on this machine, without a virtual "
            "machine or containers; the kit signs the tokens; QEMU is not set up."
        )
        if request.event.fork and not request.event.gives_write:
            lines.append(
                "A pull request from a fork: GitHub gives it no id token and no secrets, whatever it asks for."
            )
        for job in _asked(prepared.workflow, request.job):
            may = job.id in prepared.granted
            name = identity.subject(request.repository, request.event, prepared.environments[job.id])
            lines.append(f"Job {job.id}: {f'may ask for a token with sub {name}' if may else 'gets no id token'}")
        if request.environment:
            lines.append(f"Every job's environment is {request.environment}, in place of what the workflow says.")
        return lines

    def _command(
        self, made: commit.Commit, machine: "job_machine.Machine", tokens: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        request, prepared = self.request, self.prepared
        private = make_folder(self.scratch / "private")
        raw: dict[str, Any] = {**prepared.workflow.raw, "jobs": dict(prepared.workflow.raw["jobs"])}
        for job in prepared.workflow.jobs:
            own = machine.of(job.id)
            if job.id in tokens:
                own["ACTIONS_ID_TOKEN_REQUEST_URL"] = self.running.issuer.url
                own["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = tokens[job.id]
            raw["jobs"][job.id] = {**raw["jobs"][job.id], "env": {**_job_env(prepared.workflow, job.id), **own}}
        # The job's own variables are written into a copy: what is checked out is the trainee's text.
        workflow = private / request.file
        write_private(workflow, yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=1 << 20).encode())
        payload = events.payload(request.repository, request.event, made.sha)
        call = act.Call(
            event=request.event.name,
            clone=made.folder,
            workflow=workflow,
            folder=private,
            payload=json.dumps(payload),
            variables={**request.values, **request.given},
            secrets=self._secrets,
            env={
                "GITHUB_REPOSITORY": request.repository.full_name,
                "GITHUB_REPOSITORY_OWNER": request.repository.owner,
                "GITHUB_REF": request.event.ref,
                "GITHUB_RUN_ID": str(self.number),
                "GITHUB_RUN_NUMBER": str(self.number),
            },
            repositories=action_sources.local_repositories(prepared.sources),
            job=request.job,
        )
        mark = uuid.uuid4().hex
        env = machine.environment(made.folder) | {supervisor.MARK: mark}
        supervised = [supervisor.__file__, mark, str(self.scratch), *act.command(prepared.program, call)]
        return python(*supervised), env


def _asked(workflow: Workflow, job: str) -> Iterator[Job]:
    """Every job, or one and what it needs."""
    wanted, waiting = set[str](), [job] if job else [each.id for each in workflow.jobs]
    while waiting:
        found = workflow.job(waiting.pop())
        if found is not None and found.id not in wanted:
            wanted.add(found.id)
            waiting += found.needs
    return (each for each in workflow.jobs if each.id in wanted)


def _job_env(workflow: Workflow, job: str) -> dict[str, Any]:
    found = workflow.raw["jobs"][job].get("env") or {}
    if isinstance(found, Mapping):
        return dict(found)
    raise LabError(
        f"{workflow.file}, line {workflow.line('jobs', job, 'env')}: the env of job {job} is one expression, which the "
        "kit's runs do not have.",
        "name each variable",
        id="workflow-env-is-an-expression",
    )


def _conclusion(jobs: Mapping[str, record.JobRecord], code: int) -> str:
    found = {job.conclusion for job in jobs.values()}
    if code != 0 or FAILURE in found:
        return FAILURE
    return SUCCESS if SUCCESS in found else SKIPPED


def _last_line(found: RunRecord, limit_s: float, log: Path) -> str:
    words = {
        TIMED_OUT: f"stopped: it took longer than {limit_s / 60:g} min",
        CANCELLED: "cancelled",
        SKIPPED: "nothing ran: every job was skipped",
    }
    each = ", ".join(f"{name} {job.conclusion}" for name, job in found.jobs.items())
    return f"Run {found.number}: {words.get(found.conclusion, found.conclusion)} ({each}). Log: {log}"


def _sweep(home: Path) -> None:
    """What a run left whose process and supervisor were both killed."""
    for left in (home / "workflow").glob("run-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
