"""``-o``, ``--progress``, ``--platform``, ``-f`` and a build's variables: done, refused by name, or said to be idle."""

import json

import pytest

from labs import oci
from labs.engine.archive import read_archive
from tests.engine.embedded.conftest import AMD64, ARM64

FLAGS = ("--platform", "linux/amd64")

REFUSED = {
    "type=bogus": 'failed to solve: exporter "bogus" could not be found',
    "type=local,dest=out": "-o type=local,dest=out needs a Docker Engine: the embedded engine does not have type=local",
    "out": "-o out needs a Docker Engine: the embedded engine does not have type=local",
    "-": "-o - needs a Docker Engine: the embedded engine does not have type=tar",
    "type=": "type is required for output",
    "": "type is required for output",
    "type=image,": "invalid value ",
    "type=registry": "tag is needed when pushing to registry",
    "type=image,push=true": "tag is needed when pushing to registry",
    "type=image,push=maybe": 'failed to solve: non-bool value specified for push: strconv.ParseBool: parsing "maybe"',
    "type=image,name=Bad": "failed to solve: invalid reference format: repository name (library/Bad) must be lowercase",
    "type=image,name=a:1,push=true,push-by-digest=true": "failed to solve: can't push tagged ref docker.io/library/a:1",
    "type=image,compression=foo": "failed to solve: unsupported compression type foo",
    "type=oci,dest=x,tar=false": "-o type=oci,dest=x,tar=false needs a Docker Engine",
} | {
    f"type=image,{each}": f"-o type=image,{each} needs a Docker Engine: the embedded engine does not have {each}"
    for each in (
        "compression=zstd",
        "compression-level=9",
        "force-compression=true",
        "oci-mediatypes=false",
        "prefer-nondist-layers=true",
        "registry.insecure=true",
        "dangling-name-prefix=x",
        "annotation.a=b",
        "source-date-epoch=1",
        "bogus=1",
        "dest=x",
    )
}


@pytest.mark.parametrize(("output", "words"), REFUSED.items(), ids=lambda each: each[:30])
def test_what_an_output_does_not_have_is_refused_by_name(kit, output, words):
    said = kit.docker("build", *FLAGS, "-o", output, str(kit.context("FROM base:1\n")))
    assert (said.code, f"ERROR: {words}" in said.err) == (1, True), said.err


@pytest.mark.parametrize(
    "attributes",
    ["compression=gzip", "oci-mediatypes=true", "unpack=true", "force-compression=0", "rewrite-timestamp=true"],
)
def test_an_attribute_that_says_what_is_done_anyway_is_taken(kit, attributes):
    assert kit.build("FROM base:1\n", {}, "-o", f"type=image,{attributes}").code == 0
    assert kit.image().platforms == (AMD64,)


def test_the_name_of_an_output_is_the_images_name_and_dash_t_wins(kit):
    context = str(kit.context("FROM base:1\n"))
    assert kit.docker("build", *FLAGS, "-o", 'type=image,"name=one:1,two:2",name-canonical=true', context).code == 0
    names = set(kit.store.names())
    assert {"docker.io/library/one:1", "docker.io/library/two:2"} < names
    assert f"docker.io/library/one@{kit.image('one:1').digest}" in names
    kit.docker("build", *FLAGS, "-o", "type=image,name=three:3", "-t", "four:4", context)
    assert kit.store.find("four:4")
    assert not kit.store.find("three:3")


@pytest.mark.parametrize("output", ["type=cacheonly", "type=image,store=false"])
def test_what_is_not_stored_has_no_name(kit, output):
    before = kit.store.names()
    assert kit.build("FROM base:1\n", {}, "-o", output).code == 0
    assert kit.store.names() == before


def test_two_outputs_are_both_made(kit, tmp_path):
    files = [tmp_path / "a.tar", tmp_path / "b.tar"]
    kit.build("FROM base:1\n", {}, "-o", f"type=oci,dest={files[0]}", "-o", f"type=docker,dest={files[1]}")
    assert [read_archive(file).digest for file in files] == [kit.image().digest] * 2


def test_a_push_by_digest_leaves_no_tag_behind(kit, ecr):
    kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password("admin"))
    context, meta = str(kit.context("FROM base:1\n")), kit.folder / "meta.json"
    output = f"type=image,name={ecr.repository},push-by-digest=true,name-canonical=true,push=true"
    done = kit.docker("build", *FLAGS, "-o", output, "--metadata-file", str(meta), context)
    assert done.code == 0, done.err
    digest = json.loads(meta.read_text())["containerimage.digest"]
    assert f"pushing manifest for {ecr.repository}@{digest} done" in done.err
    assert kit.docker("buildx", "imagetools", "inspect", f"{ecr.repository}@{digest}").code == 0
    assert "not found" in kit.docker("buildx", "imagetools", "inspect", f"{ecr.repository}:latest").err


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("bogus", "invalid progress mode bogus"),
        ("tty", "--progress=tty needs a Docker Engine"),
        ("rawjson", "--progress=rawjson needs a Docker Engine"),
    ],
)
def test_a_progress_mode_that_is_not_there_is_refused_by_name(kit, monkeypatch, mode, words):
    assert f"ERROR: {words}" in kit.build("FROM base:1\n", {}, "--progress", mode).err
    monkeypatch.setenv("BUILDKIT_PROGRESS", mode)
    assert f"ERROR: {words}" in kit.build("FROM base:1\n").err


def test_a_quiet_build_prints_the_digest_alone(kit, monkeypatch):
    monkeypatch.setenv("BUILDKIT_PROGRESS", "quiet")
    said = kit.build("FROM base:1\n")
    assert said.out == f"{kit.image().digest}\n"
    assert "#1" not in said.err


