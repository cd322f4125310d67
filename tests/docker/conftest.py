"""A real Docker Engine and the kit's own AWS on loopback, in a lab home and a user's home made for the tests."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from labs.engine import find
from labs.engine.base import ensure_base
from labs.engine.docker import DockerEngine
from labs.engine.facts import problem_words
from labs.engine.probe import probe
from labs.session import Target, connect
from labs.session.local import stop_cloud

SAMPLE = Path(__file__).parents[2] / "sample-app"
BUILD_S = 300


@dataclass
class Lab:
    """The target, the engine, and ``docker`` as a shell cell has it."""

    target: Target
    engine: DockerEngine
    env: dict[str, str]
    user: Path
    base: str
    repository: str = ""

    def image(self, tag: str) -> str:
        return f"{self.target.registry}/{self.repository}:{tag}"

    def docker(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run docker; the exit code and both streams as one text."""
        done = subprocess.run(
            [self.engine.facts.client, *words],
            env={**self.env, **(env or {})},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_S,
            check=False,
        )
        return done.returncode, done.stdout

    def build(self, platforms: str, tag: str, *words: str) -> tuple[int, str]:
        return self.docker(
            "buildx",
            "build",
            "--progress=plain",
            "--platform",
            platforms,
            "--build-arg",
            f"PYTHON_IMAGE={self.base}",
            "-t",
            self.image(tag),
            *words,
            str(SAMPLE),
        )

    def allow(self, role: str, *actions: str) -> None:
        """A role with these actions on the repository and GetAuthorizationToken on everything, and a login as it."""
        iam = self.target.client("iam")
        arn = f"arn:aws:ecr:{self.target.region}:{self.target.account}:repository/{self.repository}"
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
                {"Effect": "Allow", "Action": [f"ecr:{action}" for action in actions], "Resource": arn},
            ],
        }
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": self.target.account}},
            ],
        }
        if role not in {each["RoleName"] for each in iam.list_roles()["Roles"]}:
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=role, PolicyName="push", PolicyDocument=json.dumps(policy))
        self.login(self.target.registry_password(self.target.assume(role)))

    def login(self, password: str) -> None:
        code, said = self.docker("login", "--username", "AWS", "--password-stdin", self.target.registry, stdin=password)
        assert code == 0, said

    def forget_images(self) -> None:
        """Remove from the engine every image of this lab's registry, base images too."""
        _, lines = self.docker("images", "--all", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
        images = [line.split() for line in lines.splitlines() if line.startswith(f"{self.target.registry}/")]
        for name, identity in images:
            self.docker("image", "rm", "--force", identity if name.endswith(":<none>") else name)

    def forget_build_cache(self) -> None:
        """Empty the builder, where the machine is CI's; a developer's own cache is not ours to empty."""
        if os.environ.get("LAB_REQUIRE_DOCKER") == "1":
            self.docker("builder", "prune", "--all", "--force")


@pytest.fixture(scope="module")
def lab(shared_lab: Lab, request: pytest.FixtureRequest) -> Lab:
    """The lab with an empty repository for this file: what others pushed would change what is refused."""
    repository = f"fargate-lab/{request.path.stem.replace('_', '-')}"
    shared_lab.target.client("ecr").create_repository(repositoryName=repository)
    return replace(shared_lab, repository=repository)


def base_without_a_registry(patch: pytest.MonkeyPatch) -> None:
    """Where it can be made from Debian's packages, no registry of the outside world is asked for the base image."""
    if shutil.which("mmdebstrap") and "LAB_BASE" not in os.environ:
        patch.setenv("LAB_BASE", "debian")


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Skipped, with the reason, where no Docker Engine answers; with LAB_REQUIRE_DOCKER=1 that is a failure."""
    facts = probe(os.environ)
    if facts.problem is not None:
        pytest.skip(problem_words(facts).what)


@pytest.fixture(scope="session")
def shared_lab(docker_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    user = tmp_path_factory.mktemp("user")
    (user / ".docker").mkdir()
    (user / ".docker" / "config.json").write_text('{"auths": {"ghcr.io": {"auth": "YWRhOnNlY3JldA=="}}}')
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(home))
        patch.setenv("LAB_TARGET", "local")
        patch.delenv("LAB_ENGINE", raising=False)
        patch.setenv("HOME", str(user))
        patch.delenv("DOCKER_CONFIG", raising=False)
        base_without_a_registry(patch)
        env = dict(os.environ)
        try:
            target = connect(env)
            engine = find(env)
            assert isinstance(engine, DockerEngine)
            env |= engine.environment(home)
            base = ensure_base(target, engine)
        except BaseException:
            stop_cloud(home)
            raise
    # Only the set-up reads this process's environment; no other test of the process shall.
    made = Lab(target, engine, env, user, base)
    try:
        yield made
        made.forget_images()
        made.forget_build_cache()
    finally:
        stop_cloud(home)
