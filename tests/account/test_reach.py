"""``labs reach``: what it prints, what it returns, and what it says to a mistake."""

import json
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from labs import cli
from labs.account import vpc_reader
from labs.commands import reach

from .conftest import REGION

ECR_API = f"api.ecr.{REGION}.amazonaws.com:443"


@pytest.fixture
def file(made, tmp_path):
    """A snapshot of the made VPC in a file."""
    place = tmp_path / "vpc.json"
    place.write_text(json.dumps(vpc_reader.take(made.ec2, made.vpc, REGION).document))
    return place


@pytest.fixture
def live(made, monkeypatch):
    """The command speaks to the made account."""
    target = SimpleNamespace(client=lambda service: made.ec2, region=REGION, prefix="fargate-lab")
    monkeypatch.setattr(reach, "connect", lambda: target)
    monkeypatch.setattr(reach.local, "borrowed", lambda home: nullcontext())
    return made


def labs(capsys, *words):
    """Exit code, standard output, standard error."""
    code = cli.main(["reach", *map(str, words)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def fixed(file, change):
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def group(document, id):
    return next(item for item in document["SecurityGroups"] if item["GroupId"] == id)


def test_an_open_path_is_told_hop_by_hop(capsys, made, file):
    code, out, _ = labs(capsys, "--snapshot", file, "--from", made.task, "--to", ECR_API)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith(f"From {made.task} to {ECR_API} (10.0.")
    assert lines[2] == " 1. OPEN         DNS"
    assert f"    {made.endpoints} allows tcp 443 from {made.task}." in lines
    assert f"    decided by: {made.endpoints}, inbound, tcp 443, from {made.tasks}" in lines
    assert "OPEN." in lines


def test_a_blocked_path_ends_with_where_and_what_next(capsys, made, file):
    fixed(file, lambda document: group(document, made.endpoints).update(IpPermissions=[]))
    code, out, _ = labs(capsys, "--snapshot", file, "--from", made.task, "--to", ECR_API)
    assert code == 1
    assert out.splitlines()[-2:] == [
        f"BLOCKED at: destination security groups, inbound ({made.endpoints}).",
        f"Next: in {made.endpoints}, allow inbound tcp 443 from {made.tasks}",
    ]


def test_what_cannot_be_checked_is_said_and_is_not_success(capsys, made, file):
    fixed(file, lambda document: document.pop("RouteTables"))
    code, out, _ = labs(capsys, "--snapshot", file, "--from", made.task, "--to", f"s3.{REGION}.amazonaws.com")
    assert code == 2
    assert out.splitlines()[-1] == "CANNOT CHECK: route."


def test_a_task_that_is_not_there_yet(capsys, made, file):
    words = ["--snapshot", file, "--from", made.subnets[1], "--group", made.tasks, "--to", ECR_API]
    code, out, _ = labs(capsys, *words)
    assert (code, out.splitlines()[0].split(" to ")[0]) == (0, f"From a new interface in {made.subnets[1]}")


def test_udp_is_another_question(capsys, made, file):
    code, out, _ = labs(capsys, "--snapshot", file, "--from", made.task, "--to", ECR_API, "--udp")
    assert (code, "udp 443" in out) == (1, True)


def test_the_account_is_asked_when_no_file_is_given(capsys, live):
    code, out, _ = labs(capsys, "--from", live.task, "--to", f"s3.{REGION}.amazonaws.com")
    assert (code, "OPEN." in out) == (0, True)


def test_a_saved_snapshot_answers_as_the_account_does(capsys, live, tmp_path):
    place = tmp_path / "saved.json"
    code, out, _ = labs(capsys, "--save", place, "--vpc", live.vpc)
    assert (code, out) == (0, f"Saved {place}.\n")
    for to in (f"s3.{REGION}.amazonaws.com", "registry-1.docker.io:443"):
        now = labs(capsys, "--from", live.task, "--to", to)
        assert labs(capsys, "--snapshot", place, "--from", live.task, "--to", to) == now


def test_the_labs_own_vpc_is_found_by_its_tag(capsys, live, tmp_path):
    place = tmp_path / "saved.json"
    code, _, err = labs(capsys, "--save", place)
    assert (code, "This lab has no VPC in us-east-1." in err) == (2, True)
    live.ec2.create_tags(Resources=[live.vpc], Tags=[{"Key": "fargate-lab-kit", "Value": "fargate-lab"}])
    assert labs(capsys, "--save", place)[0] == 0
    assert json.loads(place.read_text())["Vpcs"][0]["VpcId"] == live.vpc


def test_save_and_path_together(capsys, live, tmp_path):
    place = tmp_path / "saved.json"
    code, out, _ = labs(capsys, "--save", place, "--from", live.task, "--to", f"s3.{REGION}.amazonaws.com")
    assert (code, out.splitlines()[0], place.is_file()) == (0, f"Saved {place}.", True)


MISTAKES = {
    "nothing asked": ([], "Nothing to do"),
    "a source only": (["--from", "eni-1"], "A path needs --from and --to."),
    "a destination only": (["--to", "host:1"], "A path needs --from and --to."),
    "both a file and a new one": (["--snapshot", "{file}", "--save", "x"], "--snapshot reads a file"),
    "a source that is neither": (
        ["--snapshot", "{file}", "--from", "i-1", "--to", "host:1"],
        "'i-1' is not a network interface",
    ),
    "groups for an interface": (
        ["--snapshot", "{file}", "--from", "eni-1", "--group", "sg-1", "--to", "host:1"],
        "--group and --public are for an interface that does not exist yet.",
    ),
    "no such interface": (
        ["--snapshot", "{file}", "--from", "eni-1", "--to", "host:1"],
        "There is no network interface eni-1 in the snapshot.",
    ),
    "a port that is a word": (
        ["--snapshot", "{file}", "--from", "eni-1", "--to", "host:https"],
        "the port is a number",
    ),
    "no such file": (["--snapshot", "{file}.not", "--from", "eni-1", "--to", "host:1"], "cannot be read"),
}


@pytest.mark.parametrize(("words", "error"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_sentence_and_a_next_step(capsys, file, words, error):
    code, out, err = labs(capsys, *(word.format(file=file) for word in words))
    assert (code, out) == (2, "")
    assert error in err
    assert "\nNext: " in err


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "is not JSON"),
        ("[]", "does not hold a JSON object"),
        ('{"NetworkInterfaces": [{}]}', "is not a snapshot: NetworkInterfaces[0].NetworkInterfaceId: is missing."),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused(capsys, tmp_path, text, error):
    place = tmp_path / "bad.json"
    place.write_text(text)
    code, _, err = labs(capsys, "--snapshot", place, "--from", "eni-1", "--to", "host:1")
    assert (code, error in err) == (2, True)


def test_a_file_that_cannot_be_written_is_said(capsys, live, tmp_path):
    code, _, err = labs(capsys, "--save", tmp_path / "no" / "where.json", "--vpc", live.vpc)
    assert (code, "cannot be written" in err) == (2, True)
