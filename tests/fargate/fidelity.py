# ruff: noqa: E501
"""Writes docs/fidelity-ecs.md: each text with its cause, its evidence and the test that produces it.

Run ``python -m tests.fargate.fidelity`` after changing a text; ``test_fidelity`` fails until then.
"""

from collections import Counter
from pathlib import Path

from labs.cloud.ecs.rules.event_texts import WORDS
from labs.fargate.refusals import REFUSALS
from labs.fargate.texts import TEXTS
from labs.fargate.wording import Mark
from tests.fargate.causes import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "fidelity-ecs.md"

START = "test_start.py::test_the_start_stops_at_the_step_with_the_text_of"
REGISTER = "test_validation.py::test_a_definition_fargate_cannot_run_is_refused"
RUN = "test_validation.py::test_a_run_that_cannot_be_placed_is_refused"
SERVICE = "test_fidelity.py::test_a_service_says_only_words_that_have_evidence"
SERVICE_HEAD = "An event begins with `(service NAME) `; `rollout.` is `rolloutStateReason`.\n"
ROLE = "test_validation.py::test_without_an_execution_role_the_reason_is_the_first_thing_that_needs_it"
# Texts that no broken start gives: the test that does.
OTHERS = {
    "start.failed": "test_exits.py::test_a_command_that_cannot_start_is_the_tasks_and_the_containers_reason",
    "start.timeout": "test_exits.py::test_a_container_that_does_not_come_up_in_time_has_two_wordings",
    "exit.essential": "test_exits.py::test_an_essential_container_that_ends_stops_the_task_with_any_exit_code",
    "exit.memory": "test_exits.py::test_out_of_memory_is_the_containers_own_reason",
    "exit.exec_format": "test_exits.py::test_the_wrong_cpu_is_a_log_line_and_exit_code_1",
    "exit.health": "test_exits.py::test_a_service_replaces_an_unhealthy_task",
    "exit.scaling": "test_exits.py::test_a_service_that_scales_in_names_its_deployment",
    "exit.user": "test_exits.py::test_a_user_who_stops_a_task_may_say_why",
    "event.unable_to_place": "test_exits.py::test_a_service_says_why_it_could_not_place_a_task",
    "register.logs_role": ROLE,
    "register.image_role": ROLE,
}
SECTIONS = (
    ("Before the task", "role", "eni"),
    ("Registry authorisation and secrets", "auth", "ssm", "asm"),
    ("Image", "manifest", "layers"),
    ("Log stream", "logs"),
    ("Start, end, events", "volume", "start", "exit", "event"),
)
HEAD = """# Fidelity: what ECS on Fargate says, and on what evidence

Generated from `labs/fargate` and `labs/cloud/ecs/rules/event_texts.py` by `python -m tests.fargate.fidelity`; a test compares. Nothing here was measured against
real AWS by us. Marks as in [fidelity.md](fidelity.md): **[doc]** AWS's documentation · **[field]** a log of a real run ·
**[src]** a client's source · **simulated**: no text of AWS is known, and the message says so.

{counts}

`{{...}}` is filled from the real objects. The newer wording (June 2024; its SDK v2 tails 2025) is the default;
`Wording.OLDER` gives the older one where the row has it. Every test stands in `tests/fargate/`.
"""
TAIL = """
## What decides, and on what evidence
| rule | mark |
|---|---|
| order: roles, network interface, ECR's API, secrets, manifest, CPU, layers, log stream, start | [inferred] from the texts themselves; AWS publishes no order |
| all of it goes through the task's own interface (platform version 1.4.0) | [doc] |
| a network that is closed: AWS tries for minutes; 4 min 49 s was measured once, at the registry authorisation | [field]; other steps are told as not measured |
| `dial tcp ADDRESS`: the endpoint's private address; outside it an address that stands for AWS's (RFC 5737), or the first of S3's | the form [field] |
| the number of retries in a text is that of its evidence (1, 3, 5, 7); it is not counted here | [field] |
| GetAuthorizationToken has no resource and carries no key of the VPC endpoint | [doc] |
| a manifest needs ecr:BatchGetImage, a layer ecr:GetDownloadUrlForLayer, both through the ecr.dkr endpoint's policy | [field] |
| layers come from `prod-REGION-starport-layer-bucket`; the S3 endpoint's policy must let s3:GetObject pass for a principal of ECR's own | [doc]; that a condition on the caller's account refuses it is [inferred] |
| ARM64 is written `linux/arm64 v8` | [field] |
| an index without the CPU stops the pull; a one-platform image of another CPU is pulled and its program fails | [field], [doc] |
| SSM and Secrets Manager decrypt for the caller: kms:Decrypt on a customer key is needed, a path to KMS is not | [doc] KMS; AWS's list of endpoints names kms, and a start is not stopped for it here |
| CreateLogGroup is asked of `log-group:NAME:log-stream:` | [field] |
| 74 pairs of cpu and memory | [doc], each confirmed against the API in the field |
| only a service's task is stopped for its health; a task run alone goes on, whatever its health | [doc]; that the stop code is ServiceSchedulerInitiated is [inferred] |

## Left out
Load balancers, private registries with a password of their own, what is in a file system, Spot, App Mesh, Windows: no task of the course
meets them. Fargate truncates long messages [doc]; here they are whole, and the diagnosis recognises the truncated form.
"""


def test_of(id: str) -> str:
    """The test that produces a text, with its parameter."""
    row = next((cause.name for cause in ROWS if cause.text_id == id), "")
    if id in OTHERS:
        return OTHERS[id]
    if row:
        return f"{START}[{row}]"
    return REGISTER if id.startswith("register.") else RUN


def counts() -> str:
    """How many texts by mark, as a table."""
    stops, refusals = (Counter(text.mark.value for text in each.values()) for each in (TEXTS, REFUSALS))
    services = Counter(words.mark for words in WORDS.values())
    tables = (stops, refusals, services)
    marks = [mark.value for mark in Mark]
    rows = [(mark, *(each[mark] for each in tables), sum(each[mark] for each in tables)) for mark in marks]
    rows.append(("all", *(each.total() for each in tables), sum(each.total() for each in tables)))
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(("| mark | stops | refusals | services | all |", "|---|---|---|---|---|", *lines))


def _line(text) -> str:
    said = _code(text.template)
    if text.older:
        said += f"<br>older: {_code(text.older)}"
    return f"| `{text.id}`: {text.cause} | {said} | {text.mark.value} {text.source} | `{test_of(text.id)}` |"


def _code(words: str) -> str:
    return "`" + words.replace("|", "\\|").replace("`", "'") + "`"


def render() -> str:
    """The page."""
    parts = [HEAD.format(counts=counts()).replace("{{", "{").replace("}}", "}")]
    top = "| cause | text | evidence | test |\n|---|---|---|---|"
    for title, *groups in SECTIONS:
        rows = [_line(text) for id, text in TEXTS.items() if id.split(".")[0] in groups]
        parts.append("\n".join((f"\n## {title}", top, *rows, "")))
    for title, group in (("RegisterTaskDefinition refuses", "register"), ("RunTask and CreateService refuse", "run")):
        rows = [_line(text) for id, text in REFUSALS.items() if id.split(".")[0] == group]
        parts.append("\n".join((f"\n## {title}", top, *rows, "")))
    rows = [
        f"| `{id}`: {each.cause} | {_code(each.template)} | {each.mark} {each.source} | `{SERVICE}` |"
        for id, each in WORDS.items()
    ]
    parts.append("\n".join(("\n## What a service says", SERVICE_HEAD, top, *rows, "")))
    parts.append(TAIL)
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
