"""``labs cloud --check-state`` names what is broken and sets it aside; the rest is served again."""

import contextlib
import sqlite3
import subprocess
import sys

import pytest

from tests.cloud.lab_cloud import launch, outcome
from tests.cloud.registry.lab_registry import Client, digest_of


def check(state):
    """The command's exit code, and what it printed with the folder as DIR and the time as TIME."""
    process = launch(state, "--check-state")
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    for folder in (state / "quarantine").glob("*"):
        out = out.replace(folder.name, "TIME")
    return process.returncode, out.replace(str(state), "DIR").splitlines(), err


def set_aside(state):
    """The files in quarantine, by their path in the folder."""
    return sorted(
        str(path.relative_to(folder))
        for folder in (state / "quarantine").glob("*")
        for path in folder.rglob("*")
        if path.is_file()
    )


@pytest.fixture
def state(start):
    """A closed state with two users, a repository, an image, and a cluster."""
    cloud = start()
    for name in ("one", "two"):
        cloud.client("iam").create_user(UserName=name)
    cloud.client("ecs").create_cluster(clusterName="c")
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="lab/app")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = Client(f"127.0.0.1:{cloud.port}", f"Basic {token}", "lab/app")
    registry.push_image("v1")
    registry.close()
    assert cloud.close() == 0
    return cloud.state


def users(cloud):
    return {user["UserName"] for user in cloud.client("iam").list_users()["Users"]}


def test_a_whole_state_is_left_as_it_is(state, start):
    code, out, _ = check(state)
    assert code == 0
    assert out == ["All of DIR is whole: 5 lines of the journal, 2 layers."]
    assert not (state / "quarantine").exists()
    assert {"one", "two"} <= users(start(state=state))


def test_a_damaged_line_of_the_journal_goes_and_all_others_stay(state, start):
    journal = state / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines) if b"UserName=one" in line)
    lines[number] = lines[number].replace(b"UserName=one", b"UserName=0ne")
    journal.write_bytes(b"".join(lines))
    assert "run 'labs cloud --check-state --state" in outcome(state)[2]
    code, out, _ = check(state)
    assert code == 1
    words = "the whole file is kept as DIR/quarantine/TIME/journal; the calls they held are lost, all others stay"
    assert out == [
        f"journal: line {number + 1} cannot be read back: {words}.",
        "The rest of DIR is whole: 4 lines of the journal, 2 layers.",
    ]
    assert set_aside(state) == ["journal"]
    found = users(start(state=state))
    assert "two" in found
    assert "one" not in found
    assert "0ne" not in found


def test_layers_that_are_damaged_or_gone_are_named_and_a_push_fixes_them(state, start):
    blobs = state / "registry" / "blobs"
    damaged, gone = digest_of(b"layer"), digest_of(b"{}")
    path = blobs / "sha256" / damaged[7:9] / damaged[7:]
    path.write_bytes(b"lAyer")
    (blobs / "sha256" / gone[7:9] / gone[7:]).unlink()
    code, out, _ = check(state)
    assert code == 1
    assert out[0] == (
        f"layer {damaged}: its bytes are not those of its digest: "
        f"moved to DIR/quarantine/TIME/registry/blobs/sha256/{damaged[7:9]}/{damaged[7:]}."
    )
    for digest in (damaged, gone):
        assert f"layer {digest} of lab/app is missing: push the image again: that fixes it." in out
    cloud = start(state=state)
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = Client(f"127.0.0.1:{cloud.port}", f"Basic {token}", "lab/app")
    assert registry.get(f"blobs/{damaged}").status == 404
    registry.push_image("v1")
    assert registry.get(f"blobs/{damaged}").body == b"layer"
    registry.close()


