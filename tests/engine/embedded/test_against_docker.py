"""The same Dockerfile built by a real buildx and by the embedded engine: the same files, the same configuration."""

import re
import subprocess
from pathlib import Path

import pytest

from labs.engine.archive import read_archive

pytestmark = pytest.mark.docker

EVERYTHING = """ARG BASE
FROM ${BASE} AS build
WORKDIR /out
COPY --chown=5:6 a.py made
FROM ${BASE}
ARG TARGETARCH
ARG V=1 TOKEN
ARG W=${V}2
LABEL a=1 "b c"='2 3'
LABEL a=2
ENV arch=$TARGETARCH v="${V} x" old=${NOPE:-dd} q='c$V' s=$V\\ d e=${V:+yes}
WORKDIR /app
WORKDIR sub
WORKDIR /app
COPY . ctx/
COPY src /src2
COPY src/. ./rel/
COPY --chown=10001:10002 --chmod=0640 *.py /new/deep/
COPY --chown=nobody:nogroup a.py /named1
COPY --chown=nobody a.py /named2
COPY --chown=:7 a.py /named3
COPY named /viaLink
COPY d? /wild/
COPY src/sub a.py /many/
COPY a.py /tmp
COPY ["a.py", "b.py", "/j s/"]
COPY empty /empty/dir
COPY --chmod=700 src /chm
COPY --link a.py /link/to/a
ADD t.tgz /opt/x/
ADD --chown=7:8 --chmod=0400 t.tgz /opt/y/
ADD a.py src /add/
COPY --from=build /out /fromb
COPY --from=build /out/made /made
COPY <<h.txt <<'r' /h/
hi $V "q" 'r' \\$V \\\\ \\n ${TOKEN}
h.txt
$V
r
EXPOSE 80 53/udp 7000-7001
VOLUME ["/data"]
VOLUME /v1 /v2
STOPSIGNAL SIGINT
HEALTHCHECK --interval=1m30s --timeout=5s --retries=3 CMD python -c "x"
USER nobody
WORKDIR /mine/deep
USER 10001
WORKDIR /numbered
SHELL ["/bin/bash", "-c"]
ENTRYPOINT run me
CMD ["-a", "b c"]
"""


def _context(kit, dockerfile):
    files = {"a.py": "1", "b.py": "2", "src/one": "x", "src/sub/two": "y", "x.log": "z", "keep.log": "z", "skip/f": "q"}
    files |= {"d1/f1": "1", "d2/f2": "2", ".dockerignore": "*.log\nskip\n!keep.log\n"}
    folder = kit.context(dockerfile, files)
    (folder / "empty").mkdir()
    (folder / "src" / "sub").chmod(0o750)
    (folder / "src" / "link").symlink_to("one")
    (folder / "named").symlink_to("src/one")
    (folder / "tool").write_text("hi")
    (folder / "tool").chmod(0o4755)
    subprocess.run(["tar", "czf", "t.tgz", "--remove-files", "tool"], cwd=folder, check=True)
    return folder


def _files(image, platform):
    found = {}
    for path, info, read in image.files(platform):
        found[path] = (info.type, oct(info.mode), info.uid, info.gid, info.linkname, read())
    return found


def _both(kit, docker, context, *flags):
    """The two archives of one build."""
    common = ("--platform=linux/amd64,linux/arm64", "--provenance=false", *flags)
    real = ["docker", "buildx", "build", *common, "-o", f"type=oci,dest={kit.folder / 'real.tar'}", str(context)]
    done = subprocess.run(real, env=docker, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = kit.docker("buildx", "build", *common, "-o", f"type=oci,dest={kit.folder / 'ours.tar'}", str(context))
    assert ours.code == 0, ours.err
    return read_archive(kit.folder / "real.tar"), read_archive(kit.folder / "ours.tar")


def _alike(real, ours):
    assert ours.platforms == real.platforms
    for platform in real.platforms:
        assert _files(ours, platform) == _files(real, platform)
        theirs, mine = real.config(platform), ours.config(platform)
        assert mine["config"] == theirs["config"]
        assert (mine["architecture"], mine["os"]) == (theirs["architecture"], theirs["os"])
        shape = [[("empty_layer" in each) for each in config["history"]] for config in (theirs, mine)]
        assert shape[0] == shape[1]


def test_every_instruction_gives_the_same_files_and_configuration(kit, ecr, docker, tmp_path):
    base = ecr.put_base(tmp_path / "base")
    flags = ("--build-arg", f"BASE={base}", "--build-arg", "TOKEN=t")
    _alike(*_both(kit, docker, _context(kit, EVERYTHING), *flags))


def test_the_sample_app_is_the_same_image(kit, ecr, docker, tmp_path):
    base = ecr.put_base(tmp_path / "base")
    sample = Path(__file__).resolve().parents[3] / "sample-app"
    _alike(*_both(kit, docker, sample, "--build-arg", f"PYTHON_IMAGE={base}"))


def test_a_missing_file_is_told_in_the_same_words(kit, docker):
    context = str(kit.context("FROM scratch\nCOPY gone /x\n"))
    real = subprocess.run(["docker", "buildx", "build", context], env=docker, capture_output=True, text=True).stderr
    ours = kit.docker("buildx", "build", context).err
    for part in (
        "Dockerfile:2\n",
        "   2 | >>> COPY gone /x\n",
        "ERROR: failed to solve: failed to compute cache key: ",
    ):
        assert part in real
        assert part in ours
    assert real.rstrip().endswith(': "/gone": not found')
    assert ours.rstrip().endswith(': "/gone": not found')


def test_the_refusal_is_at_the_same_call_in_the_same_words(kit, ecr, docker, record_property, tmp_path):
    """Real buildx and the embedded engine, each after its own one-platform push, under the six documented actions."""
    base, tag = ecr.put_base(tmp_path / "base"), f"{ecr.repository}:v1"
    context = str(kit.context("ARG BASE\nFROM ${BASE}\nCOPY a /a\n", {"a": "1"}))
    arguments = ("--provenance=false", "--build-arg", f"BASE={base}", "-t", tag)

    def real(*words, stdin=""):
        done = subprocess.run(["docker", *words], env=docker, capture_output=True, text=True, input=stdin)
        return done.returncode, done.stderr

    def ours(*words, stdin=""):
        done = kit.docker(*words, stdin=stdin)
        return done.code, done.err

    for run in (real, ours):
        assert run("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password())[0] == 0
        ecr.allow("ecr:*")  # what the other one pushed is there already
        assert run("buildx", "build", "--platform=linux/amd64", *arguments, "--load", context)[0] == 0
        assert run("push", tag)[0] == 0
        ecr.allow_documented()
        code, err = run("buildx", "build", "--platform=linux/amd64,linux/arm64", *arguments, "--push", context)
        assert code == 1
        words = (
            f"failed to push {tag}: unexpected status from HEAD request to http://{ecr.host}/v2/lab/app/blobs/sha256:"
        )
        assert f"ERROR: failed to solve: {words}" in err
        assert re.search(r"/blobs/sha256:[0-9a-f]{64}: 403 Forbidden$", err, re.MULTILINE)
        record_property("seen", err[err.index("ERROR: failed to solve") :])
        assert run("rmi", tag)[0] == 0
