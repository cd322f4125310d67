"""The course on an account that throttles, fails, cuts connections and reads what was: PASS or CANNOT CHECK, left 0."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.retries.standard import ExponentialBackoff

from labs.engine.base import ensure_base
from labs.errors import LabError
from labs.ledger import cleanup
from labs.lesson import runner
from labs.lesson.bench import Bench, open_bench
from labs.session import local
from labs.verdict import Report, Status
from tests.faulty_aws import FaultyAws, faulty_aws

# So often somebody runs the cell again after a sentence that says to.
TRIES = 4


@pytest.fixture(scope="module")
def aws(bench: Bench) -> Iterator[FaultyAws]:
    with faulty_aws(bench.target.endpoint) as proxy:
        yield proxy


@pytest.fixture
def theirs(bench: Bench, aws: FaultyAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    """A trainee's bench on "AWS", which is the proxy; what they made is gone afterwards."""
    cloud = local.find_cloud(bench.home)
    assert cloud is not None
    for name in [each for each in os.environ if each.startswith(("AWS_", "LAB_"))]:
        monkeypatch.delenv(name)
    own = {"LAB_TARGET": "aws", "LAB_HOME": str(tmp_path), "LAB_ENGINE": "embedded", "LAB_TRAINEE": "ben"}
    base = ensure_base(bench.target, bench.engine)
    for name, value in {**cloud.variables(), **own, "LAB_PYTHON_IMAGE": base, "AWS_ENDPOINT_URL": aws.url}.items():
        monkeypatch.setenv(name, value)
    # botocore's own pauses between its tries, up to 20 s long, are not what is tested.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0.01)
    aws.faults, aws.stale = (), ()
    opened = open_bench()
    opened.target.confirm(opened.target.account)
    yield opened
    aws.faults, aws.stale, aws.lost = (), (), ()
    assert not cleanup.clean(opened.target, lambda _line: None).left


def tried(bench: Bench, name: str) -> Status:
    """The status after a stage was solved, as somebody does who follows what is said."""
    for _ in range(TRIES):
        reports: tuple[Report, ...] = ()
        with contextlib.suppress(LabError):
            reports = runner.solve(name, bench)
        for report in reports:
            assert report.verdict.status in (Status.PASS, Status.CANNOT_CHECK), str(report)
        if reports and reports[-1].verdict.passed:
            return Status.PASS
    return Status.CANNOT_CHECK


def test_the_course_through_faults_of_every_kind(theirs: Bench, aws: FaultyAws) -> None:
    aws.faults, aws.rate = ("throttle", "fail", "cut", "lose", "late"), 25
    assert tried(theirs, "fargate") is Status.PASS
    assert all(aws.spoilt[fault] for fault in aws.faults)
    receipt = cleanup.clean(theirs.target, lambda _line: None)
    assert [str(item) for item in receipt.left] == []
    assert receipt.created == receipt.gone > 20


def test_a_deletion_that_is_heard_and_whose_answer_is_lost_is_a_deletion(theirs: Bench, aws: FaultyAws) -> None:
    assert tried(theirs, "fargate") is Status.PASS
    aws.lost = ("Delete", "Deregister", "BatchDelete", "Stop", "Detach", "Disassociate")
    receipt = cleanup.clean(theirs.target, lambda _line: None)
    assert [str(item) for item in receipt.left] == []
    # Every kind of thing that the course deletes was asked twice by boto3.
    deleted = {name for name, times in aws.spoilt.items() if name.startswith(aws.lost) and times}
    assert {"DeleteService", "DeleteTaskDefinitions", "DeleteVpc", "DeleteSubnet", "DeleteVpcEndpoints"} <= deleted
    assert {"DeleteRepository", "DeleteRole", "DeleteRolePolicy", "DeleteLogGroup", "DeleteCluster"} <= deleted


def test_reads_that_are_old_are_asked_again(theirs: Bench, aws: FaultyAws) -> None:
    aws.stale = ("iam", "ec2")
    assert tried(theirs, "private-subnet") is Status.PASS
    assert aws.spoilt["stale"]
    receipt = cleanup.clean(theirs.target, lambda _line: None)
    assert [str(item) for item in receipt.left] == []
