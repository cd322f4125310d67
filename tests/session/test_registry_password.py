"""A login that AWS refuses: whose policy it is, and what to do first."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.session import registry_password as module

pytestmark = pytest.mark.unit
USER = "arn:aws:iam::111122223333:user/anna"
SESSION = "arn:aws:sts::111122223333:assumed-role/fargate-lab-push/lab"


def refusal(code: str, words: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": words}}, "Call")  # type: ignore[arg-type]


def not_authorized(who: str, action: str, why: str = "because no identity-based policy allows it") -> ClientError:
    return refusal("AccessDenied", f"User: {who} is not authorized to perform: {action} {why}")


def raising(error: Exception | None) -> Callable[..., Any]:
    def call(**_: Any) -> Any:
        if error is not None:
            raise error
        return {"Arn": USER, "Account": "111122223333"}

    return call


def login(
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    *,
    assume: Exception | None = None,
    look: Exception | None = None,
    token: Exception | None = None,
) -> LabError:
    """What ``labs login-password --role ROLE`` says when these calls are refused."""
    clients = {
        "sts": SimpleNamespace(get_caller_identity=raising(None)),
        "iam": SimpleNamespace(get_role=raising(look)),
        "ecr": SimpleNamespace(get_authorization_token=raising(token)),
    }
    session = SimpleNamespace(client=lambda name, **_: clients[name], region_name="us-east-1")
    monkeypatch.delenv("LAB_TRAINEE", raising=False)
    monkeypatch.setattr(module, "_current", lambda: (session, "http://127.0.0.1:1"))
    monkeypatch.setattr(module, "_assume", lambda *_: raising(assume)() and {"Credentials": {}})
    monkeypatch.setattr(module, "role_session", lambda *_: session)
    with pytest.raises(LabError) as raised:
        module.registry_password(role)
    return raised.value


ASSUME = not_authorized(USER, "sts:AssumeRole")
GONE = refusal("NoSuchEntity", "The role with name x cannot be found.")
TOKEN = "ecr:GetAuthorizationToken"


@pytest.mark.parametrize("role", ["fargate-lab-push", "arn:aws:iam::111122223333:role/fargate-lab-push"])
def test_a_push_role_that_is_not_there_is_made_first(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    error = login(monkeypatch, role, assume=ASSUME, look=GONE)
    assert error.what.startswith("There is no role fargate-lab-push in this account. AWS refused while assuming")
    assert error.next_step == "run lab.push_role() first: it makes the role"


def test_another_role_that_is_not_there_has_a_wrong_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert login(monkeypatch, "fargate-lab-pusch", assume=ASSUME, look=GONE).next_step == "check the name"


def test_a_role_that_is_there_needs_a_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    error = login(monkeypatch, "fargate-lab-push", assume=ASSUME)
    assert "sts:AssumeRole" in error.what
    assert error.next_step.startswith("the role is there: ask for sts:AssumeRole on it")


def test_where_one_may_not_look_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    error = login(monkeypatch, "fargate-lab-push", assume=ASSUME, look=not_authorized(USER, "iam:GetRole"))
    assert error.next_step == "run lab.push_role() first: it makes the role; or ask for sts:AssumeRole on it"


def test_a_push_policy_without_the_token_is_the_trainees_own_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    error = login(monkeypatch, "fargate-lab-push", token=not_authorized(SESSION, TOKEN))
    assert TOKEN in error.what
    assert error.next_step == (
        'allow ecr:GetAuthorizationToken on Resource "*" in your push policy, run lab.push_role() again, and log in'
    )


def test_a_push_policy_that_denies_the_token_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = not_authorized(SESSION, TOKEN, "with an explicit deny in an identity-based policy")
    assert login(monkeypatch, "fargate-lab-push", token=denied).next_step.startswith(f"take {TOKEN} out of the Deny in")


def test_the_policy_of_another_role_is_named_by_that_role(monkeypatch: pytest.MonkeyPatch) -> None:
    assert login(monkeypatch, "web", token=not_authorized("web", TOKEN)).next_step.endswith(
        "in a policy of the role web"
    )
