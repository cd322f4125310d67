"""A ``labs cloud`` process for tests: start it, ask it with boto3 or with bare HTTP, stop it."""

import contextlib
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.forked_programs import LABS, Forked

READY_SECONDS = 60


@dataclass(frozen=True)
class Keys:
    """What a client signs with."""

    access_key_id: str
    secret: str
    token: str | None = None


class LabCloud:
    """A running local AWS. ``close`` it. ``engine`` runs its tasks, ``program`` is what Python runs.

    ``pace``: its LAB_PACE.
    """

    def __init__(self, state, *flags, engine="embedded", program=LABS, fresh=False, pace=""):
        self.state = state
        # Nobody reads a pipe while the tests run; a file takes the log.
        self.log = Path(f"{state}.log")
        with self.log.open("a") as log:
            self.process = launch(state, *flags, stderr=log, engine=engine, program=program, fresh=fresh, pace=pace)
        self.line = read_line(self.process)
        self.endpoint = self.line["endpoint"]
        self.port = urlsplit(self.endpoint).port
        self.account, self.region = self.line["account"], self.line["region"]
        self.admin = Keys(self.line["access_key_id"], self.line["secret_access_key"])

    def client(self, service, keys=None, region=None, **config):
        """A boto3 client that never retries."""
        return client(service, self.endpoint, keys or self.admin, region or self.region, **config)

    def user(self, name, *statements):
        """A new user with one inline policy of these statements; its keys."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, name, trust, *statements, **more):
        """A new role; its ARN."""
        iam = self.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust), **more)["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return made["Arn"]

    def assume(self, arn, session="lab", keys=None, **more):
        """The keys of a session of a role."""
        got = self.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName=session, **more)["Credentials"]
        return Keys(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    def raw(self, method, path, body=b"", headers=None):
        """One unsigned HTTP request; status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def signed(self, service, method, path, body=b"", headers=None, keys=None):
        """One signed HTTP request, signed by botocore as any SDK would."""
        return self.raw(method, path, body, self.sign(service, method, path, body, headers, keys))

    def sign(self, service, method, path, body=b"", headers=None, keys=None):
        """The headers of a signed request."""
        keys = keys or self.admin
        request = AWSRequest(method, f"{self.endpoint}{path}", headers=headers or {}, data=body)
        SigV4Auth(Credentials(keys.access_key_id, keys.secret, keys.token), service, self.region).add_auth(request)
        return dict(request.headers)

    def kill(self):
        """SIGKILL: nothing is tidied up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def close(self):
        """SIGTERM, wait; returns the exit code."""
        stop(self.process)
        return self.process.returncode


def client(service, endpoint, keys, region="us-east-1", **config):
    """A boto3 client that never retries, and leaves it to the server to refuse what is wrong."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token,
        config=Config(retries={"max_attempts": 0}, read_timeout=60, parameter_validation=False, **config),
    )


def launch(state, *flags, stderr=None, engine="embedded", program=LABS, fresh=False, pace=""):
    """Start ``labs cloud`` without waiting for it, with nothing of what another test has set in this process.

    It is a fork of a process that has everything imported, or a ``fresh`` Python.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "LAB_"))}
    environment |= {"LAB_ENGINE": engine, "LAB_PACE": pace}
    words = ["cloud", "--state", str(state), *flags]
    if not fresh:
        return Forked(words, environment, stderr, program)
    return subprocess.Popen(
        [sys.executable, *program, *words],
        stdout=subprocess.PIPE,
        stderr=stderr or subprocess.PIPE,
        text=True,
        env=environment,
    )


def read_line(process):
    """The ready line, parsed; an AssertionError with the log when it does not come."""
    readable, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    text = process.stdout.readline() if readable else ""
    if not text:
        process.kill()
        raise AssertionError(f"labs cloud did not get ready: {process.communicate()[1]} (or see its log)")
    return json.loads(text)


def stop(process):
    """SIGTERM, then wait; SIGKILL only when it does not listen."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def outcome(state, *flags):
    """Run ``labs cloud`` that is to fail: exit code, standard output, standard error."""
    process = launch(state, *flags)
    try:
        out, err = process.communicate(timeout=READY_SECONDS)
    except subprocess.TimeoutExpired:
        stop(process)
        raise
    return process.returncode, out, err


def policy(*statements):
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trusts(principal, **more):
    """A statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def refused(call, **parameters):
    """The error of a call that must fail: (code, message, HTTP status)."""
    try:
        call(**parameters)
    except ClientError as error:
        found = error.response
        return found["Error"]["Code"], found["Error"]["Message"], found["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("the call was not refused")


def until(condition, seconds=60):
    """Ask until it is true, at most so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        with contextlib.suppress(InterruptedError):
            select.select([], [], [], 0.02)