@pytest.mark.parametrize(
    ("word", "platform"),
    {
        "arm64": "linux/arm64",
        "linux/aarch64": "linux/arm64",
        "x86_64": "linux/amd64",
        "linux/arm/v7": "linux/arm/v7",
        "linux/arm64/v8": "linux/arm64",
        "windows/amd64": "windows/amd64",
    }.items(),
)
def test_a_platform_is_read_as_containerd_reads_it(kit, word, platform):
    kit.build("FROM scratch\n", {}, f"--platform={word}")
    assert [str(each) for each in kit.image().platforms] == [platform]


@pytest.mark.parametrize(
    ("word", "why"),
    {
        "linux/amd65": "unknown operating system or architecture",
        "lunix/amd64": "unknown operating system or architecture",
        "amd65": "unknown operating system or architecture",
        "a/b/c/d": "cannot parse platform specifier",
        "linux/*": "wildcards not yet supported",
        "linux/": '"" is an invalid component',
    }.items(),
)
def test_a_platform_that_is_none_is_refused_wherever_it_stands(kit, monkeypatch, word, why):
    words = f'"{word}": {why}: invalid argument'
    assert f"ERROR: {words}" in kit.build("FROM scratch\n", {}, f"--platform={word}").err
    assert words in kit.build(f"FROM --platform={word} scratch\n").err
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", word)
    assert words in kit.docker("build", str(kit.context("FROM scratch\n"))).err


def test_the_default_platform_is_the_environments_and_a_flag_wins(kit, monkeypatch):
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", "linux/arm64")
    context = str(kit.context("FROM base:1\n"))
    kit.docker("build", "-t", "app:dev", context)
    assert kit.image().platforms == (ARM64,)
    kit.docker("build", "-t", "app:dev", *FLAGS, context)
    assert kit.image().platforms == (AMD64,)


def test_a_dockerfile_comes_from_stdin(kit):
    context = str(kit.context("FROM nothing\n", {"a": "1", ".dockerignore": "b\n", "b": "2"}))
    done = kit.docker("build", *FLAGS, "-t", "app:dev", "-f", "-", context, stdin="FROM scratch\nCOPY ? /\n")
    assert done.code == 0, done.err
    assert set(kit.files()) == {"a"}
    wrong = kit.docker("build", "-f-", context, stdin="FROM scratch\nBOGUS\n").err
    assert "Dockerfile:2\n" in wrong
    assert "   2 | >>> BOGUS" in wrong


def test_a_dockerfile_comes_from_stdin_without_a_context(kit):
    done = kit.docker("build", *FLAGS, "-t", "app:dev", "-", stdin="FROM scratch\nENV a=1\n")
    assert done.code == 0, done.err
    assert "a=1" in kit.config()["Env"]
    assert '"/a": not found' in kit.docker("build", "-", stdin="FROM scratch\nCOPY a /\n").err
    assert "a build context from stdin needs a Docker Engine" in kit.docker("build", "-", stdin="BZh9...").err


def test_dockerfile_in_small_letters_is_found_where_there_is_no_other(kit):
    context = kit.context("FROM scratch\nENV a=1\n")
    (context / "Dockerfile").rename(context / "dockerfile")
    assert kit.docker("build", *FLAGS, "-t", "app:dev", str(context)).code == 0
    assert "a=1" in kit.config()["Env"]
    (context / "Dockerfile").write_text("FROM scratch\nENV a=2\n")
    kit.docker("build", *FLAGS, "-t", "app:dev", str(context))
    assert "a=2" in kit.config()["Env"]


def test_an_index_for_one_platform_is_made_on_demand(kit):
    kit.build("FROM scratch\n", {}, "--build-arg", "BUILDKIT_MULTI_PLATFORM=1")
    assert kit.store.names()["docker.io/library/app:dev"].media_type == oci.OCI_INDEX


def test_dockers_own_frontend_is_said_to_be_idle_and_another_is_refused(kit):
    done = kit.build("# syntax=docker/dockerfile:1.7\nFROM scratch\n")
    assert (done.code, "syntax=docker/dockerfile:1.7 has no effect" in done.err) == (0, True)
    assert "check=skip=all has no effect" in kit.build("# check=skip=all\nFROM scratch\n").err
    refused = kit.build("# syntax=example.com/other\nFROM scratch\n")
    assert (refused.code, "syntax=example.com/other needs a Docker Engine" in refused.err) == (1, True)
    assert "needs a Docker Engine" in kit.build("FROM scratch\n", {}, "--build-arg", "BUILDKIT_SYNTAX=x/y").err


@pytest.mark.parametrize(
    "flags",
    [("--secret", "id=x"), ("--network=host",), ("--add-host", "a:1.2.3.4"), ("--rm",), ("--no-cache-filter", "x")],
)
def test_a_flag_that_changes_nothing_is_said_to(kit, flags):
    done = kit.build("FROM scratch\n", {}, *flags)
    assert (done.code, f"{flags[0].partition('=')[0]} has no effect" in done.err) == (0, True)


@pytest.mark.parametrize("name", ["annotation", "build-context", "call", "check", "squash"])
def test_a_flag_that_is_not_there_is_refused_by_name(kit, name):
    said = kit.build("FROM scratch\n", {}, f"--{name}", "x")
    assert said.code == 125
    assert f"docker buildx build --{name} needs a Docker Engine: the embedded engine does not have it" in said.err


def test_a_base_that_is_here_is_asked_for_again_with_pull(kit, scripted):
    base = f"{scripted.host}/base:1"
    kit.docker("tag", "base:1", base)
    assert kit.build(f"FROM {base}\n").code == 0
    assert not scripted.calls
    refused = kit.build(f"FROM {base}\n", {}, "--pull")
    assert refused.last_words == f"{base}: failed to resolve source metadata for {base}: {base}: not found"
