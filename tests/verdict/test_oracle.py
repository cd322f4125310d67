"""The oracle tells the intended refusal from everything that only looks like it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from labs.errors import LabError
from labs.verdict import trail
from labs.verdict.oracle import OracleOutcome, expect_denied
from labs.verdict.trail import Event, parse_event, read_trail

ACCOUNT = "111122223333"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/fargate-lab-push/lab"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
ACTION = "ecr:GetDownloadUrlForLayer"
SINCE = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)
URL = "http://127.0.0.1:5000/v2/fargate-lab/app"
WORDS = (
    "ERROR: failed to solve: failed to push 127.0.0.1:5000/fargate-lab/app:both: unexpected status from HEAD request "
    f"to {URL}/blobs/sha256:{'a' * 64}: 403 Forbidden"
)


def event(action: str = ACTION, *, principal: str = ROLE, resource: str = REPOSITORY, error: str = "AccessDenied",
          after: float = 5) -> Event:  # fmt: skip
    return Event(SINCE.replace(microsecond=0) + timedelta(seconds=after), principal, action, resource, error)


def outcome(trail: list[Event], words: str = WORDS, worked: Event | None = None) -> OracleOutcome:
    return expect_denied(ROLE, ACTION, REPOSITORY, SINCE, trail, words, worked=worked).outcome


def test_the_right_principal_action_and_repository_in_trail_and_words_is_the_intended_refusal() -> None:
    assert outcome([event("ecr:PutImage", error=""), event()]) is OracleOutcome.INTENDED


def test_an_event_in_the_second_in_which_the_stage_began_counts() -> None:
    assert outcome([event(after=0)]) is OracleOutcome.INTENDED


def test_an_event_from_before_the_stage_does_not_count() -> None:
    assert outcome([event(after=-30)], words="") is OracleOutcome.NO_EVIDENCE


def test_without_the_clients_words_only_the_trail_speaks() -> None:
    assert outcome([event()], words="pushing manifest done") is OracleOutcome.TRAIL_ONLY


def test_the_clients_words_alone_are_called_words_only() -> None:
    assert outcome([]) is OracleOutcome.WORDS_ONLY


def test_words_about_another_repository_prove_nothing_about_ours() -> None:
    assert outcome([], WORDS.replace("fargate-lab/app", "other/app")) is OracleOutcome.OTHER_REASON
    assert outcome([event()], WORDS.replace("fargate-lab/app", "other/app")) is OracleOutcome.TRAIL_ONLY


def test_words_that_name_another_action_are_another_reason() -> None:
    named = WORDS + (
        f"\ndenied: User: {ROLE} is not authorized to perform: ecr:BatchGetImage on resource: {REPOSITORY}"
        " because no identity-based policy allows the ecr:BatchGetImage action"
    )
    assert outcome([], named) is OracleOutcome.OTHER_REASON


def test_another_action_is_another_reason() -> None:
    finding = expect_denied(ROLE, ACTION, REPOSITORY, SINCE, [event("ecr:BatchGetImage")], WORDS)
    assert finding.outcome is OracleOutcome.OTHER_REASON
    assert finding.denial is not None
    assert finding.denial.action == "ecr:BatchGetImage"


def test_the_echo_of_another_refusal_is_not_the_intended_one() -> None:
    # containerd 2.3.3 asks a second time, with GET, why a HEAD was refused.
    head = event("ecr:BatchCheckLayerAvailability", after=5)
    finding = expect_denied(ROLE, ACTION, REPOSITORY, SINCE, [head, head, event(after=5), event(after=5)], WORDS)
    assert finding.outcome is OracleOutcome.OTHER_REASON
    assert finding.denial == head


def test_an_allowed_call_before_it_makes_it_the_intended_one() -> None:
    head = event("ecr:BatchCheckLayerAvailability", error="")
    earlier = event("ecr:BatchGetImage", after=1)
    assert outcome([earlier, head, event(), event()]) is OracleOutcome.INTENDED


def test_the_right_action_by_another_principal_is_another_reason() -> None:
    assert outcome([event(principal=f"arn:aws:iam::{ACCOUNT}:user/someone")]) is OracleOutcome.OTHER_REASON


def test_the_right_action_on_another_repository_is_another_reason() -> None:
    assert outcome([event(resource=REPOSITORY + "-2")]) is OracleOutcome.OTHER_REASON


def test_a_stranger_refused_elsewhere_is_no_evidence() -> None:
    stranger = event("ecr:PutImage", principal=f"arn:aws:iam::{ACCOUNT}:user/someone", resource=REPOSITORY + "-2")
    assert outcome([stranger], words="") is OracleOutcome.NO_EVIDENCE


def test_a_missing_repository_is_not_a_refusal() -> None:
    assert outcome([event(error="RepositoryNotFoundException")], words="") is OracleOutcome.NO_EVIDENCE


def test_a_success_is_called_a_success_and_says_by_whom() -> None:
    put = event("ecr:PutImage", error="")
    finding = expect_denied(ROLE, ACTION, REPOSITORY, SINCE, [put], "", worked=put)
    assert (finding.outcome, finding.worked_by) == (OracleOutcome.IT_WORKED, ROLE)


def test_the_intended_refusal_stays_seen_after_a_later_success() -> None:
    assert outcome([event(after=5)], worked=event("ecr:PutImage", error="", after=60)) is OracleOutcome.INTENDED


def test_of_another_failure_and_a_success_the_later_one_counts() -> None:
    failed, put = event("ecr:PutImage", after=5), event("ecr:PutImage", error="", after=9)
    assert outcome([failed], worked=put) is OracleOutcome.IT_WORKED
    assert outcome([event("ecr:PutImage", after=20)], worked=put) is OracleOutcome.OTHER_REASON


def test_not_being_logged_in_is_another_reason() -> None:
    words = "push access denied, repository does not exist or may require authorization: authorization failed: "
    assert outcome([], words + "no basic auth credentials") is OracleOutcome.OTHER_REASON


def test_nothing_tried_is_no_evidence() -> None:
    assert outcome([], words="") is OracleOutcome.NO_EVIDENCE


def test_an_event_is_read_from_cloudtrails_own_form() -> None:
    sentence = (
        f"User: {ROLE} is not authorized to perform: {ACTION} on resource: {REPOSITORY} because no identity-based "
        f"policy allows the {ACTION} action"
    )
    detail = {
        "eventTime": "2026-11-23T12:00:05Z",
        "eventSource": "ecr.amazonaws.com",
        "eventName": "GetDownloadUrlForLayer",
        "userIdentity": {"type": "AssumedRole", "arn": ROLE},
        "errorCode": "AccessDenied",
        "errorMessage": sentence,
        "requestParameters": {"repositoryName": "fargate-lab/app"},
        "resources": [{"ARN": REPOSITORY, "accountId": ACCOUNT}],
    }
    read = parse_event({"EventName": "GetDownloadUrlForLayer", "CloudTrailEvent": json.dumps(detail)})
    assert (read.principal, read.action, read.resource) == (ROLE, ACTION, REPOSITORY)
    assert read.denied
    assert read.at == datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


def test_who_asked_for_a_session_and_what_signs_for_it_are_read() -> None:
    detail = {
        "eventTime": "2026-11-23T12:00:05Z",
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRoleWithWebIdentity",
        "userIdentity": {"type": "WebIdentityUser", "userName": "repo:octo/app:ref:refs/heads/main"},
        "responseElements": {"credentials": {"accessKeyId": "ASIA1"}},
    }
    given = parse_event({"CloudTrailEvent": json.dumps(detail)})
    assert (given.subject, given.issued, given.key) == ("repo:octo/app:ref:refs/heads/main", "ASIA1", "")
    put = {**detail, "userIdentity": {"type": "AssumedRole", "arn": ROLE, "accessKeyId": "ASIA1", "userName": "x"}}
    used = parse_event({"CloudTrailEvent": json.dumps({**put, "responseElements": None})})
    assert (used.subject, used.issued, used.key) == ("", "", "ASIA1")


@pytest.mark.parametrize(
    "raw",
    [
        {"EventTime": datetime(2026, 11, 23, 12, 0, 5, 999_000, tzinfo=UTC), "CloudTrailEvent": "{}"},
        {"EventTime": datetime(2026, 11, 23, 13, 0, 5, 1, tzinfo=timezone(timedelta(hours=1)))},
        {"CloudTrailEvent": json.dumps({"eventTime": "2026-11-23T12:00:05.25Z"})},
        {"CloudTrailEvent": json.dumps({"eventTime": "2026-11-23T12:00:05Z"})},
    ],
)
def test_the_time_of_an_event_has_whole_seconds_whatever_the_store_keeps(raw: dict[str, Any]) -> None:
    assert parse_event(raw).at == datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


def test_the_trail_is_read_page_by_page_and_in_order_of_time() -> None:
    def raw(second: int) -> dict[str, Any]:
        when = datetime(2026, 11, 23, 12, 0, second, tzinfo=UTC)
        return {"EventTime": when, "EventName": "PutImage", "EventSource": "ecr.amazonaws.com", "CloudTrailEvent": "{}"}

    class Trail:
        asked: list[dict[str, Any]]
        meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")

        def __init__(self) -> None:
            self.asked = []

        def lookup_events(self, **request: Any) -> dict[str, Any]:
            self.asked.append(request)
            if "NextToken" in request:
                return {"Events": [raw(1)]}
            return {"Events": [raw(9), raw(5)], "NextToken": "more"}

    asked = Trail()
    assert [event.at.second for event in read_trail(asked, SINCE)] == [1, 5, 9]
    assert len(asked.asked) == 2


def test_more_events_than_can_be_read_are_not_cut_silently() -> None:
    class Busy:
        meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")

        def lookup_events(self, **request: Any) -> dict[str, Any]:
            return {"Events": [], "NextToken": "more"}

    with pytest.raises(LabError, match="CloudTrail has more than 6000 events of ecr") as told:
        read_trail(Busy(), SINCE)
    assert told.value.id == "trail-too-long"


@pytest.mark.parametrize(
    ("endpoint", "slept"),
    [("https://cloudtrail.eu-west-1.amazonaws.com", [0.5, 0.25, 0.5]), ("http://127.0.0.1:4566", [])],
)
def test_aws_is_asked_twice_a_second_and_the_local_aws_at_once(endpoint: str, slept: list[float]) -> None:
    seen: list[float] = []
    times = iter([0.0, 0.0, 0.75, 1.0])
    pace = trail._Pace(sleep=seen.append, clock=lambda: next(times))
    for _ in range(4):
        pace.wait(SimpleNamespace(meta=SimpleNamespace(endpoint_url=endpoint)))
    assert seen == slept
