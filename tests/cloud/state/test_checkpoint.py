"""A checkpoint spares a start the calls it stands for; without one that can be trusted, nothing is lost."""

import hashlib
import hmac
import json
import os
import pickle
import re
import shutil
from pathlib import Path

import pytest

from labs.cloud.state.checkpoint import Checkpoint
from labs.cloud.state.journal import Journal
from labs.cloud.store import pickling
from tests.cloud.lab_cloud import LabCloud, launch, until
from tests.cloud.state.whole_state import fill, picture

EAGER = (str(Path(__file__).with_name("eager_cloud.py")),)


def said(cloud, words):
    """Wait until the log, which a thread of its own writes, has the words."""
    until(lambda: words in cloud.log.read_text())


def carried_out_again(cloud):
    """How many calls the start said it carried out again."""
    said(cloud, " calls carried out again")
    return int(re.findall(r"(\d+) calls carried out again", cloud.log.read_text())[-1])


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A state with something in every service, killed: (its folder, what is in it, what a look showed)."""
    cloud = LabCloud(tmp_path_factory.mktemp("filled") / "state", program=EAGER)
    try:
        things = fill(cloud)
        before = picture(cloud, things)
    finally:
        cloud.kill()
        cloud.close()
    return cloud.state, things, before


@pytest.fixture
def copy(filled, tmp_path):
    """A copy of that state."""
    return Path(shutil.copytree(filled[0], tmp_path / "state"))


def assert_same(cloud, filled):
    after = picture(cloud, filled[1])
    for what, seen in filled[2].items():
        assert after[what] == seen, what


def test_a_start_from_the_checkpoint_shows_what_was_there(filled, copy, start):
    cloud = start(state=copy)
    assert_same(cloud, filled)
    assert carried_out_again(cloud) < 15


def test_a_bucket_of_before_is_not_made_a_second_time(copy, start):
    s3 = start(state=copy).client("s3")
    s3.create_bucket(Bucket="kept-bucket")  # us-east-1 answers 200 to the owner
    assert s3.get_object(Bucket="kept-bucket", Key="k")["Body"].read() == bytes(range(256))


def test_two_regions_of_before_still_see_one_another(tmp_path):
    first = LabCloud(tmp_path / "state", program=EAGER)
    west = first.client("ec2", region="us-west-2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    east = first.client("ec2").create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    for number in range(6):
        first.client("ec2").create_security_group(GroupName=f"g{number}", Description="d", VpcId=east)
    first.kill()
    first.close()
    second = LabCloud(tmp_path / "state", program=EAGER)
    try:
        made = second.client("ec2").create_vpc_peering_connection(VpcId=east, PeerVpcId=west, PeerRegion="us-west-2")
        there = second.client("ec2", region="us-west-2").describe_vpc_peering_connections()["VpcPeeringConnections"]
        asked = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        assert asked in [each["VpcPeeringConnectionId"] for each in there]
    finally:
        second.close()


def test_a_start_without_it_shows_the_same(filled, copy, start):
    (copy / "checkpoint").unlink()
    cloud = start(state=copy)
    assert_same(cloud, filled)
    assert carried_out_again(cloud) > 25


def flip_a_bit(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def signed_anew(file, change):
    """The same checkpoint with another head, signed as it should be."""
    state = json.loads((file.parent / "state.json").read_text())
    head, rest = file.read_bytes().split(b"\n", 2)[1:]
    other = json.dumps(change(json.loads(head))).encode()
    body = b"labs cloud checkpoint 1\n" + other + b"\n" + rest[:-32]
    file.write_bytes(body + hmac.digest(state["seed"].encode(), body, hashlib.sha256))


def of_another_revision(file):
    """Of a kit whose patches give the objects another meaning."""
    signed_anew(file, lambda head: {**head, "revision": head["revision"] + 1})


def of_another_moto(file):
    signed_anew(file, lambda head: {**head, "moto": "5.2.4"})


def of_another_python(file):
    signed_anew(file, lambda head: {**head, "python": "3.11.999"})


def of_unknown_code(file):
    """Of the time before revisions, when a digest said which code it was."""
    left_out = ("python", "moto", "revision")
    signed_anew(file, lambda head: {k: v for k, v in head.items() if k not in left_out} | {"made_by": "0" * 64})


def of_another_journal(file):
    """The journal was put back from an older copy."""
    journal = file.parent / "journal"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[1:]))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (flip_a_bit, "its signature is wrong"),
        (lambda file: file.write_bytes(b""), "its signature is wrong"),
        (lambda file: file.write_bytes(file.read_bytes()[:-100]), "its signature is wrong"),
        (of_another_revision, "other code made it"),
        (of_another_moto, "other code made it"),
        (of_another_python, "other code made it"),
        (of_unknown_code, "other code made it"),
        (lambda file: file.chmod(0o666), "another user owns it or may write to it"),
    ],
    ids=["a bit", "empty", "cut short", "revision", "moto", "python", "unknown code", "open to others"],
)
def test_one_that_cannot_be_trusted_is_not_read_and_nothing_is_lost(copy, start, damage, why):
    damage(copy / "checkpoint")
    cloud = start(state=copy)
    said(cloud, f"the checkpoint is not used ({why})")
    assert carried_out_again(cloud) > 25
    assert "u" in [user["UserName"] for user in cloud.client("iam").list_users()["Users"]]


def test_one_of_another_journal_is_not_read(copy, start):
    of_another_journal(copy / "checkpoint")
    cloud = start(state=copy)
    said(cloud, "the checkpoint is not used (the journal does not begin as it did)")
    cloud.client("iam").list_users()


def test_a_symlink_in_its_place_is_not_followed(copy, start, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (copy / "checkpoint").rename(elsewhere)
    (copy / "checkpoint").symlink_to(elsewhere)
    said(start(state=copy), "the checkpoint is not used")


class Planted:
    """What an attacker's pickle does when it is read."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


