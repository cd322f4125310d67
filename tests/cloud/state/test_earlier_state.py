"""What the version before left behind opens with everything in it.

``state/before-the-rooms.tar.xz`` was written by the kit as it was before its rooms were built: ``state/``, a local AWS
with something in every service, killed with SIGKILL; ``picture.json``, what it had answered; ``home/``, a LAB_HOME
after the whole course with ``--keep``. The ids and keys in it are the lab's own.
"""

import base64
import datetime
import json
import os
import pickle
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import asdict
from pathlib import Path

import pytest

from labs.lesson.progress import Progress
from tests.cloud.lab_cloud import LabCloud, launch, until
from tests.cloud.state.whole_state import picture

STATE = Path(__file__).parent
EAGER = (str(Path(__file__).with_name("eager_cloud.py")),)
# Calls in the journal of ``state/``; the checkpoint stands for all but the last few.
CALLS = 35


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The archive's folders."""
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(STATE / "before-the-rooms.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    for state in (folder / "state", folder / "home" / "cloud"):
        # Another program of this machine may have the port of then.
        file = state / "state.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "port": 0}))
    return folder


@pytest.fixture
def state(unpacked, tmp_path):
    """A copy of the state folder."""
    return Path(shutil.copytree(unpacked / "state", tmp_path / "state"))


@pytest.fixture
def home(unpacked, tmp_path):
    """A copy of the LAB_HOME."""
    return Path(shutil.copytree(unpacked / "home", tmp_path / "home"))


def as_json(value):
    """What the picture was written with."""

    def other(found):
        if isinstance(found, bytes):
            return {"b64": base64.b64encode(found).decode()}
        return found.isoformat() if isinstance(found, datetime.datetime) else str(found)

    return json.loads(json.dumps(value, default=other))


def as_bytes(value):
    """The picture's way of writing bytes, read back."""
    if isinstance(value, dict):
        return base64.b64decode(value["b64"]) if set(value) == {"b64"} else {k: as_bytes(v) for k, v in value.items()}
    return value


class Things:
    """Keys as the picture keeps them."""

    def __init__(self, raw):
        self.access_key_id, self.secret, self.token = raw["access_key_id"], raw["secret"], raw["token"]


def calls_carried_out_again(cloud):
    """How many calls the start repeated."""
    until(lambda: " calls carried out again" in cloud.log.read_text())
    return int(re.findall(r"(\d+) calls carried out again", cloud.log.read_text())[-1])


def assert_all_there(cloud, unpacked):
    """Everything that was answered then is answered now: ids, times, keys, bytes."""
    earlier = json.loads((unpacked / "picture.json").read_text())
    for name in ("account", "region", "access_key_id", "secret_access_key"):
        assert cloud.line[name] == earlier["line"][name], name
    things = as_bytes(earlier["things"])
    things.update(user=Things(things["user"]), session=Things(things["session"]))
    now = picture(cloud, things)
    ecr, ecs, trail = (cloud.client(service) for service in ("ecr", "ecs", "cloudtrail"))
    now["image"] = ecr.batch_get_image(repositoryName="lab/app", imageIds=[{"imageTag": "v1"}])
    now["service"] = ecs.describe_services(cluster="c", services=["kept"])
    for answer in (now["image"], now["service"]):
        answer.pop("ResponseMetadata")
    pages = trail.get_paginator("lookup_events").paginate()
    events = {event["EventName"] for page in pages for event in page["Events"]}
    host, host_then = cloud.endpoint.split("//")[1], earlier["line"]["endpoint"].split("//")[1]
    seen, seen_then = as_json(now), earlier["picture"]
    assert set(seen_then.pop("events")) <= events
    assert seen.keys() == seen_then.keys()
    for what, before in seen_then.items():
        assert seen[what] == json.loads(json.dumps(before).replace(host_then, host)), what


def test_a_killed_state_shows_what_was_there(unpacked, state, start):
    assert_all_there(start(state=state), unpacked)


def test_it_shows_the_same_without_its_checkpoint(unpacked, state, start):
    (state / "checkpoint").unlink()
    cloud = start(state=state)
    assert_all_there(cloud, unpacked)
    assert calls_carried_out_again(cloud) > CALLS - 5


def test_its_checkpoint_is_used_by_the_python_that_wrote_it(state, start):
    repeated = calls_carried_out_again(start(state=state))
    assert repeated < 5 if platform.python_version() == "3.11.7" else repeated > CALLS - 5


def test_the_check_finds_all_of_it_whole(state):
    process = launch(state, "--check-state")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert out.startswith("All of ")
    assert f"{CALLS} lines of the journal, 2 layers" in out


def labs(home, *arguments):
    """One command on that LAB_HOME: (exit code, its output)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "LAB_"))}
    environment.update(LAB_HOME=str(home), LAB_ENGINE="embedded", LAB_BASE=os.environ.get("LAB_BASE", ""))
    command = [sys.executable, "-m", "labs.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_the_trainee_had_passed_is_still_passed(home):
    raw = json.loads((home / "progress.json").read_text())["stages"]
    progress = Progress(home / "progress.json")
    assert len(raw) >= 6
    for stage, entry in raw.items():
        assert asdict(progress.of(stage)) == entry
        assert progress.of(stage).passed or stage == "clean-up", stage


def test_what_the_course_made_is_taken_back(home):
    code, said = labs(home, "clean")
    assert code == 0, said
    receipt = re.search(r"created +(\d+).*?gone +(\d+).*?left +(\d+)", said, re.DOTALL)
    assert receipt, said
    created, gone, left = map(int, receipt.groups())
    assert (created, gone, left) == (35, 35, 0), said


class Shapes(pickle.Unpickler):
    """Reads a checkpoint's pickle with a stand-in for each class of moto, and keeps which attributes each has."""

    def __init__(self, file):
        super().__init__(file)
        self.found = {}

    def find_class(self, module, name):
        """A stand-in for what is moto's or the kit's, and the plain values themselves."""
        if name == "fill":
            return lambda made, state: made.__setstate__(state[1])
        if module.startswith(("moto.", "labs.")):
            return self.stand_in(f"{module}.{name}")
        return super().find_class(module, name)

    def stand_in(self, name):
        """A class that takes any state."""
        attributes = self.found.setdefault(name, set())

        class StandIn:
            def __new__(cls, *_):
                return super().__new__(cls)

            def __init__(self, *_):
                pass

            def __setstate__(self, state):
                attributes.update(state if isinstance(state, dict) else {})

            def __hash__(self):
                return id(self)

        return StandIn

    def persistent_load(self, service):
        """moto's table of one service."""
        return service


def shape_of(checkpoint):
    """Classes and their attributes in a checkpoint's pickle."""
    with checkpoint.open("rb") as file:
        file.readline()
        file.readline()
        shapes = Shapes(file)
        shapes.load()
    return {name: sorted(attributes) for name, attributes in sorted(shapes.found.items())}


def written_by_this_code(state):
    """The checkpoint that this code writes for the calls of a state."""
    (state / "checkpoint").unlink()
    cloud = LabCloud(state, program=EAGER)
    try:
        calls_carried_out_again(cloud)
    finally:
        cloud.close()
    return state / "checkpoint"


def test_what_a_checkpoint_holds_has_the_shape_of_its_revision(state):
    recorded = json.loads((STATE / "shape-of-checkpoints.json").read_text())
    head = json.loads((made := written_by_this_code(state)).read_bytes().split(b"\n", 2)[1])
    assert {"revision": head["revision"], "moto": head["moto"], "classes": shape_of(made)} == recorded, (
        "what is pickled has changed: raise labs.cloud.patches.REVISION, so that no older checkpoint is used, and "
        "record the new shape in tests/cloud/state/shape-of-checkpoints.json"
    )


def test_the_stored_checkpoint_has_the_shape_of_revision_1(state):
    """Why the heads of then, which hold a digest and no revision, are read as revision 1."""
    stored = shape_of(state / "checkpoint")
    now = shape_of(written_by_this_code(state))
    # The last calls of the journal come after it, and bring one class more.
    assert set(now) - set(stored) == {"moto.iam.models.Role"}
    assert stored == {name: now[name] for name in stored}
