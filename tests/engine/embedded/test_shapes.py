"""Every shape of a Dockerfile in ``shapes``, built by a real Engine and by the embedded one.

The same exit code; the same configuration, files and history; or the same refusal.
"""

import json
import re
import subprocess
import tarfile
from itertools import dropwhile

import pytest

from labs.engine.archive import read_archive
from tests.engine.embedded import shapes
from tests.engine.embedded.conftest import AMD64

pytestmark = pytest.mark.docker

FLAGS = ("--platform=linux/amd64", "--provenance=false")


@pytest.fixture
def context(kit):
    """A context of files, links, an empty folder and archives."""
    folder = kit.context("", shapes.FILES)
    (folder / "empty").mkdir()
    (folder / "src" / "sub").chmod(0o750)
    (folder / "src" / "l").symlink_to("one")
    (folder / "link").symlink_to("a.py")
    (folder / "dirlink").symlink_to("src")
    (folder / "broken").symlink_to("gone")
    (folder / "links" / "there").mkdir(parents=True)
    (folder / "links" / "to").symlink_to("there")
    (folder / "no.tgz").write_text("no archive")
    tool = kit.folder / "tool"
    tool.write_text("hi")
    tool.chmod(0o4755)
    for name, mode in (("t.tgz", "w:gz"), ("t.tar", "w")):
        with tarfile.open(folder / name, mode) as archive:
            archive.add(tool, "bin/tool")
    return folder


BUILT = list(shapes.BUILDS)
BATCHES = [BUILT[at : at + 36] for at in range(0, len(BUILT), 36)]


def _seen(archive, platform=AMD64):
    """What a build made: platform, configuration, history, and the files as they are at its end."""
    image = read_archive(archive)
    config = image.config(platform)
    files = {}
    for path, info, read in image.files(platform):
        files[path] = (info.type, oct(info.mode), info.uid, info.gid, info.linkname, read())
    return {
        "platform": (config["os"], config["architecture"], config.get("variant")),
        "author": config.get("author"),
        "config": config["config"],
        "layers": len(config["rootfs"]["diff_ids"] or ()),
        "history": ["empty_layer" in each for each in config["history"] or ()],
        "files": files,
    }


def _differences(real, ours):
    return {key: (real[key], ours[key]) for key in real if real[key] != ours[key]}


@pytest.mark.parametrize("names", BATCHES, ids=lambda names: f"{names[0]} ... {names[-1]}")
def test_what_both_build_is_the_same_image(kit, docker, context, names):
    # One bake for all: a client that starts costs more than what it builds.
    targets = {}
    for number, name in enumerate(names):
        file, output = kit.folder / f"Dockerfile-{number}", f"type=oci,dest={kit.folder}/real-{number}.tar"
        file.write_bytes(shapes.BUILDS[name].encode())
        target = {"context": str(context), "dockerfile": str(file), "output": [output]}
        targets[f"t{number}"] = target | {"platforms": ["linux/amd64"], "attest": ["type=provenance,disabled=true"]}
    bake = kit.folder / "bake.json"
    bake.write_text(json.dumps({"target": targets}))
    # In the folder of everything that is read and written: a newer bake asks before it leaves its own.
    words = ["docker", "buildx", "bake", "-f", str(bake), *targets]
    done = subprocess.run(words, env=docker, cwd=kit.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for number, name in enumerate(names):
        ours = kit.folder / f"ours-{number}.tar"
        file = kit.folder / f"Dockerfile-{number}"
        built = kit.docker("build", *FLAGS, "-o", f"type=oci,dest={ours}", "-f", str(file), str(context))
        assert built.code == 0, (name, built.err)
        found[name] = _differences(_seen(kit.folder / f"real-{number}.tar"), _seen(ours))
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("name", shapes.FLAGS)
def test_a_flag_or_a_variable_makes_the_same_image(kit, docker, context, monkeypatch, name):
    flags = _environment(docker, monkeypatch, shapes.FLAGS[name])
    archives = [kit.folder / "real.tar", kit.folder / "ours.tar"]
    words = ("build", FLAGS[1], *flags, "-f", "-")
    arguments = [(*words, "-o", f"type=oci,dest={each}", str(context)) for each in archives]
    done = subprocess.run(["docker", *arguments[0]], env=docker, capture_output=True, text=True, input=shapes.STAGES)
    ours = kit.docker(*arguments[1], stdin=shapes.STAGES)
    assert (done.returncode, ours.code) == (0, 0), (done.stderr, ours.err)
    real, mine = map(read_archive, archives)
    assert mine.platforms == real.platforms
    assert _differences(*(_seen(each, real.platforms[0]) for each in archives)) == {}


def _environment(docker, monkeypatch, words):
    """The flags of a table's entry, when its variables are set for both."""
    for name in ("A", "BUILDKIT_PROGRESS", "BUILDX_BUILDER", "DOCKER_DEFAULT_PLATFORM"):
        docker.pop(name, None)
        monkeypatch.delenv(name, raising=False)
    flags = list(dropwhile(lambda word: word[0] != "-", words))
    variables = dict(word.split("=", 1) for word in words[: len(words) - len(flags)])
    docker.update(variables)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return flags


@pytest.mark.parametrize("name", shapes.REFUSED_FLAGS)
def test_a_flag_or_a_variable_is_refused_in_the_same_words(kit, docker, context, monkeypatch, name):
    flags = _environment(docker, monkeypatch, shapes.REFUSED_FLAGS[name])
    real, ours = _refusals(kit, docker, context, "FROM scratch\nENV a=1\n", flags)
    assert ours == real


def _refusals(kit, docker, context, text, flags=FLAGS[:1]):
    """The last words of both, without what is another one at every build."""
    arguments = ("buildx", "build", FLAGS[1], *flags, "-f", "-", str(context))
    done = subprocess.run(["docker", *arguments], env=docker, capture_output=True, text=True, input=text)
    ours = kit.docker(*arguments, stdin=text)
    assert (ours.code, done.returncode) == (1, 1), (ours.err, done.stderr)
    said = next(line for line in ours.err.splitlines() if line.startswith("ERROR: "))
    return tuple(map(_plain, (done.stderr.strip().splitlines()[-1], said)))


def _plain(words):
    words = re.sub(r"checksum of ref \S+::\S+: ", "checksum of ref: ", words)
    words = words.replace("unknown flag: --", "unknown flag: ")  # BuildKit has two dashes since 0.14
    return words.replace("failed to solve: Invalid", "failed to solve: invalid").replace(" No port", " no port").strip()


@pytest.mark.parametrize("name", shapes.REFUSED)
def test_what_both_refuse_is_refused_in_the_same_words(kit, docker, context, name):
    real, ours = _refusals(kit, docker, context, shapes.REFUSED[name])
    assert ours == real


@pytest.mark.parametrize("name", shapes.REFUSED_IN_OWN_WORDS)
def test_what_both_refuse_each_in_its_words(kit, docker, context, name):
    assert all(_refusals(kit, docker, context, shapes.REFUSED_IN_OWN_WORDS[name]))


def test_there_are_enough_shapes():
    assert len(shapes.BUILDS) + len(shapes.REFUSED) + len(shapes.REFUSED_IN_OWN_WORDS) >= 280