@pytest.mark.parametrize(
    ("call", "arguments"),
    [(os.system, ("touch planted",)), (eval, ("1",)), (getattr, ("a", "upper")), (__import__, ("os",))],
    ids=["os.system", "eval", "getattr", "import"],
)
def test_a_pickle_names_nothing_but_motos_classes(tmp_path, monkeypatch, call, arguments):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pickle"
    file.write_bytes(pickle.dumps(Planted(call, *arguments)))
    with file.open("rb") as stream, pytest.raises(pickle.UnpicklingError, match="has no place in a checkpoint"):
        pickling.load(stream)
    assert not (tmp_path / "planted").exists()


def test_a_disk_that_takes_none_leaves_the_old_one(tmp_path, monkeypatch, caplog):
    file = tmp_path / "checkpoint"
    file.write_bytes(b"old")
    journal = Journal(tmp_path / "journal")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pickling, "collect", dict)
    monkeypatch.setattr(pickling, "dump", full)
    assert not Checkpoint(file, "seed").save(journal, [])
    journal.close()
    assert file.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "journal"]
    assert "no checkpoint was written: OSError: [Errno 28] No space left on device" in caplog.text


def checked(state):
    """What the check says of a state."""
    process = launch(state, "--check-state")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    return out


def test_a_damaged_line_that_it_stands_for_costs_nothing(filled, copy, start):
    journal = copy / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b"request", b"reQuest", 1)
    journal.write_bytes(b"".join(lines))
    assert "line 5 cannot be read back" in (out := checked(copy))
    assert "nothing is lost, the checkpoint holds what they did" in out
    assert_same(start(state=copy), filled)


def test_without_the_journal_it_still_holds_what_it_stands_for(copy, start):
    (copy / "journal").unlink()
    assert "journal: it is missing: an empty one was made; the checkpoint holds what its first" in checked(copy)
    cloud = start(state=copy)
    assert [vpc["CidrBlock"] for vpc in cloud.client("ec2").describe_vpcs()["Vpcs"]].count("10.0.0.0/16") == 1
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    cloud.kill()
    again = start(state=copy)
    assert vpc in [found["VpcId"] for found in again.client("ec2").describe_vpcs()["Vpcs"]]
