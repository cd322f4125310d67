"""What was acknowledged is there after SIGKILL; a folder that cannot be used is named in one sentence."""

import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cloud.lab_cloud import Keys, LabCloud, allow, outcome, refused, trusts
from tests.cloud.state.whole_state import fill, picture


def test_after_sigkill_everything_is_there_with_the_same_ids_keys_and_port(start):
    first = start()
    things = fill(first)
    before = picture(first, things)
    count = len(first.client("cloudtrail").lookup_events(MaxResults=50)["Events"])
    first.kill()
    second = start()
    assert second.line == first.line
    after = picture(second, things)
    for what, seen in before.items():
        assert after[what] == seen, what
    assert len(second.client("cloudtrail").lookup_events(MaxResults=50)["Events"]) >= count
    # And once more: what the second run added is replayed after what the first did.
    vpc = second.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    assert second.close() == 0
    third = start()
    assert vpc in [found["VpcId"] for found in third.client("ec2").describe_vpcs()["Vpcs"]]


def test_a_refused_call_leaves_nothing_to_replay(start):
    cloud = start()
    size = (cloud.state / "journal").stat().st_size
    for _ in range(3):
        refused(cloud.client("iam").create_user, UserName="lab-admin")
        refused(cloud.client("iam").put_user_policy, UserName="nobody", PolicyName="p", PolicyDocument="{")
    assert (cloud.state / "journal").stat().st_size == size


@pytest.mark.parametrize("program", ["stumbling", "eagerly stumbling"])
def test_a_call_that_breaks_midway_changes_nothing(tmp_path, program):
    fault = str(Path(__file__).with_name("stumbling_cloud.py"))
    cloud = LabCloud(tmp_path / "state", program=(fault, *(["eager"] if program.startswith("eager") else [])))
    try:
        things = fill(cloud)
        before = picture(cloud, things)
        size = (cloud.state / "journal").stat().st_size
        for name in ("half-made", "half-made", "half-again"):
            refused(cloud.client("iam").create_user, UserName=name)
        assert (cloud.state / "journal").stat().st_size == size
        after = picture(cloud, things)
        for what, seen in before.items():
            assert after[what] == seen, what
        cloud.client("iam").create_user(UserName="whole")
        assert refused(cloud.client("iam").create_user, UserName="whole")[0] == "EntityAlreadyExists"
    finally:
        assert cloud.close() == 0


def test_while_a_broken_call_is_undone_nobody_else_notices(tmp_path):
    cloud = LabCloud(tmp_path / "state", program=(str(Path(__file__).with_name("stumbling_cloud.py")),))
    try:
        for number in range(100):
            cloud.client("iam").create_user(UserName=f"u{number}")
        keys = cloud.user("reader", allow("iam:ListUsers"))
        done = threading.Event()

        def look(_):
            users, client = set(), cloud.client("iam", keys)
            while not done.is_set():
                users.add(len(client.list_users(MaxItems=1000)["Users"]))
            return users

        with ThreadPoolExecutor(4) as pool:
            looks = pool.map(look, range(4))
            for number in range(5):
                refused(cloud.client("iam").create_user, UserName=f"half-{number}")
            done.set()
            assert set().union(*looks) == {102}
    finally:
        cloud.close()


def test_the_folder_and_its_files_are_private(start):
    cloud = start()
    cloud.client("iam").create_user(UserName="u")
    assert stat.S_IMODE(cloud.state.stat().st_mode) == 0o700
    for name in ("journal", "state.json", "trail.sqlite3", "lock"):
        assert stat.S_IMODE((cloud.state / name).stat().st_mode) == 0o600, name


def test_a_folder_in_use_names_its_owner(start):
    cloud = start()
    code, out, err = outcome(cloud.state)
    assert (code, out) == (2, "")
    assert f"is in use by process {cloud.process.pid}" in err
    assert "Traceback" not in err
    cloud.client("sts").get_caller_identity()


def test_a_lock_left_by_a_killed_process_does_not_hold(start):
    start().kill()
    start().client("sts").get_caller_identity()


