"""The docker commands of the stand-ins, and what they make of the answers."""

import base64
import json

import pytest

from labs.workflow.stand_ins import build_push, builder, docker_login, ecr_login, qemu
from labs.workflow.stand_ins.step import Done, StepFailed

pytestmark = pytest.mark.unit

ECR = "111122223333.dkr.ecr.us-east-1.amazonaws.com"


class FakeEcr:
    """Answers GetAuthorizationToken."""

    def __init__(self) -> None:
        self.asked = []

    def get_authorization_token(self, **given):
        self.asked.append(given)
        token = base64.b64encode(b"AWS:pass-word").decode()
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "http://127.0.0.1:4566"}]}


@pytest.fixture
def ecr():
    return FakeEcr()


def test_amazon_ecr_login_logs_in_where_ecr_says_and_gives_the_registry(step, ecr):
    made = step(env={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, registries="1,2")
    made.clients["ecr"] = ecr
    ecr_login.run(made)
    assert ecr.asked == [{"registryIds": ["1", "2"]}]
    assert made.outputs == {"registry": "127.0.0.1:4566"}
    assert made.commands == [("docker", "login", "-u", "AWS", "--password-stdin", "http://127.0.0.1:4566")]
    assert made.stdin == ["pass-word"]
    assert "::add-mask::pass-word" in made.said
    assert "Logging into registry 127.0.0.1:4566" in made.said


def test_amazon_ecr_login_says_what_docker_said(step, ecr):
    made = step()
    made.clients["ecr"] = ecr
    made.answers["docker login"] = Done(1, "", "refused")
    with pytest.raises(StepFailed, match=r"^Could not login to registry 127\.0\.0\.1:4566: refused$"):
        ecr_login.run(made)


@pytest.mark.parametrize("kind", ["public", "other"])
def test_amazon_ecr_login_has_private_registries_only(step, kind):
    with pytest.raises(StepFailed):
        ecr_login.run(step(registry_type=kind))


@pytest.mark.parametrize(
    ("inputs", "asks"),
    [({"registry": ECR}, True), ({"registry": ECR, "ecr": "false", "username": "u", "password": "p"}, False)],
)
def test_login_action_asks_ecr_for_a_host_of_its_names(step, ecr, inputs, asks):
    made = step(**inputs)
    made.clients["ecr"] = ecr
    docker_login.run(made)
    assert bool(ecr.asked) is asks
    target, user = ("http://127.0.0.1:4566", "AWS") if asks else (ECR, "u")
    assert made.commands == [("docker", "login", "--password-stdin", "--username", user, target)]
    assert f"::add-mask::{'pass-word' if asks else 'p'}" in made.said
    assert made.said[-1] == "Login Succeeded!"


@pytest.mark.parametrize(
    ("inputs", "words"),
    {
        (): "Username and password required",
        (("username", "u"),): "Password required",
        (("password", "p"),): "Username required",
    }.items(),
)
def test_login_action_wants_both_for_any_other_registry(step, inputs, words):
    with pytest.raises(StepFailed, match=f"^{words}$"):
        docker_login.run(step(registry="ghcr.io", **dict(inputs)))


def test_login_action_moves_to_another_registry_by_values_alone(step):
    made = step(registry="registry.example.com", username="me", password="secret")
    docker_login.run(made)
    assert made.commands == [("docker", "login", "--password-stdin", "--username", "me", "registry.example.com")]
    assert made.stdin == ["secret"]


def test_an_input_that_a_stand_in_does_not_have_is_refused_by_name(step):
    for run, name in ((docker_login.run, "scope"), (builder.run, "append"), (build_push.run, "secrets")):
        with pytest.raises(StepFailed, match=f"does not have the input '{name}'"):
            run(step(**{name: "x"}))


INSPECTED = "Name:   b\nDriver: embedded\n\nNodes:\nName: b0\nPlatforms: linux/amd64, linux/arm64*\n"


def test_setup_buildx_makes_a_builder_uses_it_and_says_which(step):
    made = step(env={"LAB_ENGINE_NAME": "embedded"}, name="b", use="true", driver_opts="image=x\nnetwork=host")
    made.answers["docker buildx inspect"] = Done(0, INSPECTED, INSPECTED)
    builder.run(made)
    create = next(words for words in made.commands if words[2] == "create")
    assert create[3:] == (
        *("--name", "b", "--driver", "docker-container"),
        *("--driver-opt", "image=x", "--driver-opt", "network=host", "--use"),
    )
    assert made.outputs["name"] == "b"
    assert made.outputs["driver"] == "embedded"
    assert made.outputs["platforms"] == "linux/amd64,linux/arm64"
    assert json.loads(made.outputs["nodes"])[0]["name"] == "b0"


def test_setup_buildx_with_a_docker_engine_uses_its_own_builder_and_says_so(step):
    made = step(env={"LAB_ENGINE_NAME": "docker"})
    builder.run(made)
    assert made.outputs["name"] == "default"
    assert not any("create" in words for words in made.commands)
    assert any("makes no builder in a container" in line for line in made.said)


def test_setup_qemu_does_nothing_and_says_why(step):
    made = step(env={"LAB_ENGINE_NAME": "embedded"})
    qemu.run(made)
    assert made.commands == []
    assert any("executes nothing while it builds" in line for line in made.said)


def test_build_push_asks_buildx_as_the_real_one_does(step):
    made = step(
        context="app",
        push="true",
        platforms="linux/amd64,linux/arm64",
        tags="a:1\na:2",
        labels="x=y",
        build_args="A=1,2",
        provenance="false",
        sbom="true",
        cache_from="type=gha",
        file="app/Dockerfile",
        target="t",
        no_cache="true",
    )
    build_push.run(made)
    words = next(words for words in made.commands if words[:3] == ("docker", "buildx", "build"))
    text = " ".join(words)
    for part in (
        "--build-arg A=1,2 --cache-from type=gha --file app/Dockerfile --iidfile",
        "--label x=y --platform linux/amd64,linux/arm64",
        "--attest type=provenance,disabled=true --attest type=sbom --tag a:1 --tag a:2 --target t --metadata-file",
    ):
        assert part in text
    assert words[-3:] == ("--no-cache", "--push", "app")


@pytest.mark.parametrize(
    ("inputs", "attests"),
    [
        ({}, ["type=provenance,mode=min,inline-only=true"]),
        ({"provenance": "mode=max"}, ["type=provenance,mode=max"]),
        ({"provenance": "true"}, ["type=provenance"]),
        ({"load": "true"}, []),
        ({"attests": "type=provenance,mode=max"}, ["type=provenance,mode=max"]),
    ],
)
def test_build_push_makes_provenance_unless_it_is_told_otherwise(step, inputs, attests):
    made = step(context=".", **inputs)
    build_push.run(made)
    words = made.commands[-1]
    assert [words[at + 1] for at, word in enumerate(words) if word == "--attest"] == attests


def test_build_push_gives_what_buildx_wrote_and_quotes_its_last_line_when_it_fails(step, monkeypatch):
    made = step(context="app")
    digest = "sha256:" + "a" * 64

    def answer(*words, stdin="", quiet=False):
        if "--metadata-file" not in words:
            return Done(0, "", "")
        for flag, text in (("--iidfile", digest), ("--metadata-file", json.dumps({"containerimage.digest": digest}))):
            with open(words[words.index(flag) + 1], "w") as out:  # noqa: PTH123 - a path of the command's
                out.write(text)
        return Done(1, "", "ERROR: failed\ndenied: User: x is not authorized\n")

    monkeypatch.setattr(made, "command", answer)
    with pytest.raises(StepFailed, match=r"^buildx failed with: denied: User: x is not authorized$"):
        build_push.run(made)
    assert (made.outputs["digest"], made.outputs["imageid"]) == (digest, digest)
    assert json.loads(made.outputs["metadata"]) == {"containerimage.digest": digest}


def test_build_push_without_a_context_says_that_the_git_context_is_out_of_reach(step):
    with pytest.raises(StepFailed, match=r"https://github\.com/o/r\.git, which this machine does not reach"):
        build_push.run(step(env={"GITHUB_REPOSITORY": "o/r"}))


def test_build_push_needs_buildx(step):
    made = step(context=".")
    made.answers["docker buildx"] = Done(1, "", "")
    with pytest.raises(StepFailed, match=r"^Docker buildx is required"):
        build_push.run(made)
