"""What a build makes of each instruction: the configuration, the files, the words when it cannot."""

import io
import json
import tarfile

import pytest

from labs import oci
from labs.engine.embedded.reference import parse

AMD64, ARM64 = oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64")
BOTH = "--platform=linux/amd64,linux/arm64"


def _modes(files):
    return {path: (oct(info.mode), info.uid, info.gid) for path, info in files.items()}


def test_two_platforms_make_one_index_with_both(kit):
    assert kit.build("FROM base:1\nCOPY a /a\n", {"a": "1"}, BOTH).code == 0
    image = kit.image()
    assert image.platforms == (AMD64, ARM64)
    assert image.config(ARM64)["architecture"] == "arm64"
    assert image.attestations == ()


def test_one_platform_makes_a_plain_manifest(kit):
    kit.build("FROM base:1\n")
    top = kit.store.names()["docker.io/library/app:dev"]
    assert top.media_type == oci.OCI_MANIFEST


def test_the_same_input_gives_the_same_digest_elsewhere(kit, tmp_path):
    dockerfile = "FROM base:1\nWORKDIR /w\nCOPY b a ./\nENV x=1\n"
    kit.build(dockerfile, {"a": "1", "b": "2"}, BOTH)
    first = kit.image().digest
    for file in ("a", "b"):
        (tmp_path / "context" / file).touch()  # another time stamp
    kit.build(dockerfile, {}, BOTH, "--no-cache")
    assert kit.image().digest == first


