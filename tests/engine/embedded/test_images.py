"""Names, listings, archives, and the store under several processes."""

import json
import subprocess
import sys

import pytest

from labs import oci
from labs.engine.archive import read_archive
from labs.engine.embedded.reference import parse
from labs.errors import LabError

BOTH = "--platform=linux/amd64,linux/arm64"


def test_images_lists_names_as_docker_does(kit):
    kit.build("FROM base:1\n")
    lines = kit.docker("images").out.splitlines()
    assert lines[0].split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert [line.split()[:2] for line in lines[1:]] == [["app", "dev"], ["base", "1"]]
    assert kit.docker("images", "-q", "app").out.strip() == kit.image().digest[7:19]
    assert json.loads(kit.docker("images", "--format", "json", "app:dev").out)["Tag"] == "dev"


def test_tag_and_rmi_move_names_and_an_image_goes_with_its_last(kit):
    kit.build("FROM base:1\nENV a=1\n")
    assert kit.docker("tag", "app:dev", "127.0.0.1:5000/x/y:v1").code == 0
    assert kit.docker("rmi", "app:dev").out == "Untagged: app:dev\n"
    digest = kit.image("127.0.0.1:5000/x/y:v1").digest
    assert kit.docker("rmi", digest[7:19]).out == f"Untagged: 127.0.0.1:5000/x/y:v1\nDeleted: {digest}\n"
    assert kit.docker("rmi", "app:dev").err.splitlines()[1] == "Error response from daemon: No such image: app:dev"


def test_an_old_image_that_no_name_reaches_is_swept(kit, monkeypatch):
    kit.build("FROM base:1\nCOPY a /a\n", {"a": "1"})
    (layer,) = kit.image().manifest(oci.Platform("linux", "amd64")).layers[1:]
    monkeypatch.setattr("labs.engine.embedded.image_store._YOUNG_S", -1)
    kit.docker("rmi", "app:dev")
    assert not kit.store.has(layer.digest)
    assert kit.docker("image", "inspect", "base:1").code == 0


def test_inspect_answers_with_the_configuration(kit):
    kit.build('FROM base:1\nUSER 5\nCMD ["x"]\n')
    found = json.loads(kit.docker("image", "inspect", "app:dev").out)[0]
    assert (found["Config"]["User"], found["Architecture"], found["RepoTags"]) == ("5", "amd64", ["app:dev"])
    assert kit.docker("inspect", "-f", "{{.Config.User}} {{json .Config.Cmd}}", "app:dev").out == '5 ["x"]\n'
    assert "needs a Docker Engine" in kit.docker("inspect", "-f", "{{range .Config}}", "app:dev").err
    assert kit.docker("inspect", "nope").out == "[]\n"


def test_a_saved_image_is_the_built_one(kit, tmp_path):
    kit.build("FROM base:1\nCOPY a /a\n", {"a": "1"}, BOTH)
    assert kit.docker("save", "-o", str(tmp_path / "x.tar"), "app:dev").code == 0
    assert read_archive(tmp_path / "x.tar").digest == kit.image().digest


def test_the_oci_output_of_a_build_is_the_same_each_time(kit, tmp_path):
    for name in ("1.tar", "2.tar"):
        kit.build("FROM base:1\nCOPY a /a\n", {"a": "1"}, BOTH, "-o", f"type=oci,dest={tmp_path / name}")
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()
    assert kit.build("FROM base:1\n", {}, "-o", f"type=oci,dest={tmp_path}/no/x.tar").code == 1


