"""What stands before docker's command, and the variables that docker obeys: done, refused, or said to be idle."""

import pytest


@pytest.mark.parametrize(
    "before", [("-D",), ("--debug",), ("-l", "debug"), ("--log-level=info",), ("-c", "default"), ("--context=default",)]
)
def test_a_build_is_found_behind_dockers_own_flags(kit, before):
    done = kit.docker(*before, "build", "--platform=linux/amd64", "-t", "app:dev", str(kit.context("FROM base:1\n")))
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-H", "tcp://127.0.0.1:1", "images"), 125, "docker -H needs a Docker Engine"),
        (("--host=tcp://127.0.0.1:1", "images"), 125, "docker --host needs a Docker Engine"),
        (("--tlsverify", "images"), 125, "docker --tlsverify needs a Docker Engine"),
        (("-c", "nope", "images"), 1, 'context "nope": context not found'),
        (("-l", "bogus", "images"), 125, "unable to parse logging level: bogus"),
        (("--bogus", "images"), 125, "unknown flag: --bogus"),
        (("-D", "swarm", "init"), 1, "docker swarm init needs a Docker Engine"),
        (("buildx", "--builder", "nope", "build", "."), 1, 'no builder "nope" found'),
        (("buildx", "bake"), 1, "docker buildx bake needs a Docker Engine"),
        (("buildx", "ls", "--format", "x"), 125, "docker buildx ls --format needs a Docker Engine"),
        (("build", "--push=maybe", "."), 125, 'invalid argument "maybe" for "--push" flag: strconv.ParseBool'),
        (("build", "--build-arg", "=1", "."), 1, 'invalid key-value pair "=1": empty key'),
        (("build", "-f", "-", "-"), 1, "invalid argument: can't use stdin for both build context and dockerfile"),
        (("buildx", "create", "--driver", "docker"), 1, 'additional instances of driver "docker" cannot be created'),
        (("buildx", "create", "--driver", "bogus"), 1, 'failed to find driver "bogus"'),
        (("buildx", "create", "--leave", "--name", "x"), 125, "docker buildx create --leave needs a Docker Engine"),
        (("buildx", "rm", "--all-inactive"), 125, "docker buildx rm --all-inactive needs a Docker Engine"),
        (("images", "-f", "x=y"), 125, "docker images -f needs a Docker Engine"),
        (("save", "base:1", "base:2"), 1, "docker save of several images needs a Docker Engine"),
        (("pull", "-a", "x"), 125, "docker pull -a needs a Docker Engine"),
        (("inspect", "--type", "container", "base:1"), 1, "docker inspect --type container needs a Docker Engine"),
        (("run", "-v", "/a:/b", "base:1"), 125, "docker run -v needs a Docker Engine"),
        (("run", "--memory=1g", "base:1"), 125, "docker run --memory needs a Docker Engine"),
    ],
)
def test_what_is_not_there_is_one_sentence(kit, words, code, said):
    result = kit.docker(*words)
    assert (result.code, said in result.err) == (code, True), result.err


@pytest.mark.parametrize("value", ["--config=FOLDER", "--config FOLDER"])
def test_the_folder_of_the_logins_is_named_before_the_command(kit, tmp_path, monkeypatch, value):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "other"))
    words = value.replace("FOLDER", str(tmp_path / "mine")).split()
    assert kit.docker(*words, "buildx", "create", "--name", "one").code == 0
    assert (tmp_path / "mine" / "buildx").is_dir()


def test_the_builder_is_named_before_buildxs_command(kit, monkeypatch):
    monkeypatch.setenv("BUILDX_BUILDER", "")
    kit.docker("buildx", "create", "--name", "one")
    built = kit.docker("buildx", "--builder", "one", "build", str(kit.context("FROM scratch\n")))
    assert 'building with "one" instance' in built.err


@pytest.mark.parametrize(
    ("name", "idle", "plain"),
    [
        ("DOCKER_HOST", "tcp://127.0.0.1:1", ""),
        ("DOCKER_CONTEXT", "colima", "default"),
        ("DOCKER_BUILDKIT", "0", "1"),
        ("DOCKER_CONTENT_TRUST", "1", "0"),
    ],
)
def test_a_variable_that_has_no_effect_is_said_to_have_none(kit, monkeypatch, name, idle, plain):
    monkeypatch.setenv(name, idle)
    assert f"embedded engine: {name} has no effect\n" in kit.docker("images").err
    monkeypatch.setenv(name, plain)
    assert "no effect" not in kit.docker("images").err


def test_images_shows_digests_when_asked(kit):
    digest = kit.image("base:1").digest
    assert digest not in kit.docker("images").out
    assert digest in kit.docker("images", "--digests").out