def test_source_date_epoch_is_every_time_in_the_image(kit, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    kit.build("FROM scratch\nCOPY a /a\n", {"a": "1"})
    assert kit.image().config(AMD64)["created"] == "1970-01-02T00:00:00Z"
    assert kit.files()["a"].mtime == 86400


def test_platform_arguments_differ_by_platform_and_need_an_arg_line(kit):
    text = (
        "FROM base:1\nENV before=$TARGETARCH\nARG TARGETARCH TARGETPLATFORM TARGETOS BUILDPLATFORM\n"
        "ENV arch=$TARGETARCH where=$TARGETPLATFORM os=$TARGETOS\nCOPY bin-${TARGETARCH} /bin/app\n"
    )
    kit.build(text, {"bin-amd64": "A", "bin-arm64": "B"}, BOTH)
    env = kit.config(ARM64)["Env"]
    assert env[-4:] == ["before=", "arch=arm64", "where=linux/arm64", "os=linux"]
    assert [kit.text("bin/app", each) for each in (AMD64, ARM64)] == ["A", "B"]


def test_a_default_written_beside_a_platform_argument_wins_as_in_docker(kit):
    kit.build("FROM base:1\nARG TARGETARCH=none\nENV arch=$TARGETARCH\n")
    assert "arch=none" in kit.config()["Env"]


def test_arguments_before_from_reach_a_stage_only_by_name(kit):
    text = "ARG BASE=base:1\nARG V=1\nFROM ${BASE}\nENV a=$V\nARG V\nENV b=$V\nARG W=${V}2\nENV c=$W\n"
    kit.build(text, {}, "--build-arg", "V=7")
    assert kit.config()["Env"][-3:] == ["a=", "b=7", "c=72"]


def test_env_wins_over_arg_and_one_line_sees_the_values_before_it(kit):
    kit.build('FROM scratch\nARG a=arg\nENV a=env\nENV a=new b=$a c="${a} d"\nENV old form = x\n')
    assert kit.config()["Env"][1:] == ["a=new", "b=env", "c=env d", "old=form = x"]


def test_an_argument_that_nothing_takes_is_mentioned(kit):
    assert (
        "[Warning] One or more build-args [NOPE] were not consumed"
        in kit.build("FROM base:1\n", {}, "--build-arg", "NOPE=1").err
    )


def test_the_configuration_instructions_land_where_they_belong(kit):
    text = """FROM base:1
LABEL a=1 "b c"='2 3'
EXPOSE 80 53/udp 7000-7001
USER app
VOLUME ["/data", "/more"]
STOPSIGNAL SIGINT
HEALTHCHECK --interval=1m30s --timeout=5s --retries=3 CMD python -c "x"
SHELL ["/bin/bash", "-c"]
ENTRYPOINT run me
CMD ["-a", "b c"]
MAINTAINER me
"""
    assert kit.build(text).code == 0
    config = kit.config()
    assert config["Labels"] == {"a": "1", "b c": "2 3"}
    assert sorted(config["ExposedPorts"]) == ["53/udp", "7000/tcp", "7001/tcp", "80/tcp"]
    assert (config["User"], config["StopSignal"]) == ("app", "SIGINT")
    assert config["Volumes"] == {"/data": {}, "/more": {}}
    assert config["Healthcheck"] == {
        "Test": ["CMD-SHELL", 'python -c "x"'],
        "Interval": 90 * 10**9,
        "Timeout": 5 * 10**9,
        "Retries": 3,
    }
    assert config["Entrypoint"] == ["/bin/bash", "-c", "run me"]
    assert config["Cmd"] == ["-a", "b c"]
    assert kit.image().config(AMD64)["author"] == "me"


def test_a_health_check_can_be_taken_away(kit):
    kit.build("FROM base:1\nHEALTHCHECK CMD true\nHEALTHCHECK NONE\n")
    assert kit.config()["Healthcheck"] == {"Test": ["NONE"]}


def test_the_base_gives_its_environment_and_loses_its_cmd_to_a_new_entrypoint(kit):
    kit.build('FROM base:1\nENTRYPOINT ["python"]\nENV LANG=C\n')
    config = kit.config()
    assert "Cmd" not in config
    assert [each for each in config["Env"] if each.startswith("LANG")] == ["LANG=C"]


def test_workdir_is_relative_to_the_one_before_and_makes_its_folder_once(kit):
    kit.build("FROM scratch\nWORKDIR /a\nWORKDIR b\nWORKDIR /a/b\n")
    assert kit.config()["WorkingDir"] == "/a/b"
    assert _modes(kit.files()) == {"a": ("0o755", 0, 0), "a/b": ("0o755", 0, 0)}


def test_copy_sets_owner_and_mode_and_makes_folders(kit):
    kit.build("FROM base:1\nCOPY --chown=10001:20002 --chmod=0400 a /x/y/\nCOPY a /plain\n", {"a": "1"})
    files = _modes(kit.files())
    assert files["x/y/a"] == ("0o400", 10001, 20002)
    assert files["x/y"] == ("0o755", 10001, 20002)
    assert files["plain"] == ("0o644", 0, 0)


def test_an_owner_by_name_is_looked_up_in_the_image(kit):
    kit.build("FROM base:1\nCOPY --chown=nobody:nogroup a /a\nCOPY --chown=nobody a /b\n", {"a": "1"})
    assert [(kit.files()[name].uid, kit.files()[name].gid) for name in "ab"] == [(65534, 65534)] * 2
    result = kit.build("FROM base:1\nCOPY --chown=app a /a\n")
    assert result.last_words.startswith("unable to find user app: no matching entries in passwd file")


def test_a_folder_gives_its_contents_and_a_trailing_slash_makes_a_folder(kit):
    files = {"src/a": "1", "src/sub/b": "2", "one": "3"}
    kit.build("FROM scratch\nCOPY src /out\nCOPY one /dir/\nCOPY one /file\nCOPY src/sub one /many/\n", files)
    names = {path for path, info in kit.files().items() if info.isreg()}
    assert names == {"out/a", "out/sub/b", "dir/one", "file", "many/b", "many/one"}


def test_a_file_copied_onto_a_folder_of_the_image_goes_into_it(kit):
    kit.build("FROM base:1\nCOPY a /tmp\n", {"a": "1"})
    assert "tmp/a" in kit.files()


def test_wildcards_copy_what_they_match(kit):
    kit.build("FROM scratch\nCOPY *.py /app/\n", {"a.py": "1", "b.py": "2", "c.txt": "3"})
    assert {path for path in kit.files() if path != "app"} == {"app/a.py", "app/b.py"}


def test_a_pattern_that_matches_nothing_copies_nothing_and_says_so(kit):
    done = kit.build("FROM scratch\nCOPY *.none a.py /app/\n", {"a.py": "1"})
    assert (done.code, set(kit.files())) == (0, {"app", "app/a.py"})
    assert " no file matches *.none; nothing is copied for it\n" in done.err


def test_symbolic_links_stay_links_inside_a_folder_and_are_followed_when_named(kit):
    context = kit.context("FROM scratch\nCOPY src /src\nCOPY link /named\n", {"src/a": "1"})
    (context / "src" / "l").symlink_to("a")
    (context / "link").symlink_to("src/a")
    assert kit.docker("build", "--platform=linux/amd64", "-t", "app:dev", str(context)).code == 0
    assert kit.files()["src/l"].linkname == "a"
    assert kit.text("named") == "1"


def test_a_link_out_of_the_context_does_not_let_files_in(kit, tmp_path):
    (tmp_path / "secret").write_text("s")
    context = kit.context("FROM scratch\nCOPY link /named\n")
    (context / "link").symlink_to(tmp_path / "secret")
    result = kit.docker("build", "-t", "app:dev", str(context))
    assert result.code == 1
    assert '/secret": not found' in result.err


def test_dockerignore_keeps_files_out_and_says_so(kit):
    files = {".dockerignore": "*\n!app.py\n", "app.py": "1", "secret": "2"}
    kit.build("FROM scratch\nCOPY . /app/\n", files)
    assert {path for path, info in kit.files().items() if info.isreg()} == {"app/app.py"}
    result = kit.build("FROM scratch\nCOPY secret /app/\n")
    assert '"/secret": not found' in result.err
    assert "Next: .dockerignore excludes it: allow it there with !secret" in result.err


def test_the_dockerfiles_own_ignore_file_stands_before_the_general_one(kit):
    files = {".dockerignore": "a\n", "Dockerfile.dockerignore": "b\n", "a": "1", "b": "2"}
    kit.build("FROM scratch\nCOPY ? /\n", files)
    assert set(kit.files()) == {"a"}


def test_add_unpacks_a_local_archive_and_copy_does_not(kit):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        info = tarfile.TarInfo("bin/tool")
        info.size, info.mode, info.uid = 2, 0o755, 7
        archive.addfile(info, io.BytesIO(b"hi"))
    kit.build(
        "FROM scratch\nADD t.tgz /opt/\nCOPY t.tgz /raw/\nADD plain /plain\n", {"t.tgz": data.getvalue(), "plain": "x"}
    )
    files = _modes(kit.files())
    assert files["opt/bin/tool"] == ("0o755", 7, 0)
    assert {"raw/t.tgz", "plain"} <= set(files)


def test_an_archive_with_paths_that_climb_stays_inside_the_image(kit):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("../../etc/evil")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    kit.build("FROM scratch\nADD t.tar /opt/\n", {"t.tar": data.getvalue()})
    assert "opt/etc/evil" in kit.files()


def test_onbuild_is_done_once_by_whoever_builds_on_it(kit):
    kit.build("FROM scratch\nONBUILD ENV a=1\nONBUILD COPY --chown=1:2 a /x\n", {"a": "1"})
    assert kit.config()["OnBuild"] == ["ENV a=1", "COPY --chown=1:2 a /x"]
    kit.docker("tag", "app:dev", "on:1")
    assert kit.build("FROM on:1\nENV b=2\n").code == 0
    assert kit.config()["Env"][-2:] == ["a=1", "b=2"]
    assert kit.files()["x"].uid == 1
    assert "OnBuild" not in kit.config()
    kit.build("FROM scratch\nONBUILD RUN x\n")
    kit.docker("tag", "app:dev", "on:2")
    assert kit.build("FROM on:2\n").last_words.startswith("RUN needs a Docker Engine")


def test_a_here_document_becomes_a_file(kit):
    kit.build("FROM scratch\nARG who=you\nCOPY <<hello.txt <<'raw' /d/\nhi \"$who\"\nhello.txt\n$who\nraw\n")
    assert kit.text("d/hello.txt") == 'hi "you"\n'
    assert kit.text("d/raw") == "$who\n"


def test_stages_copy_from_each_other_by_name_and_number(kit):
    text = (
        "FROM base:1 AS build\nWORKDIR /out\nCOPY --chown=5:6 a made\nFROM scratch AS other\nCOPY a /b\n"
        "FROM scratch\nCOPY --from=build /out/made /a\nCOPY --from=1 /b /b\nCOPY --from=base:1 /etc/os-release /c\n"
    )
    assert kit.build(text, {"a": "1"}).code == 0
    assert set(kit.files()) == {"a", "b", "c"}
    assert kit.files()["a"].uid == 5


def test_a_stage_can_begin_from_a_stage_and_a_target_ends_there(kit):
    text = "FROM base:1 AS one\nARG x=1\nENV a=$x\nFROM one AS two\nENV b=$x\nFROM two\nRUN no\n"
    assert kit.build(text, {}, "--target", "two").code == 0
    assert kit.config()["Env"][-2:] == ["a=1", "b=1"]


def test_an_unused_stage_is_not_built(kit):
    assert kit.build("FROM nowhere.invalid/x AS unused\nRUN rm -rf /\nFROM base:1\n").code == 0


def test_a_build_stage_for_the_builders_platform_still_knows_its_target(kit):
    text = "FROM --platform=$BUILDPLATFORM base:1 AS b\nARG TARGETARCH\nCOPY bin-$TARGETARCH /b\n"
    text += "FROM base:1\nCOPY --from=b /b /b\n"
    kit.build(text, {"bin-amd64": "A", "bin-arm64": "B"}, BOTH)
    assert kit.text("b", ARM64) == "B"


def test_history_names_every_instruction_and_marks_those_without_a_layer(kit):
    kit.build("FROM scratch\nARG TOKEN=s3cret\nCOPY a /a\nUSER 1\n", {"a": "1"})
    history = kit.image().config(AMD64)["history"]
    assert [(each["created_by"], "empty_layer" in each) for each in history] == [
        ("ARG TOKEN=s3cret", True),
        ("COPY a /a", False),
        ("USER 1", True),
    ]


def test_labels_and_ids_of_the_command_line_are_honoured(kit, tmp_path):
    ids = ["--iidfile", str(tmp_path / "iid"), "--metadata-file", str(tmp_path / "meta")]
    kit.build("FROM base:1\n", {}, "--label", "x=y", *ids)
    digest = kit.image().digest
    assert kit.config()["Labels"] == {"x": "y"}
    assert (tmp_path / "iid").read_text() == digest
    assert json.loads((tmp_path / "meta").read_text())["containerimage.digest"] == digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FROM base:1\n\nRUN pip install x\n", "RUN needs a Docker Engine: the embedded engine runs no commands"),
        (
            "FROM base:1\nCOPY gone /x\n",
            'failed to compute cache key: failed to calculate checksum of ref: "/gone": not found',
        ),
        # A real Engine refuses this, or builds it, by what its cache knows of the context.
        ("FROM base:1\nCOPY gone/* /x/\n", "failed to compute cache key: failed to calculate checksum of ref: "),
        ("FROM base:1\nCOPY --from=3 a b\n", "invalid stage index 3"),
        ("FROM base:1\nADD https://example.com/x /x\n", "ADD of https://example.com/x needs a Docker Engine"),
        ("FROM base:1\nONBUILD ONBUILD USER 1\n", "dockerfile parse error on line 2: Chaining ONBUILD"),
        ("ARG B\nFROM ${B}\n", "base name (${B}) should not be blank"),
        (
            "FROM Base:1\n",
            'failed to parse stage name "Base:1": invalid reference format: repository name (library/Base)',
        ),
        ("FROM base:1\nEXPOSE 99999\n", "invalid containerPort: 99999"),
        ("FROM base:1\nENV a\n", "ENV must have two arguments"),
        ("FROM base:1\nENV a=1 b\n", 'Syntax error - can\'t find = in "b"'),
        (
            "FROM base:1\nSHELL sh\n",
            "dockerfile parse error on line 2: SHELL requires the arguments to be in JSON form",
        ),
        (
            "FROM base:1\nHEALTHCHECK --interval=5 CMD x\n",
            'dockerfile parse error on line 2: time: missing unit in duration "5"',
        ),
        ("FROM base:1\nCOPY --chmod=u+x a /a\n", "invalid chmod parameter: 'u+x'"),
        ("FROM base:1\nCOPY a\n", "dockerfile parse error on line 2: COPY requires at least two arguments"),
        ("FROM base:1\nENV a=${b!}\n", "failed to process"),
        ("FROM b AS a\nCOPY --from=a x y\n", "b: failed to resolve source metadata"),
    ],
)
def test_what_cannot_be_built_is_one_sentence_with_the_line(kit, monkeypatch, text, words):
    monkeypatch.setattr("labs.engine.embedded.registry_client.TRIES", 1)
    monkeypatch.setattr("labs.engine.embedded.registry_client.is_local", lambda host: True)
    monkeypatch.setattr("labs.engine.embedded.registry_client.connect", _no_network)
    result = kit.build(text, {"a": "1", "b": "2"})
    assert result.code == 1
    assert result.last_words.startswith(words)
    assert "Traceback" not in result.err
    assert ">>>" in result.err  # the line is shown


