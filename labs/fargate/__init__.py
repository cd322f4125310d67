"""Starting a task on Fargate: what it needs, in AWS's order, AWS's words when it fails, and the cause.

``TaskSpec.of`` reads a task; ``plan`` starts it as AWS would, up to the first failure; ``survey`` asks every step, and
``diagnose`` makes ranked causes of that. ``validation`` refuses what the API refuses, ``exits`` words how a task that
ran ends. Pure: the network, the permissions and the stores are handed in (``Sources``). What the texts stand on is in
docs/fidelity-ecs.md.
"""

from labs.aws_texts import Wording
from labs.fargate.diagnosis import Diagnosis, Finding, FindingStatus, Told, diagnose
from labs.fargate.exec_checks import ExecSettings, exec_checks
from labs.fargate.plan import Sources, hosts, plan, survey, survey_subnets
from labs.fargate.sources import CannotRead
from labs.fargate.steps import OutcomeKind, StartPlan, Step, StepName, StepVerdict, Stop, StopCode
from labs.fargate.task import TaskSpec

__all__ = [
    "CannotRead",
    "Diagnosis",
    "ExecSettings",
    "Finding",
    "FindingStatus",
    "OutcomeKind",
    "Sources",
    "StartPlan",
    "Step",
    "StepName",
    "StepVerdict",
    "Stop",
    "StopCode",
    "TaskSpec",
    "Told",
    "Wording",
    "diagnose",
    "exec_checks",
    "hosts",
    "plan",
    "survey",
    "survey_subnets",
]
