"""What a pipeline's actions ask of docker before they build: buildx, its builders, the context."""

import json
import re

import pytest

NAME = "builder-1"


def test_buildx_alone_is_there_and_lists_its_commands(kit):
    for words in (("buildx",), ("buildx", "--help")):
        said = kit.docker(*words)
        assert (said.code, "imagetools inspect" in said.out) == (0, True)


def test_the_version_can_be_read_as_buildxs_and_says_beside_it_that_it_is_not(kit):
    said = kit.docker("buildx", "version")
    assert re.match(r"github\.com/docker/buildx v\d+\.\d+\.\d+ \S+$", said.out)
    assert "embedded engine: not buildx" in said.err


def test_a_named_builder_is_made_used_listed_inspected_and_removed(kit):
    assert kit.docker("buildx", "create", "--name", NAME, "--driver", "docker-container", "--use").out == f"{NAME}\n"
    assert f"{NAME}*" in kit.docker("buildx", "ls").out
    inspected = kit.docker("buildx", "inspect", "--bootstrap", "--builder", NAME).out
    assert re.search(rf"Name: +{NAME}\nDriver: +embedded\n", inspected)
    assert f"Name:      {NAME}0" in inspected
    assert kit.docker("buildx", "inspect").out == inspected
    assert f'building with "{NAME}" instance' in kit.build("FROM base:1\n").err
    removed = kit.docker("buildx", "rm", NAME)
    assert (removed.code, f"{NAME} removed" in removed.err) == (0, True)
    assert "embedded*" in kit.docker("buildx", "ls").out
    assert 'building with "embedded" instance' in kit.build("FROM base:1\n").err


def test_a_builder_that_is_made_without_use_is_not_the_current_one(kit):
    kit.docker("buildx", "create", "--name", NAME)
    assert "embedded*" in kit.docker("buildx", "ls").out
    assert kit.docker("buildx", "use", NAME).code == 0
    assert f"{NAME}*" in kit.docker("buildx", "ls").out
    assert kit.docker("buildx", "use", "default").code == 0
    assert "embedded*" in kit.docker("buildx", "ls").out


UNKNOWN = {
    ("buildx", "inspect", "x"): 'no builder "x" found',
    ("buildx", "inspect", "--builder", "x"): 'no builder "x" found',
    ("buildx", "use", "x"): 'failed to find instance "x"',
    ("buildx", "rm", "x"): 'no builder "x" found',
    ("buildx", "rm", "default"): "context builder cannot be removed",
    ("buildx", "build", "--builder", "x", "."): 'no builder "x" found',
    ("buildx", "imagetools", "inspect", "--builder", "x", "a"): 'no builder "x" found',
    ("buildx", "create", "--name", "1 x"): "invalid name 1 x, name needs to start with a letter",
}


@pytest.mark.parametrize(("words", "said"), UNKNOWN.items(), ids=lambda each: " ".join(each))
def test_a_builder_that_nobody_made_is_refused_in_buildxs_words(kit, words, said):
    result = kit.docker(*words)
    assert (result.code, f"ERROR: {said}" in result.err) == (1, True)


def test_a_name_that_is_taken_is_refused_and_one_more_node_is_not(kit):
    kit.docker("buildx", "create", "--name", NAME)
    again = kit.docker("buildx", "create", "--name", NAME)
    assert (again.code, f'existing instance for "{NAME}" but no append mode' in again.err) == (1, True)
    assert kit.docker("buildx", "create", "--name", NAME, "--append").code == 0


def test_the_builder_of_the_environment_wins_and_a_wrong_one_is_refused(kit, monkeypatch):
    kit.docker("buildx", "create", "--name", NAME)
    monkeypatch.setenv("BUILDX_BUILDER", NAME)
    assert f'building with "{NAME}" instance' in kit.build("FROM base:1\n").err
    monkeypatch.setenv("BUILDX_BUILDER", "gone")
    assert 'no builder "gone" found' in kit.build("FROM base:1\n").err


def test_an_endpoint_and_a_drivers_options_are_said_to_have_no_effect(kit):
    said = kit.docker("buildx", "create", "--name", NAME, "--driver-opt", "image=x", "default").err
    assert "--driver-opt has no effect" in said
    assert "the endpoint default has no effect" in said


def test_there_is_one_context(kit):
    assert kit.docker("context", "inspect", "--format", "{{.Name}}").out == "default\n"
    assert kit.docker("context", "show").out == "default\n"
    assert kit.docker("context", "ls", "-q").out == "default\n"
    (found,) = json.loads(kit.docker("context", "inspect", "--format=json", "default").out)
    assert (found["Name"], list(found["Endpoints"]), found["TLSMaterial"]) == ("default", ["docker"], {})
    assert 'context "x": context not found' in kit.docker("context", "inspect", "x").err


def test_what_actions_send_is_done_or_said_to_have_no_effect(kit, tmp_path):
    ids, metadata = tmp_path / "iidfile", tmp_path / "metadata.json"
    said = kit.build(
        "FROM base:1\n", {}, "--iidfile", str(ids), "--metadata-file", str(metadata), "--label", "a=b",
        "--cache-from", "type=gha", "--cache-to", "type=gha,mode=max", "--attest", "type=provenance,mode=min",
    )  # fmt: skip
    assert said.code == 0
    assert "--cache-from and --cache-to have no effect" in said.err
    assert "no attestations are made; --attest has no effect" in said.err
    digest = ids.read_text()
    assert json.loads(metadata.read_text())["containerimage.digest"] == digest
    assert kit.config()["Labels"]["a"] == "b"
    assert "attestations" not in kit.build("FROM base:1\n", {}, "--attest", "type=provenance,disabled=true").err


def test_in_a_workflow_the_error_is_the_last_line(kit, monkeypatch):
    assert kit.docker("buildx", "use", "x").err.splitlines()[-1].startswith("Next: ")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    *_, before, last = kit.docker("buildx", "use", "x").err.splitlines()
    assert (before[:6], last[:6]) == ("Next: ", "ERROR:")