def _no_network(scheme, netloc):
    raise ConnectionRefusedError


def test_the_line_that_failed_is_shown_as_buildx_shows_it(kit):
    err = kit.build("FROM base:1\nUSER 1\nRUN true\n").err
    assert "Dockerfile:3\n--------------------\n" in err
    assert "   3 | >>> RUN true\n" in err
    assert err.strip().endswith("or start a Docker Engine")


def test_a_platform_that_the_base_lacks_is_told_in_buildkits_words(kit, ecr, tmp_path):
    base = ecr.put_base(tmp_path / "base")
    result = kit.build(f"FROM {base}\n", {}, "--platform", "linux/riscv64")
    words = f"{base}: failed to resolve source metadata for {base}: no match for platform in manifest: not found"
    assert result.last_words == f"{words}\nNext: the image has: linux/amd64, linux/arm64"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--platform", "lunix/amd64"), '"lunix/amd64": unknown operating system or architecture: invalid argument'),
        (("--platform", "a/b/c/d"), '"a/b/c/d": cannot parse platform specifier: invalid argument'),
        (("-t", "Upper:1"), 'invalid tag "Upper:1": invalid reference format'),
        (("--target", "no"), 'failed to solve: target stage "no" could not be found'),
        (("-f", "nowhere/Dockerfile"), "failed to solve: failed to read dockerfile: open Dockerfile: no such file"),
        (("-o", "out"), "-o out needs a Docker Engine"),
    ],
)
def test_a_wrong_flag_is_one_sentence(kit, words, error):
    context = str(kit.context("FROM base:1\n"))
    result = kit.docker("buildx", "build", *words, context)
    assert result.code == 1
    assert f"ERROR: {error}" in result.err


def test_an_unknown_flag_is_told_as_docker_does(kit):
    result = kit.docker("buildx", "build", "--bogus", ".")
    assert (result.code, result.last_words.splitlines()[0]) == (125, "unknown flag: --bogus")


def test_a_context_that_is_not_there_is_one_sentence(kit):
    result = kit.docker("build", "nowhere")
    assert 'ERROR: unable to prepare context: path "nowhere" not found' in result.err


def test_pushing_needs_a_name(kit):
    result = kit.docker("build", "--push", str(kit.context("FROM base:1\n")))
    assert "ERROR: tag is needed when pushing to registry" in result.err


def test_attestations_are_not_claimed(kit):
    assert "no attestations are made; --sbom has no effect" in kit.build("FROM base:1\n", {}, "--sbom=true").err
    assert "attestations" not in kit.build("FROM base:1\n", {}, "--provenance=false").err


def test_an_interrupted_build_leaves_the_name_where_it_was(kit):
    kit.build("FROM base:1\nCOPY a /a\n", {"a": "1"})
    before = kit.store.names()
    assert kit.build("FROM base:1\nCOPY a /b\nRUN x\n").code == 1
    assert kit.store.names() == before
    assert parse("app:dev").familiar == "app:dev"
