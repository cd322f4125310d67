"""The verbs of the push stages' notebooks. Each prints; ``lab`` gives it the bench."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from labs import iam
from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.subjects.policies import as_written
from labs.subjects.push import lab_repository, push_shown, role_policies
from labs.subjects.push.policy_review import PolicyDocument
from labs.subjects.push.push_role import POLICY_NAME, put
from labs.ui import policy_access, text, widgets
from labs.ui.cell import tell
from labs.ui.figure import Figure, Table, show
from labs.ui.pictures import index_picture, push_picture

_SAME_ACCESS = "It may do what it could do before: the text has changed, the access has not."


def create_repository(bench: Bench) -> None:
    """Make the ECR repository of the lab; it is tagged and written to the ledger first.

    Example: ``lab.create_repository()``
    """
    made = lab_repository.create(bench)
    print(f"{'Created' if made else 'Already there'}: {bench.repository_arn}")


def push_role(bench: Bench, path: str = "") -> None:
    """Put the policy file (default ``$WORK/push-policy.json``) on the push role, and say what changed.

    Example: ``lab.push_role()``
    """
    file = Path(path) if path else bench.policy_file
    if not file.is_absolute():
        file = bench.work / file
    if not file.exists():
        raise LabError(
            f"There is no file {file.name}.", "run the cell above, which writes it", id="push-policy-file-missing"
        )
    policy = role_policies.text_of(file)
    if as_written.is_empty(policy):
        raise LabError(
            "The policy has no statement yet, so it was not put on the role.",
            "write it, then run this again",
            id="push-policy-empty",
        )
    after = role_policies.read_policy(policy)
    documents = role_policies.live_policies(bench.client("iam"), bench.push_role)
    before = next((each.body for each in documents or () if each.name == POLICY_NAME), None)
    if before == after:
        # Not put again: what was tried under it stays younger than it.
        print(f"Role {bench.push_role}: nothing has changed.")
        return
    made = put(bench, policy)
    changed = text.difference(before, after)
    print(f"Role {bench.push_role}: {'created, with this policy' if made else 'its policy has changed'}")
    print(changed)
    others = [each for each in documents or () if each.name != POLICY_NAME]
    mine = [PolicyDocument(POLICY_NAME, each) for each in (before, after) if each is not None]
    print(_change_of_access(bench, [*others, *mine[:-1]], [*others, mine[-1]]))


def _change_of_access(bench: Bench, before: Sequence[PolicyDocument], after: Sequence[PolicyDocument]) -> str:
    """What the role's policies let it do now and did not before, and the other way round."""
    try:
        old, new = (
            iam.Policies(identity=[iam.parse_policy(each.body, name=each.name) for each in documents])
            for documents in (before, after)
        )
    except iam.MalformedPolicy as error:
        return f"What that changes cannot be told: {error}"
    scene = iam.Scene(account=bench.target.account, region=bench.target.region, now=datetime.now(UTC))
    lines = list(policy_access.change(old, new, scene))
    return "\n".join(["What it may do now (+) and no longer (-):", *lines] if lines else [_SAME_ACCESS])


def policy(bench: Bench) -> None:
    """The policies on the push role, as IAM has them now.

    Example: ``lab.policy()``
    """
    print(push_shown.policy_text(bench))


def trail(bench: Bench) -> None:
    """What CloudTrail says about the push role since the push stage began: what was refused, and what was allowed.

    Example: ``lab.trail()``
    """
    print(push_shown.refusals(bench))
    if widgets.wanted():
        timeline(bench)


def timeline(bench: Bench) -> None:
    """Each call of the push role in the order of the trail: its action, the decision, and the statement behind it.

    Example: ``lab.timeline()``
    """
    # The analysis behind it is loaded by who asks.
    from labs.subjects.push.push_time_line import time_line

    tell(time_line(bench))


def client_log(bench: Bench, name: str = "push.log") -> None:
    """A log that a push left in ``$WORK``, as steps: how long each took, and the line that was refused.

    Example: ``lab.client_log("push.log")``
    """
    from labs.subjects.push.client_log import read

    tell(read(bench, name))


def calls(bench: Bench) -> None:
    """A picture of the push: what the client sends, which action ECR asks IAM for, and the answer in the trail.

    Example: ``lab.calls()``
    """
    rows = push_shown.push_calls(bench)
    table = Table(("request", "action", "answer"), tuple((row.request, row.action, row.answer) for row in rows))
    show(Figure(push_picture(rows), (table,)), before=True)


def index(bench: Bench, tag: str = "") -> None:
    """A picture of the image index: of the archive in ``$WORK``, or of a tag in ECR.

    Example: ``lab.index("both")``
    """
    name, digest, found = push_shown.index_of(bench, tag)
    rows = tuple(
        (str(each.platform or ""), each.digest, "attestation" if each.is_attestation else "image")
        for each in found.manifests
    )
    print(f"{name} is the index {digest}\n")
    table = Table(("platform", "manifest", "what it is"), rows)
    show(Figure(index_picture(name, digest, found), (table,)), before=True)
