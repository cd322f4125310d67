"""The last gate of stage 04: with every door open the task runs, without a public address, and every way is open."""

from labs.stages.private_subnet import trial
from labs.stages.private_subnet.experiments import OPEN, cut, short
from labs.stages.private_subnet.subject import VpcSubject
from labs.subjects.vpc.ways import GOALS, ways
from labs.ui import text
from labs.verdict import Verdict
from labs.verdict.stops import TaskRun, read_stop


def runs(subject: VpcSubject) -> Verdict | None:
    """The newest task of the experiment ran; nothing has been shut since."""
    tasks = subject.runs(OPEN)
    if not tasks:
        return subject.say("private.open_not_run", label=OPEN)
    task = tasks[-1]
    if task.status != "RUNNING" and not (task.started and task.stop_code == "UserInitiated"):
        if task.stopped:
            step = read_stop(task.reason).step.value
            return subject.say("private.stopped", step=step, reason=cut(task.reason))
        return subject.say("private.starting", task=short(task), status=task.status, label=OPEN)
    if task.definition.partition(":")[0] != trial.family(subject.bench) or task.subnet not in subject.vpc.subnet_ids:
        return subject.say("private.open_elsewhere", found=task.definition, subnet=task.subnet, vpc=subject.vpc.id)
    return _public(subject, task) or _blocked(subject)


def _public(subject: VpcSubject, task: TaskRun) -> Verdict | None:
    for interface in subject.vpc.interfaces:
        address = (interface.get("Association") or {}).get("PublicIp")
        if interface["NetworkInterfaceId"] == task.interface and address:
            return subject.say("private.public_ip", task=short(task), address=address)
    return None


def _blocked(subject: VpcSubject) -> Verdict | None:
    calls = trial.calls(subject.bench)
    for path in ways(subject.bench, subject.ec2, subject.vpc, subject.tasks_group, calls):
        if not path.ok:
            return subject.say(
                "private.blocked",
                goals=text.series([each.title for each in GOALS]),
                goal=path.goal.title,
                where=path.where,
                why=path.why,
                remedy=path.remedy,
            )
    return None
