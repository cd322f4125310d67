"""The bench: everything a stage works with. Names, files, the target and the engine, found anew each time."""

import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from labs import engine as engines
from labs.engine import Engine
from labs.engine.base import NAME as PYTHON_IMAGE
from labs.iam import Principal, PrincipalKind
from labs.lesson import additions
from labs.lesson.history import History
from labs.lesson.progress import Progress
from labs.lesson.stage import said
from labs.session import Target, TargetName, connect
from labs.session import home as places
from labs.session.target import ROLE_SESSION
from labs.verdict import Verdict

PLATFORMS = ("linux/amd64", "linux/arm64")
ONE, BOTH = "one", "both"
# What shell cells and policy files call $NAME whatever the stage: a stage cannot bring one of these.
VARIABLES = frozenset({
    "REPOSITORY_ARN", "ACCOUNT", "REGION", "PUSH_ROLE_ARN", "PATH", "LAB_HOME", "IMAGE", "REGISTRY", "REPOSITORY",
    "REPOSITORY_NAME", "PUSH_ROLE", "PYTHON_IMAGE", "WORK",
})  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """A target, an engine, and the trainee's files.

    ``reader`` gives the boto3 clients of a check; a test hands in clients that may read only what the stage's
    ``check.json`` publishes. ``client`` gives those that create, through the ledger.
    """

    target: Target
    engine: Engine
    env: Mapping[str, str] = field(repr=False)
    reader: Callable[[str], Any] = field(repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client of the target; what it creates is written to the ledger first."""
        return self.target.client(service)

    def say(self, message_id: str, **values: object) -> Verdict:
        """The verdict behind a message id."""
        return said(message_id, values)

    @property
    def home(self) -> Path:
        return self.target.home

    @cached_property
    def work(self) -> Path:
        """The trainee's folder, ``$WORK``."""
        return places.work(self.home)

    @cached_property
    def progress(self) -> Progress:
        return Progress.at(self.home)

    @cached_property
    def history(self) -> History:
        return History.at(self.home, self.work)

    @property
    def on_aws(self) -> bool:
        """Whether ``LAB_TARGET=aws``: CloudTrail is then minutes behind."""
        return self.target.name is TargetName.AWS

    @property
    def image(self) -> str:
        """The local name of the image that stage 01 builds."""
        return f"{self.target.names.repository}:lab"

    @property
    def archive(self) -> Path:
        """The OCI archive of stage 01."""
        return self.work / "app.tar"

    @property
    def app(self) -> Path:
        """The trainee's copy of the sample app."""
        return self.work / "app"

    @property
    def policy_file(self) -> Path:
        """The trainee's push policy."""
        return self.work / "push-policy.json"

    @property
    def push_log(self) -> Path:
        """The client's words of the last push of both platforms."""
        return self.work / "push.log"

    @property
    def repository_name(self) -> str:
        return self.target.names.repository

    @property
    def repository(self) -> str:
        """The repository as image names carry it: ``HOST/NAME``."""
        return f"{self.target.registry}/{self.repository_name}"

    @property
    def partition(self) -> str:
        return self.target.identity.split(":")[1]

    @property
    def repository_arn(self) -> str:
        return self.arn("ecr", f"repository/{self.repository_name}")

    @property
    def push_role(self) -> str:
        """The name of the role that pushes."""
        return self.target.names.push_role

    @property
    def pusher(self) -> Principal:
        """The push role's session, as the trail and AWS's sentences name it."""
        account = self.target.account
        arn = f"arn:{self.partition}:sts::{account}:assumed-role/{self.push_role}/{ROLE_SESSION}"
        return Principal(arn, account, PrincipalKind.ROLE_SESSION, self.target.role_arn(self.push_role))

    @property
    def python_image(self) -> str:
        """The base image: the local mirror, or on AWS LAB_PYTHON_IMAGE, else Amazon ECR Public."""
        if self.on_aws:
            return self.env.get("LAB_PYTHON_IMAGE") or PYTHON_IMAGE
        return f"{self.target.registry}/{PYTHON_IMAGE}"

    def names(self) -> dict[str, str]:
        """The values that a policy file may name as ``$REPOSITORY_ARN`` and so on: the lab's, and each stage's."""
        return {
            **{name: read(self) for name, read in additions.variables().items()},
            "REPOSITORY_ARN": self.repository_arn,
            "ACCOUNT": self.target.account,
            "REGION": self.target.region,
            "PUSH_ROLE_ARN": self.target.role_arn(self.push_role),
        }

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and Region: ``arn("ssm", "parameter/x")``."""
        return f"arn:{self.partition}:{service}:{self.target.region}:{self.target.account}:{resource}"

    def shell(self) -> dict[str, str]:
        """The environment of shell cells and of the docker command."""
        environment = self.engine.environment(self.home)
        path = environment.get("PATH") or self.env.get("PATH") or os.defpath
        # The labs command of this very Python, for shell cells such as the login.
        own = str(Path(sys.executable).parent)
        if own not in path.split(os.pathsep):
            path = os.pathsep.join((path, own))
        return {
            **environment,
            **self.names(),
            "PATH": path,
            "LAB_HOME": str(self.home),
            "IMAGE": self.image,
            "REGISTRY": self.target.registry,
            "REPOSITORY": self.repository,
            "REPOSITORY_NAME": self.repository_name,
            "PUSH_ROLE": self.push_role,
            "PYTHON_IMAGE": self.python_image,
            "WORK": str(self.work),
        }


def open_bench(env: MutableMapping[str, str] | None = None) -> Bench:
    """Connect to the target and find the engine. LabError says what to fix."""
    env = os.environ if env is None else env
    target = connect(env)
    return Bench(target, engines.find(env), env, target.client)
