"""Who comes in: the 401 of ECR, tokens and their twelve hours, principals that are gone."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from labs import iam
from labs.cloud.registry.store.tokens import TokenState
from tests.cloud.registry.lab_registry import ADMIN_POLICY, EcrStore, user

SESSION_POLICY = iam.parse_policy(
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}',
    iam.PolicyKind.SESSION,
)


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_without_a_credential_the_answer_is_ecrs_401_to_the_letter(registry):
    answer = registry.client("").get("/v2/")
    assert answer.status == 401
    assert answer.body == b"Not Authorized\n"
    assert answer.headers["Content-Length"] == "15"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert answer.headers["Www-Authenticate"] == f'Basic realm="http://{registry.host}/",service="ecr.amazonaws.com"'


@pytest.mark.parametrize(
    "credential",
    ["Basic", "Basic ???", "Bearer x", basic("AWS:wrong"), basic("root:x"), basic("AWS"), basic("AWS:"), "Basic /w=="],
)
def test_a_wrong_credential_is_no_credential(registry, credential):
    client = registry.client("")
    client.authorization = credential
    assert client.get("/v2/").status == 401


def test_the_right_password_under_another_user_name_does_not_open(registry):
    client = registry.client("")
    client.authorization = basic(f"admin:{registry.password()}")
    assert client.get("/v2/").status == 401


def test_a_token_opens_and_the_version_header_is_there(admin):
    answer = admin.get("/v2/")
    assert answer.status == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_token_lasts_twelve_hours_and_then_says_so(registry, admin):
    registry.clock.ahead = timedelta(hours=11, minutes=59)
    assert admin.get("/v2/").status == 200
    registry.clock.ahead = timedelta(hours=12, seconds=1)
    assert admin.get("/v2/").error == (
        403,
        "DENIED",
        "Your authorization token has expired. Reauthenticate and try again.",
    )


def test_the_token_of_a_deleted_user_opens_nothing(registry):
    client = registry.allow("gone", "ecr:*")
    assert client.get("/v2/").status == 200
    del registry.people.policies["gone"]
    assert client.get("/v2/").status == 401


def test_a_head_without_a_credential_has_no_body(registry):
    answer = registry.client("").head("manifests/v1")
    assert (answer.status, answer.body) == (401, b"")


def test_the_password_is_nowhere_in_the_state_folder(registry, tmp_path):
    password = registry.password()
    registry.store.database.row("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert files
    assert not any(password.encode() in path.read_bytes() for path in files)


def test_tokens_survive_a_restart(tmp_path, registry):
    authorization = registry.basic("admin")
    again = EcrStore(tmp_path / "state", registry.store.account, registry.store.region, registry.clock)
    state, caller = again.tokens.find(authorization)
    again.close()
    assert state is TokenState.VALID
    assert caller.principal == user("admin").principal
    assert caller.access_key_id == user("admin").access_key_id


def test_a_token_keeps_its_session_policies_and_is_never_wider_after_a_restart(tmp_path, registry):
    registry.people.policies["lab"] = ADMIN_POLICY
    caller = replace(user("lab"), session_policies=(SESSION_POLICY,))
    token = registry.store.tokens.issue(caller)
    assert registry.store.tokens.find(f"Basic {token.authorization}")[1].session_policies == (SESSION_POLICY,)
    again = EcrStore(tmp_path / "state", registry.store.account, registry.store.region, registry.clock)
    found = again.tokens.find(f"Basic {token.authorization}")
    again.close()
    assert found == (TokenState.EXPIRED, None)


def test_a_request_carries_its_own_address_and_agent_into_the_decision(registry, admin):
    admin.get("tags/list", User_Agent="docker/26.1")
    caller = registry.trail.events[-1].caller
    assert (caller.source_ip, caller.user_agent) == ("127.0.0.1", "docker/26.1")
    assert caller.context["aws:SourceIp"] == "127.0.0.1"
