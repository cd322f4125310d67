"""A disk that is full or read-only: changes are refused in one sentence, looks go on, and all is well afterwards."""

import os
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

from tests.cloud.lab_cloud import LabCloud, launch, outcome, refused
from tests.cloud.registry.lab_registry import Client, digest_of

SENTENCE = "The state folder cannot be written"


@pytest.fixture
def small_disk(tmp_path, request):
    """A file system in memory, of 8 MiB if the test does not say otherwise; root only."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounting a small disk needs root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={getattr(request, 'param', 8)}m,mode=700", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def served(small_disk, start):
    """A local AWS on the small disk with a user, a repository and an image: (cloud, registry client)."""
    cloud = start(state=small_disk)
    cloud.client("iam").create_user(UserName="before")
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="lab/app")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = Client(f"127.0.0.1:{cloud.port}", f"Basic {token}", "lab/app")
    registry.push_image("before")
    yield cloud, registry
    registry.close()
    cloud.close()


def fill(folder):
    """Take the last byte of the disk."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def until_refused(call):
    """Call with 0, 1, 2, ... until it is refused: the numbers that were acknowledged, the error's code and message."""
    for number in range(10_000):
        try:
            call(number)
        except ClientError as error:
            return range(number), error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("the disk never got full")


def users(cloud):
    return {user["UserName"] for user in cloud.client("iam").list_users()["Users"]}


def test_a_full_disk_refuses_changes_and_answers_looks(served, small_disk, start):
    cloud, registry = served
    iam, ssm = cloud.client("iam"), cloud.client("ssm")
    fill(small_disk)
    # The journal's last page may have room for some.
    made, code, message = until_refused(lambda number: iam.create_user(UserName=f"full-{number}"))
    made = {f"full-{number}" for number in made}
    assert (code, message[: len(SENTENCE)]) == ("ServiceUnavailable", SENTENCE)
    assert "(No space left on device); nothing was changed." in message
    for _ in range(3):
        code, message, status = refused(ssm.put_parameter, Name="/p", Value="v" * 4000, Type="String")
        assert (code, status) == ("ServiceUnavailable", 503)
        assert SENTENCE in message
    big = b"x" * 100_000
    answer = registry.post()
    if answer.status == 202:
        answer = registry.put(f"{answer.headers['Location']}?digest={digest_of(big)}", big)
    assert answer.error[:2] == (503, "UNAVAILABLE")
    assert registry.head(f"blobs/{digest_of(big)}").status == 404
    # What only looks goes on.
    assert users(cloud) == {"lab-admin", "before"} | made
    assert registry.get("manifests/before").status == 200
    assert registry.get(f"blobs/{digest_of(b'layer')}").body == b"layer"
    (small_disk / "ballast").unlink()
    # And with space again, so does everything; the trail catches up.
    iam.create_user(UserName="after")
    registry.push_image("after", big)
    names = [
        event["EventName"]
        for page in cloud.client("cloudtrail").get_paginator("lookup_events").paginate()
        for event in page["Events"]
    ]
    assert names.count("PutParameter") == 3
    assert names.count("CreateUser") == len(made) + 3  # before, the one that was refused, after
    cloud.kill()
    again = start(state=small_disk)
    assert users(again) == {"lab-admin", "before", "after"} | made
    assert refused(again.client("ssm").get_parameter, Name="/p")[0] == "ParameterNotFound"


