"""ECR's own name for the lab's registry leads to the local AWS, wherever the engine meets a registry's name."""

import json

import pytest

from labs.engine.embedded.registry_alias import ecr_host, resolved
from tests.engine.embedded.conftest import ACCOUNT

HOST = ecr_host(ACCOUNT, "us-east-1")


def test_the_name_is_that_of_the_user_guide():
    assert HOST == "111122223333.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "leads_to"),
    {
        HOST: "127.0.0.1:4566",
        ecr_host("444455556666", "us-east-1"): ecr_host("444455556666", "us-east-1"),
        ecr_host(ACCOUNT, "eu-west-1"): ecr_host(ACCOUNT, "eu-west-1"),
        "docker.io": "docker.io",
        "127.0.0.1:5000": "127.0.0.1:5000",
    }.items(),
)
def test_only_the_labs_own_account_and_region_is_the_local_registry(tmp_path, host, leads_to):
    assert resolved(host, {"LAB_REGISTRY_ALIAS": f"{HOST}=127.0.0.1:4566"}, tmp_path) == leads_to
    cloud = {"account": ACCOUNT, "region": "us-east-1", "endpoint": "http://127.0.0.1:4566"}
    (tmp_path / "cloud.json").write_text(json.dumps(cloud))
    assert resolved(host, {}, tmp_path) == leads_to


@pytest.mark.parametrize("text", ["", "{", "[]", '{"account": 1}'])
def test_without_a_local_aws_a_name_is_what_it_says(tmp_path, text):
    if text:
        (tmp_path / "cloud.json").write_text(text)
    assert resolved(HOST, {}, tmp_path) == HOST


def test_login_push_pull_inspect_and_logout_by_that_name(kit, ecr, monkeypatch):
    monkeypatch.setenv("LAB_REGISTRY_ALIAS", f"{HOST}={ecr.host}")
    login = kit.docker("login", "-u", "AWS", "--password-stdin", HOST, stdin=ecr.password("admin"))
    assert (login.code, login.out) == (0, "Login Succeeded\n")
    name = f"{HOST}/lab/app:1"
    kit.build("FROM base:1\nCOPY a /\n", {"a": "x"}, "--platform=linux/amd64,linux/arm64")
    assert kit.docker("tag", "app:dev", name).code == 0
    pushed = kit.docker("push", name)
    assert (pushed.code, f"The push refers to repository [{HOST}/lab/app]" in pushed.out) == (0, True), pushed.err
    inspected = kit.docker("buildx", "imagetools", "inspect", name)
    assert (inspected.code, kit.image().digest in inspected.out) == (0, True), inspected.err
    created = kit.docker("buildx", "imagetools", "create", "-t", f"{HOST}/lab/app:again", name)
    assert created.code == 0, created.err
    kit.docker("rmi", name, "app:dev")
    assert kit.docker("pull", name).code == 0
    context = str(kit.context(f"FROM {name}\n"))
    built = kit.docker("buildx", "build", "-t", f"{HOST}/lab/app:2", "--push", context)
    assert built.code == 0, built.err
    assert kit.docker("logout", HOST).code == 0
    assert "no basic auth credentials" in kit.docker("push", name).err


def test_a_login_to_the_address_that_ecr_tells_is_one_to_the_name(kit, ecr, monkeypatch):
    monkeypatch.setenv("LAB_REGISTRY_ALIAS", f"{HOST}={ecr.host}")
    kit.docker("login", "-u", "AWS", "--password-stdin", f"http://{ecr.host}", stdin=ecr.password("admin"))
    kit.build("FROM base:1\n")
    kit.docker("tag", "app:dev", f"{HOST}/lab/app:1")
    assert kit.docker("push", f"{HOST}/lab/app:1").code == 0


def test_another_accounts_registry_that_is_not_there_comes_with_a_hint(kit, monkeypatch):
    monkeypatch.setattr("labs.engine.embedded.registry_client.TRIES", 1)
    monkeypatch.setattr("labs.engine.embedded.registry_client.connect", _nowhere)
    said = kit.docker("login", "-u", "AWS", "-p", "x", ecr_host("444455556666", "us-east-1")).err
    assert "no such host" in said
    assert "Next: see whether this machine reaches it; the local AWS has the name of its own account" in said


def _nowhere(scheme, netloc):
    raise OSError("[Errno -2] Name or service not known")
