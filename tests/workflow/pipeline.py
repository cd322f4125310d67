"""A local AWS with a repository, GitHub's provider and a role for pushing, and the workflow of the lab."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.lesson import workflow_run
from labs.lesson.bench import Bench
from labs.lesson.throwaway import room
from labs.workflow import record
from labs.workflow.identity import AUDIENCE, ISSUER, event
from labs.workflow.record import RunRecord
from tests.push_actions import SIX

SEVEN = (*SIX, "ecr:GetDownloadUrlForLayer")
ROOT = Path(__file__).parents[2]
PIN = "0123456789abcdef0123456789abcdef01234567"
SUB = "repo:octo-org@123456/octo-repo@789012:ref:refs/heads/main"
PROVIDER = ISSUER.removeprefix("https://")
HEAD = """\
name: Push
on:
  push:
    branches: [main]
permissions: {}
jobs:
"""
BUILD = """\
      - uses: docker/setup-buildx-action@PIN
      - uses: docker/build-push-action@PIN
        id: build
        with:
          context: app
          platforms: linux/amd64,linux/arm64
          push: true
          provenance: false
          build-args: PYTHON_IMAGE=${{ vars.PYTHON_IMAGE }}
          tags: TAG
"""
JOB = """\
  NAME:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@PIN
        with:
          persist-credentials: false
      - uses: aws-actions/configure-aws-credentials@PIN
        with:
          aws-region: ${{ vars.AWS_REGION }}
          role-to-assume: ${{ vars.ROLE }}
"""
ECR_LOGIN = """\
      - uses: aws-actions/amazon-ecr-login@PIN
        id: ecr
"""
DOCKER_LOGIN = """\
      - uses: docker/login-action@PIN
        with:
          registry: ${{ vars.REGISTRY }}
          username: ${{ vars.REGISTRY_USER }}
          password: ${{ secrets.REGISTRY_PASSWORD }}
"""


def job(name: str, login: str, tag: str) -> str:
    """A job that logs in and pushes."""
    return (JOB + login + BUILD).replace("NAME", name).replace("TAG", tag).replace("PIN", PIN)


PUSH = HEAD + job("push", ECR_LOGIN, "${{ steps.ecr.outputs.registry }}/${{ vars.REPOSITORY }}:${{ github.sha }}")
ANYWHERE = job("push-anywhere", DOCKER_LOGIN, "${{ vars.REGISTRY }}/${{ vars.REPOSITORY }}:anywhere-${{ github.sha }}")
WHOLE = PUSH + ANYWHERE.replace("    runs-on", "    needs: push\n    runs-on", 1)


@dataclass
class Pipeline:
    """A bench on which workflows run, and the AWS that they push to."""

    bench: Bench
    said: list[str]

    def client(self, service: str) -> Any:
        make: Any = self.bench.target.session.client
        return make(service, endpoint_url=self.bench.target.endpoint)

    @property
    def arn(self) -> str:
        return self.bench.target.role_arn("github-push")

    def trust(self, **conditions: Any) -> None:
        """Let jobs with this ``aud`` and ``sub`` assume the role."""
        names = {"aud": AUDIENCE, "sub": SUB, **conditions}
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{self.bench.target.account}:oidc-provider/{PROVIDER}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{PROVIDER}:{name}": value for name, value in names.items()}},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = self.client("iam")
        try:
            iam.create_role(RoleName="github-push", AssumeRolePolicyDocument=document)
        except iam.exceptions.EntityAlreadyExistsException:
            iam.update_assume_role_policy(RoleName="github-push", PolicyDocument=document)

    def allow(self, actions: tuple[str, ...] = SEVEN) -> None:
        """Give the role these actions on the repository, and a registry password."""
        statements = [
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {"Effect": "Allow", "Action": list(actions), "Resource": self.bench.repository_arn},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.client("iam").put_role_policy(RoleName="github-push", PolicyName="push", PolicyDocument=document)

    def write(self, text: str) -> None:
        folder = self.bench.work / ".github" / "workflows"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "push.yml").write_text(text)

    def change(self, text: str) -> None:
        """Make the app another one, so that its layer is new."""
        with (self.bench.work / "app" / "app.py").open("a") as out:
            out.write(f"\n# {text}\n")

    def run(self, name: str = "push", ref: str = "", **more: Any) -> RunRecord:
        given = {"ROLE": self.arn, **more.pop("given", {})}
        return workflow_run.run(self.bench, event(name, ref), given=given, say=self.said.append, **more)

    def images(self) -> dict[str, str]:
        """Every tag in the repository with its digest."""
        found = self.client("ecr").describe_images(repositoryName=self.bench.repository_name)["imageDetails"]
        return {tag: each["imageDigest"] for each in found for tag in each.get("imageTags", [])}

    def log(self) -> str:
        folder = record.last_folder(self.bench.home)
        assert folder is not None
        return (folder / record.LOG_FILE).read_text()


@contextmanager
def opened(engine: str, env: Mapping[str, str] | None = None) -> Iterator[Pipeline]:
    """A room with this engine and the AWS side of the pipeline; ``env`` is added to the bench's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with room({**kept, "LAB_ENGINE": engine, **(env or {})}) as bench:
        found = Pipeline(bench, [])
        found.client("iam").create_open_id_connect_provider(
            Url=ISSUER, ClientIDList=[AUDIENCE], ThumbprintList=["0" * 40]
        )
        found.client("ecr").create_repository(repositoryName=bench.repository_name)
        shutil.copytree(ROOT / "sample-app", bench.app, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        found.trust()
        found.allow()
        yield found
