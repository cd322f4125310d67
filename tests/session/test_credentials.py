"""Each way to sign in: it works, also in a shell cell, or there is the one right sentence with the command to run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labs.errors import LabError
from labs.session import connect

ACCOUNT = "123456789012"
KEYS = {"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "secret-of-the-test", "SessionToken": "t"}


@pytest.fixture
def profile(canned_aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """AWS answers, and there are no credentials but those of the profile ``it``, which is written by this."""
    canned_aws.identify(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/anna")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "it")

    def write(*lines: str) -> None:
        config.write_text("\n".join(("[profile it]", *lines, "")))

    return write


def refusal() -> LabError:
    with pytest.raises(LabError) as told:
        connect()
    assert "secret-of-the-test" not in str(told.value)
    return told.value


def printing(folder: Path, text: str, code: int = 0) -> str:
    """A credential_process."""
    file = folder / "process.py"
    file.write_text(f"import sys\nprint({text!r})\nsys.exit({code})\n")
    return f"credential_process = {sys.executable} {file}"


def test_a_credential_process_works(profile: Any, tmp_path: Path) -> None:
    profile(printing(tmp_path, json.dumps(KEYS)))
    assert connect().account == ACCOUNT


@pytest.mark.parametrize(
    ("text", "code"), [("", 1), ("sign in first", 0), ("[]", 0), ('{"Version": 1}', 0), ('{"Version": 9}', 0)]
)
def test_a_credential_process_that_fails_is_to_be_run_by_itself(
    profile: Any, tmp_path: Path, text: str, code: int
) -> None:
    profile(printing(tmp_path, text, code))
    assert "credential_process by itself" in refusal().next_step


def test_a_credential_process_that_is_not_there_is_named(profile: Any) -> None:
    profile("credential_process = /no/such/program")
    told = refusal()
    assert "/no/such/program" in told.what
    assert "credential_process" in told.next_step


@pytest.mark.parametrize("source", ["source_profile = it", "credential_source = Environment"])
def test_a_profile_with_mfa_asks_for_a_session_first(
    profile: Any, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    keys = ("aws_access_key_id = AKIAEXAMPLE", "aws_secret_access_key = secret-of-the-test")
    mfa = f"mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/anna"
    if source.startswith("credential"):
        keys = ()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
        monkeypatch.delenv("AWS_PROFILE")
        monkeypatch.setenv("AWS_DEFAULT_PROFILE", "it")
        profile(f"role_arn = arn:aws:iam::{ACCOUNT}:role/Dev", mfa, source)
        # Keys in the environment come first: nobody is asked for a code.
        assert connect().account == ACCOUNT
        return
    profile(f"role_arn = arn:aws:iam::{ACCOUNT}:role/Dev", mfa, source, *keys)
    told = refusal()
    assert told.what.startswith("The profile it asks for an MFA code")
    assert "aws configure export-credentials" in told.next_step


def test_a_command_without_a_terminal_says_the_same_and_has_no_traceback(profile: Any) -> None:
    profile(
        f"role_arn = arn:aws:iam::{ACCOUNT}:role/Dev",
        f"mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/anna",
        "source_profile = it",
        "aws_access_key_id = AKIAEXAMPLE",
        "aws_secret_access_key = secret-of-the-test",
    )
    for words in (["check"], ["login-password"], ["clean"]):
        command = [sys.executable, "-m", "labs.cli", *words]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ}, check=False
        )
        assert "Traceback" not in done.stderr, words
        assert "export-credentials" in done.stdout + done.stderr, words


@pytest.mark.parametrize(
    ("lines", "next_step"),
    [
        (
            ("sso_start_url = https://x", "sso_region = us-east-1", f"sso_account_id = {ACCOUNT}", "sso_role_name = D"),
            "aws sso login",
        ),
        (("login_session = arn:aws:iam::123456789012:user/anna",), "aws"),
    ],
    ids=["sso", "aws login"],
)
def test_a_sign_in_that_has_ended_names_its_command(
    profile: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: tuple[str, ...], next_step: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    profile(*lines)
    assert next_step in refusal().next_step


def test_container_credentials_that_do_not_answer_name_their_variables(
    profile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile("region = us-east-1")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/creds")
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in refusal().next_step
