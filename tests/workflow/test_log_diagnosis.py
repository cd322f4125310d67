"""A log that anybody saved names the step that failed, its cause, the line that proves it and one thing to do."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from labs.aws_texts import Mark
from labs.verdict.trail import Event
from labs.workflow.log_causes import cause, causes, fits
from labs.workflow.log_diagnosis import Verdict, diagnose
from labs.workflow.log_reading import read_log
from labs.workflow.log_report import report

from .logs import act_log, gh_log, job_log, page_text, uses

pytestmark = pytest.mark.unit

CREDENTIALS, ECR = "aws-actions/configure-aws-credentials@v6", "aws-actions/amazon-ecr-login@v2"
LOGIN, BUILD = "docker/login-action@v4", "docker/build-push-action@v7"
DEPLOY = "aws-actions/amazon-ecs-deploy-task-definition@v2"
HOST = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
ROLE = "arn:aws:sts::111122223333:assumed-role/push/GitHubActions"
REPOSITORY = "arn:aws:ecr:us-east-1:111122223333:repository/app"
DIGEST = f"sha256:{'ab' * 32}"
REFUSED = "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity"


def denied(action="ecr:GetDownloadUrlForLayer", resource=REPOSITORY, why=None):
    ending = why or f"because no identity-based policy allows the {action} action"
    return f"denied: User: {ROLE} is not authorized to perform: {action} on resource: {resource} {ending}"


SAID = {
    case: (entry["action"], *entry["said"])
    for case, entry in tomllib.loads(Path(__file__).with_name("said.toml").read_text("utf-8")).items()
}


def step(action, *said):
    """A step as the runner writes it: what it shows first, its words, and the last marked."""
    begins = uses(action) if "/" in action else ("##[group]Run make", "make", "##[endgroup]")
    return (*begins, *said[:-1], f"##[error]{said[-1]}")


def found(text, **given):
    return diagnose(read_log(text), **given)


def id_of(diagnosis):
    return diagnosis.first.named[0].cause.id


@pytest.mark.parametrize("case", SAID)
def test_a_jobs_log_names_the_cause(case):
    action, *said = SAID[case]
    diagnosis = found(job_log(uses("actions/checkout@v7"), step(action, *said)))
    assert (diagnosis.verdict, id_of(diagnosis)) == (Verdict.CAUSE, case.split()[0])
    assert diagnosis.next_step
    assert "(not said)" not in report(diagnosis)


@pytest.mark.parametrize("case", SAID)
def test_the_log_of_gh_names_the_cause_and_the_step(case):
    action, *said = SAID[case]
    diagnosis = found(gh_log([("Check out", uses("actions/checkout@v7")), ("The step", step(action, *said))]))
    assert (id_of(diagnosis), diagnosis.first.step.title) == (case.split()[0], "The step")
    assert diagnosis.first.step.action == (action if "/" in action else "")


@pytest.mark.parametrize("case", SAID)
def test_acts_output_names_the_cause_and_the_step(case):
    _, *said = SAID[case]
    lines = [*said[:-1], f"::error::{said[-1]}"]
    diagnosis = found(act_log(("Check out", ["done"], True), ("The step", lines, False)))
    assert (id_of(diagnosis), diagnosis.first.step.title) == (case.split()[0], "The step")


@pytest.mark.parametrize("case", SAID)
def test_text_from_githubs_page_names_the_cause(case):
    action, *said = SAID[case]
    assert id_of(found(page_text(uses("actions/checkout@v7"), step(action, *said)))) == case.split()[0]


@pytest.mark.parametrize("case", SAID)
def test_a_snippet_of_the_last_words_is_enough(case):
    assert id_of(found("\n".join(SAID[case][1:]))) == case.split()[0]


def names(*templates):
    return {name for each in templates for _, name, _, _ in Formatter().parse(each) if name}


def filled(words):
    return re.sub(r"\{(\w+)(:words)?\}", lambda hole: "two words" if hole[2] else "x1", words.says)


@pytest.mark.parametrize("id", [each.id for each in causes()])
def test_the_words_of_each_cause_are_found_and_stand_on_evidence(id):
    each = cause(id)
    for words in each.words:
        assert id in [fit.cause.id for fit in fits(filled(words))]
        assert Mark(words.mark) is not Mark.SIMULATED
        assert words.source
        assert names(each.cause, each.next_step, each.action) <= {*words.pattern.groupindex, "line", "resource"}
    assert each.words or id == "login.other_registry"


def test_a_cause_explains_only_causes_that_there_are():
    ids = {each.id for each in causes()}
    named = {id for each in causes() for id in each.explains}
    assert {id for id in named if "*" not in id} <= ids
    assert all(any(each.covers(id) for id in ids) for each in causes() if each.explains)


def test_what_is_missing_is_named_with_principal_and_resource():
    named = found(job_log(step(BUILD, denied(), "buildx failed with: ERROR: failed to solve: denied"))).first.named[0]
    assert (named.action, named.principal, named.resource) == ("ecr:GetDownloadUrlForLayer", ROLE, REPOSITORY)
    assert named.next_step == f"allow ecr:GetDownloadUrlForLayer on {REPOSITORY} in the role's policy"


def test_the_line_is_told_with_its_number():
    text = job_log(step(CREDENTIALS, REFUSED))
    number = next(place for place, line in enumerate(text.splitlines(), 1) if "##[error]" in line)
    assert f"line {number}: {REFUSED}" in " ".join(report(found(text)).split())


def test_a_login_to_another_registry_is_told_with_both():
    text = job_log(
        (*uses(ECR), f"Logging into registry {HOST}"),
        step(
            BUILD,
            "ERROR: failed to push 444455556666.dkr.ecr.us-east-1.amazonaws.com/app:1: no basic auth credentials",
            "buildx failed with: ERROR: failed to solve: no basic auth credentials",
        ),
    )
    named = found(text).first.named[0]
    assert named.cause.id == "login.other_registry"
    assert HOST in named.says
    assert "444455556666" in named.says


def test_no_login_at_all_is_not_a_login_to_another_registry():
    said = f"ERROR: failed to push {HOST}/app:1: no basic auth credentials"
    assert id_of(found(job_log(step(BUILD, said, said)))) == "login.none"


def test_a_wrong_input_before_explains_the_step_that_lacks_it():
    warning = "##[warning]Unexpected input(s) 'role-to-asume', valid inputs are ['aws-region', 'role-to-assume']"
    said = SAID["credentials.none"]
    text = job_log(uses("actions/checkout@v7"), (warning, *step(*said)))
    diagnosis = found(text)
    assert id_of(diagnosis) == "input.unexpected"
    assert "role-to-asume" in diagnosis.first.named[0].says
    assert said[1] in [line.text for line in diagnosis.first.named[0].evidence]


def test_a_wrong_input_of_another_step_is_told_and_not_blamed():
    warning = "##[warning]Unexpected input(s) 'fetch', valid inputs are ['fetch-depth']"
    text = job_log((warning, *uses("actions/checkout@v7")), ("a", "b", "c", "d"), step(*SAID["credentials.none"]))
    diagnosis = found(text)
    assert id_of(diagnosis) == "credentials.none"
    assert "Said before it:" in report(diagnosis)


def test_the_first_step_that_failed_is_told_and_the_later_as_such():
    text = job_log(step(CREDENTIALS, REFUSED), step("run", "make: nothing", "Process completed with exit code 2."))
    diagnosis = found(text)
    assert id_of(diagnosis) == "trust.refused"
    assert [each.title for each in diagnosis.first.after] == ["Run make"]
    assert "Failed after it in that job" in report(diagnosis)


def test_two_jobs_that_failed_are_both_told():
    text = gh_log([("Log in", step(CREDENTIALS, REFUSED))], "push")
    text += gh_log([("Deploy", step(*SAID["deploy.not_stable"]))], "deploy")
    diagnosis = found(text)
    assert [each.step.job for each in diagnosis.findings] == ["push", "deploy"]
    assert "of the job deploy" in report(diagnosis)


def test_several_causes_in_one_step_are_all_told():
    said = ["ERROR: tag is needed when pushing to registry", "ERROR: write /x: no space left on device"]
    shown = report(found(job_log(step(BUILD, *said, "buildx failed with: ERROR"))))
    assert "disk is full" in shown
    assert "Its words also fit:" in shown


@pytest.mark.parametrize(
    "said",
    [
        ("A sentence of tomorrow's action.",),
        ("Traceback of a program", "Process completed with exit code 1."),
        ("buildx failed with: ERROR: failed to solve: something new",),
        ("Could not assume role with OIDC: a new sentence of STS",),
    ],
)
def test_unknown_words_are_said_to_be_unknown_with_their_lines(said):
    diagnosis = found(job_log(step("run", "before it", *said)))
    assert diagnosis.verdict is Verdict.UNKNOWN
    shown = report(diagnosis)
    assert "not known" in shown
    assert said[0] in shown


@pytest.mark.parametrize(
    "write", [lambda s: job_log(s), lambda s: gh_log([("Build", s)]), lambda s: act_log(("B", s, True))]
)
def test_a_whole_log_without_a_failure_says_what_was_looked_at(write):
    diagnosis = found(write(("building", "done")))
    assert (diagnosis.verdict, diagnosis.next_step) == (Verdict.NOTHING, "")
    assert "were not looked at" in report(diagnosis)


@pytest.mark.parametrize(
    "text",
    [
        job_log((*uses(BUILD), "building"), end=False),
        gh_log([("Build", ["building"])], whole=False),
        act_log(("Build", ["building"], True)).rpartition("[lab/push]")[0],
        page_text((*uses(BUILD), "building")),
        "hello",
        "",
    ],
)
def test_a_log_that_is_cut_short_is_not_one_in_which_nothing_failed(text):
    diagnosis = found(text)
    assert diagnosis.verdict is Verdict.CANNOT_TELL
    assert "CANNOT TELL" in report(diagnosis)


def test_a_retry_that_went_well_is_no_failure():
    said = f"Retry AssumeRole: attempt 1 of 12 failed: {REFUSED}. Retrying after 20ms."
    assert found(job_log((*uses(CREDENTIALS), said, "Authenticated as assumedRoleId A:b"))).verdict is Verdict.NOTHING
    assert found(f"{said}\nAuthenticated as assumedRoleId A:b").verdict is Verdict.CANNOT_TELL


def test_a_script_that_holds_the_words_is_not_a_step_that_said_them():
    quoted = ("##[group]Run echo", 'echo "no basic auth credentials"', "##[endgroup]", "##[error]Something else")
    assert found(job_log(quoted)).verdict is Verdict.UNKNOWN


def test_what_a_record_says_of_the_run_counts():
    assert found("building", ended_well=True).verdict is Verdict.NOTHING
    assert found(job_log(("building",)), ended_well=False).verdict is Verdict.CANNOT_TELL


def test_the_trails_refusal_is_shown_with_the_log():
    event = Event(datetime(2026, 11, 30, 10, 1, tzinfo=UTC), ROLE, "ecr:GetDownloadUrlForLayer", REPOSITORY, "DENIED")
    others = [
        Event(datetime(2026, 11, 30, 11, 1, tzinfo=UTC), ROLE, event.action, REPOSITORY, "DENIED"),
        Event(event.at, "arn:aws:iam::111122223333:user/ana", event.action, REPOSITORY, "DENIED"),
        Event(event.at, ROLE, "ecr:PutImage", REPOSITORY, "DENIED"),
        Event(event.at, ROLE, event.action, REPOSITORY),
    ]
    diagnosis = found(job_log(step(BUILD, denied())), events=[*others, event])
    assert diagnosis.first.named[0].trail == (event,)
    assert "10:01:00 ecr:GetDownloadUrlForLayer DENIED" in report(diagnosis)


def trust(**conditions):
    keys = {f"token.actions.githubusercontent.com:{key}": value for key, value in conditions.items()}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
                },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": keys},
            }
        ],
    }


MAIN, NEW_MAIN = "repo:o/r:ref:refs/heads/main", "repo:o@1/r@2:ref:refs/heads/main"


@pytest.mark.parametrize(
    ("wanted", "sub", "says"),
    [
        (
            {"sub": MAIN},
            "repo:o/r:ref:refs/heads/dev",
            "asks for repo:o/r:ref:refs/heads/main: another branch",
        ),
        ({"sub": MAIN}, "repo:o/r:pull_request", "a pull request's job is pull_request, any other's names its ref"),
        (
            {"sub": MAIN},
            "repo:o/r:environment:production",
            "has the environment in place of the ref",
        ),
        ({"sub": MAIN}, NEW_MAIN, "this repository's subject carries the ids of owner and repository"),
        ({"sub": NEW_MAIN}, MAIN, "this repository's subject carries no ids"),
        (
            {"sub": MAIN},
            "repo:o/other:ref:refs/heads/main",
            "refs/heads/main: another repository",
        ),
        ({"sub": MAIN, "aud": "https://github.com/o"}, MAIN, "the trust policy asks for https://github.com/o"),
        ({"sub": MAIN, "aud": "sts.amazonaws.com"}, MAIN, "lets this run's token in"),
    ],
)
def test_the_trust_policy_decides_what_awss_words_leave_open(wanted, sub, says):
    diagnosis = found(job_log(step(CREDENTIALS, REFUSED)), trust=trust(**wanted), claims={"sub": sub})
    shown = " ".join(report(diagnosis).split())
    assert says in shown
    assert "How to tell" not in shown


def test_a_claim_that_the_log_does_not_tell_leaves_the_cause_open():
    wanted = trust(repository_id="2", sub=MAIN)
    shown = " ".join(report(found(job_log(step(CREDENTIALS, REFUSED)), trust=wanted, claims={"sub": MAIN})).split())
    assert "the role's trust policy may keep this run out" in shown
    assert "depends on StringEquals token.actions.githubusercontent.com:repository_id" in shown
    assert "How to tell" in shown


@pytest.mark.parametrize("claims", [{}, {"aud": "sts.amazonaws.com"}])
def test_without_the_subject_the_trust_policy_decides_nothing(claims):
    shown = " ".join(report(found(job_log(step(CREDENTIALS, REFUSED)), trust=trust(sub=MAIN), claims=claims)).split())
    assert "How to tell" in shown


def test_secrets_of_a_pasted_log_are_not_shown():
    key, token = "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2lnbmF0dXJl"
    said = f"ERROR: {key} Bearer {token} https://ana:hunter2@registry.example/v2/ no basic auth credentials"
    shown = report(found(job_log(step(BUILD, said))))
    assert not [each for each in (key, token, "hunter2") if each in shown]
    assert "no basic auth credentials" in " ".join(shown.split())


def test_what_a_terminal_would_obey_is_made_visible():
    assert "\x07" not in report(found("##[error]a\x07b no basic auth credentials"))
