"""The gates of stage 06 about AWS's side: whose tokens the account reads, who may have either role, what it may do."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from labs import iam
from labs.failures import code_of
from labs.stages.pipeline import resources
from labs.stages.pipeline.subject import PipelineSubject
from labs.subjects.policies import in_words
from labs.subjects.push import lab_repository
from labs.subjects.push.policy_review import MISSING, PolicyProblem, PushContext, Reviewer, own_policies
from labs.subjects.push.role_policies import RolePolicies, read_role
from labs.subjects.tasks import service_names
from labs.ui import text
from labs.verdict import Verdict
from labs.workflow import deploy_rights, trust
from labs.workflow.findings import Weight
from labs.workflow.trust_finding import TrustFinding

_FORMS = ("trust-classic-subject", "trust-immutable-subject")
_SESSION = "GitHubActions"


def provider(subject: PipelineSubject) -> Verdict | None:
    """The account reads GitHub's tokens, and those for AWS."""
    arn = resources.provider_arn(subject.bench)
    try:
        found = subject.bench.reader("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return subject.say("pipeline.no_provider", arn=arn)
    subject.clients = tuple(found["ClientIDList"])
    if resources.AUDIENCE not in subject.clients:
        return subject.say(
            "pipeline.audience", audience=resources.AUDIENCE, found=text.series(list(subject.clients)) or "none"
        )
    return None


def pipeline(subject: PipelineSubject) -> Verdict | None:
    """A push to main may have the push role and nobody else; it may push and nothing else."""
    bench = subject.bench
    name, wanted = resources.pipeline_role(bench), resources.pipeline_subject(bench)
    return _role(subject, name, wanted, resources.PIPELINE_TRUST, "lab.pipeline_role()", _push_rights)


def deploy(subject: PipelineSubject) -> Verdict | None:
    """The environment production may have the deploy role and nobody else; it may deploy this service, no more."""
    bench = subject.bench
    name, wanted = resources.deploy_role(bench), resources.deploy_subject(bench)
    return _role(subject, name, wanted, resources.DEPLOY_TRUST, "lab.deploy_role()", _deploy_rights)


def _role(
    subject: PipelineSubject,
    name: str,
    wanted: str,
    file: str,
    verb: str,
    rights: Callable[[PipelineSubject, str, RolePolicies], Verdict | None],
) -> Verdict | None:
    role = read_role(subject.bench.reader("iam"), name)
    values = {"role": name, "file": file, "verb": verb}
    if role is None:
        return subject.say("pipeline.no_role", **values)
    return _trust(subject, role, wanted, values) or rights(subject, name, role)


def _trust(subject: PipelineSubject, role: RolePolicies, wanted: str, values: dict[str, str]) -> Verdict | None:
    question = trust.Question(
        role=subject.bench.target.role_arn(values["role"]),
        provider=resources.provider_arn(subject.bench),
        subjects=(wanted,),
        audience=resources.AUDIENCE,
        clients=subject.clients,
        now=datetime.now(UTC),
    )
    first = _first(trust.judge(role.trust.body, question).findings)
    if first is None:
        return None
    told = {"what": first.what.rstrip("."), "next_step": first.next_step, **values}
    return subject.say(_message(first), subject=wanted, audience=resources.AUDIENCE, where=_where(first), **told)


def _first(found: Sequence[TrustFinding]) -> TrustFinding | None:
    """What is wrong for certain, else what nobody can tell; None when it is right."""
    return next((each for weight in (Weight.ERROR, Weight.UNKNOWN) for each in found if each.weight is weight), None)


def _message(found: TrustFinding) -> str:
    if found.weight is Weight.UNKNOWN:
        return "pipeline.trust_unclear"
    if found.id in _FORMS:
        return "pipeline.trust_other_form"
    if found.id == "trust-wrong-audience":
        return "pipeline.trust_audience"
    if found.id == "trust-set-operator":
        return "pipeline.trust_operator"
    return "pipeline.trust_shut" if found.witness is None else "pipeline.trust_wide"


def _where(found: TrustFinding) -> str:
    return f"It is the statement {in_words.place(found.place)}." if found.place else ""


def _push_rights(subject: PipelineSubject, name: str, role: RolePolicies) -> Verdict | None:
    """As stage 03 judges a push role: the push and nothing more."""
    bench = subject.bench
    session = iam.Principal(
        f"arn:{bench.partition}:sts::{bench.target.account}:assumed-role/{name}/{_SESSION}",
        bench.target.account,
        iam.PrincipalKind.ROLE_SESSION,
        bench.target.role_arn(name),
    )
    own = lab_repository.policy(bench.reader("ecr"), bench.repository_name)
    review = Reviewer(role.documents, PushContext(session, bench.repository_arn), role.boundary, own)
    if MISSING in review.lacking() and len(review.lacking()) == 1:
        return subject.say("pipeline.six_actions", role=name, repository=bench.repository_name, actions=MISSING)
    fault = review.first_fault()
    if fault is None:
        return None
    if fault.name == "cannot_tell":
        return subject.say("pipeline.rights_unclear", role=name, why=fault.values["why"])
    return subject.say(
        "pipeline.push_policy", role=name, repository=bench.repository_name, found=_fault_in_words(fault)
    )


def _fault_in_words(fault: PolicyProblem) -> str:
    """What stage 03's review finds, in a clause."""
    values = fault.values
    if "by" in values:
        return f"it may also {values['action']} on {values['arn']}{values['keys']}; {values['by']}"
    if "actions" in values:
        boundary = f", as its boundary {values['boundary']} says" if "boundary" in values else ""
        return f"it may not {values['actions']}{boundary}"
    told = {
        "deny_left": "the Deny of statement {statement} in the policy {policy} refuses {action}",
        "typo": "{action} is not an action; did you mean {suggestion}",
        "token_resource": "ecr:GetAuthorizationToken is about no resource, and the policy gives it one: {resource}",
        "token_missing": "it may not ecr:GetAuthorizationToken",
    }
    return told.get(fault.name, "its policy has {found}").format_map(values)


def _deploy_rights(subject: PipelineSubject, name: str, role: RolePolicies) -> Verdict | None:
    """A new revision, this service, the task's two roles, and nothing more."""
    bench = subject.bench
    passed = tuple(map(bench.target.role_arn, (service_names.execution_role(bench), service_names.task_role(bench))))
    rights = deploy_rights.deploy_rights(
        bench.target.role_arn(name),
        resources.service_arn(bench),
        service_names.service(bench),
        passed,
        datetime.now(UTC),
        tagged=True,
    )
    first = _first(deploy_rights.judge_rights(own_policies(role.documents, role.boundary), rights))
    if first is None:
        return None
    what = first.what.rstrip(".")
    if first.weight is Weight.UNKNOWN:
        return subject.say("pipeline.rights_unclear", role=name, why=what)
    kind = "pipeline.deploy_wide" if first.witness is not None else "pipeline.deploy_lacks"
    if first.id == "rights-pass-any-role":
        kind = "pipeline.deploy_pass_role"
    return subject.say(kind, role=name, what=what, next_step=first.next_step, where=_where(first))