def test_a_port_in_use_is_named(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = outcome(tmp_path / "other", "--port", str(port))
        assert (code, out) == (2, "")
        assert f"port {port}: the port is in use" in err
        assert "Traceback" not in err


def test_a_saved_port_that_is_taken_is_named_and_another_can_be_given(start):
    first = start()
    state, port = first.state, first.port
    first.close()
    with socket.create_server(("127.0.0.1", port)):
        code, _, err = outcome(state)
        assert code == 2
        assert f"Port {port}, which this state used before" in err
        with socket.create_server(("127.0.0.1", 0)) as free:
            other = free.getsockname()[1]
        assert start("--port", str(other), state=state).port == other


def test_another_account_or_region_needs_another_folder(start):
    cloud = start("--account", "444455556666", "--region", "eu-central-1")
    assert (cloud.account, cloud.region) == ("444455556666", "eu-central-1")
    assert cloud.client("sts").get_caller_identity()["Account"] == "444455556666"
    state = cloud.state
    cloud.close()
    code, _, err = outcome(state, "--account", "111122223333")
    assert code == 2
    assert "belongs to account 444455556666, not 111122223333" in err
    assert start(state=state).account == "444455556666"


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("journal", lambda data: data[:30] + b"#" + data[31:]),
        ("journal", lambda data: data.replace(b"\n", b"\n garbage \n", 1)),
        ("journal", lambda data: data[200:]),
        ("state.json", lambda data: data[: len(data) // 2]),
        ("state.json", lambda data: b"[]"),
        ("trail.sqlite3", lambda data: b"not a database at all" * 100),
        ("registry/ecr.sqlite3", lambda data: b"not a database at all" * 100),
    ],
    ids=["bit", "line", "start lost", "half", "other JSON", "trail", "registry"],
)
def test_damage_is_named_and_nothing_is_changed(start, file, damage):
    cloud = start()
    cloud.client("iam").create_user(UserName="u")
    cloud.client("ecr").create_repository(repositoryName="lab/app")
    state = cloud.state
    cloud.close()
    path = state / file
    good = path.read_bytes()
    bad = damage(good)
    path.write_bytes(bad)
    code, out, err = outcome(state)
    assert (code, out) == (2, "")
    assert str(path) in err
    assert "Next:" in err
    assert "Traceback" not in err
    assert path.read_bytes() == bad
    path.write_bytes(good)
    users = start(state=state).client("iam").list_users()["Users"]
    assert "u" in [user["UserName"] for user in users]


def test_a_last_line_that_was_half_written_is_dropped(start):
    cloud = start()
    cloud.client("iam").create_user(UserName="kept")
    state = cloud.state
    cloud.kill()
    journal = state / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole.splitlines(keepends=True)[-1][:-10])
    again = start(state=state)
    assert "kept" in [user["UserName"] for user in again.client("iam").list_users()["Users"]]
    assert journal.read_bytes() == whole
    again.client("iam").create_user(UserName="after")
    again.kill()
    users = [user["UserName"] for user in start(state=state).client("iam").list_users()["Users"]]
    assert {"kept", "after"} <= set(users)


def test_a_symlink_in_the_folder_is_not_followed(tmp_path):
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    state.mkdir()
    elsewhere.write_text("mine")
    (state / "journal").symlink_to(elsewhere)
    (state / "state.json").write_text("{}")
    code, _, err = outcome(state)
    assert code == 2
    assert "Traceback" not in err
    assert elsewhere.read_text() == "mine"


def test_a_file_in_the_folders_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = outcome(tmp_path / "file")
    assert code == 2
    assert f"The state folder {tmp_path / 'file'} cannot be used" in err


@pytest.mark.parametrize(
    "flags",
    [("--port", "70000"), ("--account", "123"), ("--region", "nowhere"), ("--host", "not an address")],
    ids=lambda flags: flags[0],
)
def test_wrong_flags_get_one_sentence(tmp_path, flags):
    code, out, err = outcome(tmp_path / "state", *flags)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert not (tmp_path / "state").exists()


def test_the_administrator_is_made_again_when_it_was_deleted(start):
    cloud = start()
    other = cloud.user("other", allow("*"))
    iam = cloud.client("iam", other)
    iam.delete_access_key(UserName="lab-admin", AccessKeyId=cloud.admin.access_key_id)
    state = cloud.state
    cloud.close()
    again = start(state=state)
    assert again.admin != cloud.admin
    again.client("iam").list_users()


def test_sigterm_is_a_clean_end_and_the_log_has_no_secret(tmp_path):
    cloud = LabCloud(tmp_path / "state")
    keys = cloud.user("u", allow("*"))
    session = cloud.assume(cloud.role("r", trusts({"AWS": cloud.account})))
    cloud.client("ssm").put_parameter(Name="/p", Value="top-secret", Type="SecureString")
    assert cloud.close() == 0
    err = cloud.log.read_text()
    assert "calls carried out again" in err
    for secret in (cloud.admin.secret, keys.secret, session.secret, session.token, "top-secret"):
        assert secret not in err
    assert Keys(cloud.admin.access_key_id, cloud.admin.secret) == cloud.admin