def test_skopeo_reads_and_checks_the_index(kit, tmp_path):
    if subprocess.run(["which", "skopeo"], capture_output=True).returncode:
        pytest.skip("skopeo is not installed")
    kit.build("FROM base:1\nCOPY a /a\nUSER 5\n", {"a": "1"}, BOTH, "-o", f"type=oci,dest={tmp_path / 'x.tar'}")
    copy = [
        "skopeo",
        "copy",
        "--all",
        "--insecure-policy",
        f"oci-archive:{tmp_path / 'x.tar'}",
        f"dir:{tmp_path / 'out'}",
    ]
    assert subprocess.run(copy, capture_output=True).returncode == 0
    assert oci.sha256((tmp_path / "out" / "manifest.json").read_bytes()) == kit.image().digest
    inspect = ["skopeo", "inspect", "--config", "--override-arch", "arm64", f"oci-archive:{tmp_path / 'x.tar'}"]
    found = json.loads(subprocess.run(inspect, capture_output=True, check=True).stdout)
    assert (found["architecture"], found["config"]["User"]) == ("arm64", "5")


def test_names_given_by_many_processes_at_once_are_all_kept(kit):
    text = (
        "import sys\nfrom pathlib import Path\nfrom labs.engine.embedded.image_store import Store\n"
        "from labs.engine.embedded.reference import parse\nstore = Store(Path(sys.argv[1]))\n"
        "top = store.find('base:1')[1]\n"
        "for number in range(20): store.tag(parse(f'{sys.argv[2]}:{number}'), top)\n"
    )
    words = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n" + text, str(kit.store.folder)]
    running = [subprocess.Popen([*words, name]) for name in ("a", "b", "c")]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert len(kit.store.names()) == 61


def test_a_damaged_store_is_one_sentence(kit):
    (kit.store.folder / "index.json").write_text("{")
    result = kit.docker("images")
    assert (result.code, "The local image store is damaged" in result.err) == (1, True)


def test_a_store_that_cannot_be_written_is_one_sentence(kit, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "file"))
    assert "The image store cannot be written" in kit.docker("images").err


@pytest.mark.parametrize(
    ("text", "complete", "familiar"),
    [
        ("app", "docker.io/library/app:latest", "app:latest"),
        ("me/app:1", "docker.io/me/app:1", "me/app:1"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("127.0.0.1:5000/a/b:v", "127.0.0.1:5000/a/b:v", "127.0.0.1:5000/a/b:v"),
    ],
)
def test_a_short_name_is_completed(text, complete, familiar):
    assert (str(parse(text)), parse(text).familiar) == (complete, familiar)


@pytest.mark.parametrize("text", ["", "A/b", "a:", "a b", "a@sha256:1", "h:1/", "http://x/y", "a/../b", "x.y/" + "/z"])
def test_a_name_that_is_none_is_refused_in_dockers_words(text):
    with pytest.raises(LabError, match="invalid reference format"):
        parse(text)


def test_every_other_command_says_that_it_needs_an_engine(kit):
    for words in (("compose", "up"), ("network", "ls"), ("exec", "x"), ("buildx", "bake")):
        result = kit.docker(*words)
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith("embedded engine: no Docker Engine found\n")
        assert f"docker {' '.join(words)} needs a Docker Engine" in result.err


def test_the_builder_and_the_version_do_not_claim_to_be_docker(kit):
    assert "linux/amd64, linux/arm64" in kit.docker("buildx", "ls").out
    assert "Platforms: linux/amd64, linux/arm64" in kit.docker("buildx", "inspect", "--bootstrap").out
    assert "(not Docker)" in kit.docker("version").out
    assert kit.docker("buildx", "create", "--use").out == "embedded\n"
    assert kit.docker("--help").code == kit.docker("push", "--help").code == kit.docker("info").code == 0


def test_a_damaged_blob_is_one_sentence_for_every_command(kit):
    kit.build("FROM base:1\n")
    kit.docker("tag", "app:dev", "127.0.0.1:1/x:1")
    kit.store.blobs.path(kit.image().digest).write_bytes(b"{}")
    for words in (("push", "127.0.0.1:1/x:1"), ("images",), ("inspect", "app:dev"), ("run", "app:dev")):
        result = kit.docker(*words)
        assert result.code == 1
        assert "damaged" in result.err
