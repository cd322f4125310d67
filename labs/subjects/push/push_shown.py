"""What the notebooks of the push stages show: the role's policies, the refusals, the calls of the push."""

from datetime import UTC, datetime

from labs import oci
from labs.engine.archive import read_archive
from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.subjects.push import lab_repository, role_policies
from labs.subjects.push.policy_review import MISSING
from labs.ui import text
from labs.ui.pictures import PushCall
from labs.verdict import Event, read_trail

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
# What the client sends in a push, in order, and the action ECR asks IAM for; the second is field-observed (A1, A3).
_PUSH = (
    ("HEAD blob", "ecr:BatchCheckLayerAvailability"),
    ("HEAD blob that an image uses", MISSING),
    ("POST upload", "ecr:InitiateLayerUpload"),
    ("PUT upload", "ecr:CompleteLayerUpload"),
    ("HEAD manifest", "ecr:BatchGetImage"),
    ("PUT manifest", "ecr:PutImage"),
)
# What the client sends for each action, one upload in pieces and the login included.
REQUESTS = {action: request for request, action in _PUSH} | {
    "ecr:UploadLayerPart": "PATCH or PUT upload",
    "ecr:GetAuthorizationToken": "login",
}


def index_of(bench: Bench, tag: str = "") -> tuple[str, str, oci.Index]:
    """Name, digest and index of the archive, or of a tag in ECR. LabError when there is none."""
    if not tag:
        if not bench.archive.exists():
            raise LabError(
                f"There is no {bench.archive.name} in $WORK yet.", "run the build cell above", id="no-archive-yet"
            )
        image = read_archive(bench.archive)
        return bench.archive.name, image.digest, image.index
    found = lab_repository.pushed(bench.client("ecr"), bench.repository_name, tag)
    if found is None:
        raise LabError(f"There is no tag {tag} in {bench.repository_name} yet.", "push it first", id="no-such-tag-yet")
    if isinstance(found.image, oci.Manifest):
        raise LabError(
            f"The tag {tag} is a single image, not an index.",
            "build for both platforms and push",
            id="tag-not-an-index",
        )
    return f"{bench.repository_name}:{tag}", found.digest, found.image


def events(bench: Bench) -> tuple[Event, ...]:
    """ECR's events of the push role since the push stage began."""
    since = bench.progress.of("push-denied").begun_at or BEGINNING
    found = read_trail(bench.client("cloudtrail"), since)
    return tuple(event for event in found if event.principal == bench.pusher.arn)


def policy_text(bench: Bench) -> str:
    """The policies on the push role; LabError when there is no role."""
    documents = role_policies.live_policies(bench.client("iam"), bench.push_role)
    if documents is None:
        raise LabError(
            f"There is no role {bench.push_role} yet.", "run the cell with lab.push_role()", id="no-push-role-yet"
        )
    return "\n\n".join(f"{each.name} on {bench.push_role}\n{text.pretty(each.body)}" for each in documents)


def refusals(bench: Bench) -> str:
    """What was refused, each once with its latest time, and which actions were allowed."""
    found = events(bench)
    if not found:
        late = (
            " On AWS an event arrives after about five minutes on average, and may take much longer."
            if bench.on_aws
            else ""
        )
        return f"The trail has no call to ECR by {bench.pusher.arn} yet.{late}"
    refused = {(event.action, event.resource): event for event in found if event.denied}
    allowed = sorted({event.action for event in found if not event.error})
    parts = []
    for event in refused.values():
        parts.append(
            text.facts(
                {
                    "Refused": event.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "Principal": event.principal,
                    "Action": event.action,
                    "Resource": event.resource,
                    "Because": event.message.partition(" because ")[2] or event.message.partition(" with ")[2],
                }
            )
        )
    parts.append(f"Allowed: {text.series(allowed) or 'nothing yet'}")
    return "\n\n".join(parts)


def push_calls(bench: Bench) -> list[PushCall]:
    """The calls of a push with the latest answer the trail has for each."""
    found = events(bench)
    return [PushCall(request, action, _answer(found, action)) for request, action in _PUSH]


def _answer(found: tuple[Event, ...], action: str) -> str:
    for event in reversed(found):
        if event.action == action:
            return "refused" if event.denied else "allowed"
    return "not seen"