def test_manifests_and_sizes_that_the_database_has_wrong_are_named(state, start):
    layer, file = digest_of(b"layer"), state / "registry" / "ecr.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        (manifest,) = database.execute("SELECT digest FROM image").fetchone()
        database.execute("UPDATE image SET body = CAST(replace(body, 'layers', 'lAyers') AS BLOB)")
        database.execute("UPDATE blob SET size = 4 WHERE digest = ?", (layer,))
    again = "push the image again: that fixes it."
    assert check(state)[:2] == (
        1,
        [
            f"layer {layer} of lab/app has 5 bytes where 4 are noted: {again}",
            f"manifest {manifest} of lab/app: its bytes are not those of its digest: {again}",
            "The rest of DIR is whole: 5 lines of the journal, 2 layers.",
        ],
    )
    cloud = start(state=state)
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = Client(f"127.0.0.1:{cloud.port}", f"Basic {token}", "lab/app")
    assert registry.head("manifests/v1").status == 404
    registry.push_image("v1")
    assert registry.get("manifests/v1").status == 200
    registry.close()
    assert cloud.close() == 0
    assert check(state)[0] == 0


@pytest.mark.parametrize(
    ("file", "moved", "words"),
    [
        ("trail.sqlite3", "trail.sqlite3", "the calls that CloudTrail had are gone, all other state stays"),
        ("registry/ecr.sqlite3", "registry/ecr.sqlite3", "the registry starts empty"),
        ("ecs/ecs.sqlite3", "ecs/ecs.sqlite3", "ECS starts empty"),
    ],
)
def test_a_damaged_database_is_set_aside_and_the_rest_is_served(state, start, file, moved, words):
    (state / file).write_bytes(b"not a database at all" * 100)
    code, out, _ = check(state)
    assert code == 1
    assert out[0].startswith(f"{file}: file is not a database: moved to DIR/quarantine/TIME/{moved.split('/')[0]}")
    assert words in out[0]
    assert moved in set_aside(state)
    cloud = start(state=state)
    assert {"one", "two"} <= users(cloud)
    cloud.client("ecr").describe_repositories()
    cloud.client("ecs").list_clusters()
    cloud.client("cloudtrail").lookup_events()


def test_a_journal_that_is_missing_is_named_and_begun_anew(state, start):
    (state / "journal").unlink()
    assert "journal cannot be read (it is missing)" in outcome(state)[2]
    assert not (state / "journal").exists()
    code, out, _ = check(state)
    assert code == 1
    assert out[0] == "journal: it is missing: an empty one was made; all calls that it held are lost."
    assert users(start(state=state)) == {"lab-admin"}


def test_a_damaged_identity_cannot_be_fixed_and_nothing_is_moved(state):
    (state / "state.json").write_text("{")
    code, out, err = check(state)
    assert (code, out) == (2, [])
    assert "state.json cannot be read" in err
    assert not (state / "quarantine").exists()


def test_a_folder_without_a_state_and_one_in_use_are_named(start, tmp_path):
    assert f"There is no state in {tmp_path / 'none'}." in check(tmp_path / "none")[2]
    assert not (tmp_path / "none").exists()
    cloud = start()
    assert f"is in use by process {cloud.process.pid} (" in check(cloud.state)[2]


def test_a_lock_left_behind_is_told_with_its_process_its_command_and_its_time(start):
    first = start()
    first.kill()
    second = start()
    second.client("sts").get_caller_identity()
    second.close()
    said = second.log.read_text()
    assert f"was stale: process {first.process.pid} (" in said
    assert f"cloud --state {first.state}" in said
    assert "UTC) ended without letting go of it" in said


def test_a_lock_of_the_kit_names_its_holder(tmp_path):
    from labs.locks import lock_holder, locked

    lock = tmp_path / "x.lock"
    program = (
        "import sys; from pathlib import Path; from labs.locks import locked\n"
        "with locked(Path(sys.argv[1]), 0):\n    print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        with locked(lock, 0) as held:
            assert not held
        assert f"process {process.pid} (" in lock_holder(lock)
    finally:
        process.communicate(timeout=60)
    with locked(lock, 5) as held:
        assert held