def room_on(folder):
    """Bytes that the disk still gives."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


FULL = (503, "UNAVAILABLE")
big_disk = pytest.mark.parametrize("small_disk", [24], indirect=True)


def start_upload(registry, data):
    location = registry.start()
    assert registry.patch(location, data).status == 202
    return location


# How a layer that the disk has no room for can come.
TOO_LARGE = {
    "one PUT": lambda registry, data: registry.put(f"{registry.start()}?digest={digest_of(data)}", data),
    "one PATCH": lambda registry, data: registry.patch(registry.start(), data),
    "one POST": lambda registry, data: registry.post(f"blobs/uploads/?digest={digest_of(data)}", data),
    "two PATCHes": lambda registry, data: registry.patch(start_upload(registry, data[: 8 << 20]), data[8 << 20 :]),
    "PATCH and PUT": lambda registry, data: registry.put(
        f"{start_upload(registry, data[: 8 << 20])}?digest={digest_of(data)}", data[8 << 20 :]
    ),
}


@big_disk
@pytest.mark.parametrize("way", TOO_LARGE)
def test_a_layer_that_the_disk_has_no_room_for_leaves_nothing(served, small_disk, way):
    _, registry = served
    before = room_on(small_disk)
    assert TOO_LARGE[way](registry, b"x" * (30 << 20)).error[:2] == FULL
    assert before - room_on(small_disk) < 1 << 20
    assert not list((small_disk / "registry" / "uploads").iterdir())
    registry.push_image("small", b"y" * 100_000)


@big_disk
@pytest.mark.parametrize("restarted", [False, True], ids=["", "after SIGKILL and a start"])
def test_a_full_disk_is_emptied_through_the_api(served, small_disk, start, restarted):
    cloud, registry = served
    ecr = cloud.client("ecr")
    registry.push_image("large", b"x" * (8 << 20))
    left = start_upload(registry, b"y" * (2 << 20))
    cloud.client("iam").create_user(UserName="gone")
    cloud.client("ecs").create_cluster(clusterName="gone")
    fill(small_disk)
    if restarted:
        cloud.kill()
        cloud = start(state=small_disk)
        ecr = cloud.client("ecr")
    # A token, and what it opens.
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = Client(f"127.0.0.1:{cloud.port}", f"Basic {token}", "lab/app")
    assert registry.get("manifests/large").status == 200
    code = refused(cloud.client("ssm").put_parameter, Name="/p", Value="v" * 4000, Type="String")[0]
    assert code == "ServiceUnavailable"
    # What only takes away.
    cloud.client("iam").delete_user(UserName="gone")
    cloud.client("ecs").delete_cluster(cluster="gone")
    assert registry.delete(left).status in (204, 404)
    assert ecr.batch_delete_image(repositoryName="lab/app", imageIds=[{"imageTag": "large"}])["failures"] == []
    assert room_on(small_disk) >= 4 << 20
    # And what had no room.
    ecr.create_repository(repositoryName="lab/next")
    registry.push_image("after", b"z" * 100_000)
    names = [event["EventName"] for event in cloud.client("cloudtrail").lookup_events()["Events"]]
    assert {"DeleteUser", "BatchDeleteImage", "PutParameter", "CreateRepository"} <= set(names)
    registry.close()


@big_disk
def test_many_deletions_go_on_while_the_disk_stays_full(served, small_disk):
    cloud, registry = served
    ecr, iam = cloud.client("ecr"), cloud.client("iam")
    for number in range(40):
        registry.push_image(f"v{number}", b"%d" % number)
        iam.create_user(UserName=f"u{number}")
    fill(small_disk)
    for number in range(40):
        wanted = [{"imageTag": f"v{number}"}]
        assert ecr.batch_delete_image(repositoryName="lab/app", imageIds=wanted)["failures"] == []
        iam.delete_user(UserName=f"u{number}")
        fill(small_disk)
    assert registry.get("manifests/before").status == 200
    # Looks see the calls that wait for room.
    names = [event["EventName"] for event in cloud.client("cloudtrail").lookup_events()["Events"]]
    assert names.count("BatchDeleteImage") >= 20


@big_disk
def test_half_written_layers_go_first_at_a_start_on_a_full_disk(served, small_disk, start):
    cloud, registry = served
    start_upload(registry, b"y" * (6 << 20))
    fill(small_disk)
    (small_disk / "reserve").unlink()
    fill(small_disk)
    cloud.kill()
    cloud = start(state=small_disk)
    assert not list((small_disk / "registry" / "uploads").iterdir())
    cloud.client("iam").create_user(UserName="after")


def test_a_full_disk_is_no_damage(served, small_disk, start):
    cloud, _ = served
    assert cloud.close() == 0
    # Not even the reserve is left: whatever the check needs, it does not get.
    (small_disk / "reserve").unlink()
    fill(small_disk)
    process = launch(small_disk, "--check-state")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) in ((0, False), (2, False))
    assert "is whole" in out or "cannot be" in err
    assert not (small_disk / "quarantine").exists()
    assert not list(small_disk.rglob("*.new"))
    (small_disk / "ballast").unlink()
    assert users(start(state=small_disk)) == {"lab-admin", "before"}


def test_a_disk_that_is_full_at_the_start_is_named(small_disk, start):
    fill(small_disk)
    code, out, err = outcome(small_disk)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert f"The state folder {small_disk} cannot be" in err
    assert "No space left on device" in err or "disk is full" in err
    (small_disk / "ballast").unlink()
    start(state=small_disk).client("sts").get_caller_identity()


def test_a_read_only_state_is_named_at_the_start(served, small_disk, start):
    cloud, _ = served
    assert cloud.close() == 0
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        code, out, err = outcome(small_disk)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert (code, out) == (2, "")
    assert f"The state folder {small_disk} cannot be used: Read-only file system." in err
    assert "Traceback" not in err
    assert users(start(state=small_disk)) == {"lab-admin", "before"}


def test_a_limit_on_the_size_of_files_is_a_full_disk(start, tmp_path):
    """Where no disk can be mounted: a process that may write no file beyond 512 KiB."""
    program = tmp_path / "limited.py"
    program.write_text(
        "import resource, signal, sys\nfrom labs.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (524288, 524288))\nsys.exit(main())\n"
    )
    cloud = LabCloud(tmp_path / "limited", program=(str(program),))
    try:
        ssm = cloud.client("ssm")
        numbers, code, message = until_refused(
            lambda number: ssm.put_parameter(Name=f"/p{number}", Value="v" * 4000, Type="String")
        )
        assert code == "ServiceUnavailable"
        assert message.startswith(f"{SENTENCE} (File too large); nothing was changed.")
        assert numbers
        made = {f"/p{number}" for number in numbers}
        found = ssm.get_paginator("get_parameters_by_path").paginate(Path="/")
        assert {p["Name"] for page in found for p in page["Parameters"]} == made
    finally:
        cloud.kill()
        cloud.close()
    again = start(state=tmp_path / "limited")
    found = again.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/")
    assert {p["Name"] for page in found for p in page["Parameters"]} == made
