"""A session's secrets are where they must be and nowhere else: not in logs, errors or the trail, all files private."""

import base64
import json
import os
import stat
import subprocess
import sys

import pytest

from tests.cloud.lab_cloud import Keys, refused, trusts

SECRET, STRING, SEALED = "Zi7eiB5ohquohT2E", "aePh8quei4oi6Eef", "OoNg2aish9Xoo0ei"
DEFINITION = {
    "family": "secrets",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [
        {"name": "app", "image": "app", "environment": [{"name": "PASSWORD", "value": "eeTh4shoo9ahNgai"}]}
    ],
}


@pytest.fixture
def session(start):
    """A session with every kind of secret, calls that fail with one included: (local AWS, {what: its value})."""
    cloud = start()
    iam, ssm, vault = (cloud.client(name) for name in ("iam", "ssm", "secretsmanager"))
    user = cloud.user("u")
    role = cloud.role("r", trusts({"AWS": cloud.account}))
    keys = cloud.assume(role)
    ssm.put_parameter(Name="/p", Value=SECRET, Type="SecureString")
    ssm.get_parameter(Name="/p", WithDecryption=True)
    refused(ssm.put_parameter, Name="/p", Value=SECRET, Type="SecureString")
    refused(ssm.put_parameter, Name="/q", Value=SECRET, Type="NoType")
    refused(ssm.put_parameter, Name=["/q"], Value=SECRET, Type="SecureString")
    refused(cloud.client("ssm", user).put_parameter, Name="/x", Value=SECRET, Type="SecureString")
    vault.create_secret(Name="s", SecretString=STRING)
    vault.get_secret_value(SecretId="s")
    refused(vault.create_secret, Name="s", SecretString=STRING)
    refused(vault.put_secret_value, SecretId="none", SecretString=STRING)
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=SEALED.encode())["CiphertextBlob"])
    refused(kms.encrypt, KeyId="none", Plaintext=SEALED.encode())
    iam.create_login_profile(UserName="u", Password="Quee3thi!aith2Oo")
    cloud.client("ecs").register_task_definition(**DEFINITION)
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    cloud.client("ecr").create_repository(repositoryName="lab/app")
    cloud.raw("GET", "/v2/lab/app/tags/list", headers={"Authorization": f"Basic {token}"})
    cloud.raw("GET", "/v2/lab/none/tags/list", headers={"Authorization": f"Basic {token}"})
    cloud.client("sts", keys).get_caller_identity()
    refused(cloud.client("sts", Keys(keys.access_key_id, "wrong", keys.token)).get_caller_identity)
    refused(cloud.client("iam", keys).list_users)
    url = cloud.client("s3", keys, signature_version="s3v4").generate_presigned_url("list_buckets")
    cloud.raw("GET", url.removeprefix(cloud.endpoint))
    mfa = cloud.client("sts", user).get_session_token()["Credentials"]
    return cloud, {
        "SecureString": SECRET,
        "SecretString": STRING,
        "KMS plaintext": SEALED,
        "login password": "Quee3thi!aith2Oo",
        "environment of a task": "eeTh4shoo9ahNgai",
        "registry token": token,
        "registry password": base64.b64decode(token).decode().partition(":")[2],
        "administrator's secret key": cloud.admin.secret,
        "user's secret key": user.secret,
        "session's secret key": keys.secret,
        "session token": keys.token,
        "GetSessionToken's secret key": mfa["SecretAccessKey"],
        "GetSessionToken's token": mfa["SessionToken"],
    }


# What must be kept to be there after a restart, and where: in files that only their owner reads.
ENVIRONMENT = "environment of a task"  # DescribeTaskDefinition shows it
KEPT = {
    "journal": {"SecureString", "SecretString", "KMS plaintext", "login password", "session's secret key",
                "session token", "GetSessionToken's secret key", "GetSessionToken's token"},
    "ready.json": {"administrator's secret key"},
    "ecs": {ENVIRONMENT},
}  # fmt: skip


def test_a_sessions_secrets_are_in_no_log_no_trail_and_no_file_but_the_one_that_keeps_them(session):
    cloud, secrets = session
    log = cloud.log.read_text()
    events = []
    for page in cloud.client("cloudtrail").get_paginator("lookup_events").paginate():
        events += page["Events"]
    trail = json.dumps(events, default=str)
    for what, value in secrets.items():
        for spelling in (value, base64.b64encode(value.encode()).decode()):
            assert spelling not in log, f"{what} is in the log"
            assert spelling not in trail, f"{what} is in the trail"
    found = set()
    for file in cloud.state.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        top = file.relative_to(cloud.state).parts[0].partition(".sqlite3")[0]
        kept = KEPT.get(top, KEPT.get(file.name, set()))
        for what, value in secrets.items():
            if value.encode() in data:
                found.add(what)
                assert what in kept, f"{what} is in {file.name}"
    # The test can find what is there.
    assert {"SecureString", "session token"} <= found


def test_no_refusal_repeats_a_secret(start):
    cloud = start()
    body = json.dumps({"Name": [], "SecretString": STRING, "Value": SECRET}).encode()
    for service, target in (("ssm", "AmazonSSM.PutParameter"), ("secretsmanager", "secretsmanager.CreateSecret")):
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        for document in (body, body[:-1], body.replace(b"[]", b'"\\ud800"'), body.replace(b"[]", b'"n"')):
            _, _, answer = cloud.signed(service, "POST", "/", document, headers)
            assert SECRET.encode() not in answer
            assert STRING.encode() not in answer
    for headers in ({"Authorization": f"Basic {STRING}"}, {"Authorization": f"AWS4-HMAC-SHA256 {STRING}"}):
        for path in ("/", "/v2/"):
            assert STRING.encode() not in cloud.raw("GET", path, headers=headers)[2]
    assert STRING not in cloud.log.read_text()


def test_nobody_else_can_read_the_state_folder(session):
    cloud, _ = session
    assert stat.S_IMODE(cloud.state.stat().st_mode) == 0o700
    for file in cloud.state.rglob("*"):
        mode = stat.S_IMODE(file.lstat().st_mode)
        assert mode & 0o077 == 0, f"{file.relative_to(cloud.state)} has mode {mode:o}"


def test_the_folder_of_the_lab_is_closed_to_others_whatever_the_umask(tmp_path):
    """``labs clean`` starts a local AWS in a fresh lab home, under a umask that would open everything."""
    home = tmp_path / "home"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAB_"))} | {"LAB_HOME": str(home)}
    shell = ["sh", "-c", 'umask 0; exec "$@"', "sh", sys.executable, "-m", "labs.cli", "clean"]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert (home / "cloud" / "journal").exists()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for file in home.rglob("*"):
        mode = stat.S_IMODE(file.lstat().st_mode)
        assert mode & 0o077 == 0, f"{file.relative_to(home)} has mode {mode:o}"
