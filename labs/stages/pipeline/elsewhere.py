"""Another registry, for the time of one run: the job ``push-anywhere`` moves there by its values.

It is the registry of a local AWS of its own, in another account: it asks for a user and a password, as any other does,
and knows no role, key or image of the lab's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from labs import oci
from labs.lesson import throwaway
from labs.lesson.bench import Bench
from labs.session import local
from labs.session.target import password_of
from labs.stages.pipeline import runs
from labs.subjects.push import lab_repository
from labs.ui import text
from labs.workflow import runner
from labs.workflow.record import RunRecord

# One of the account ids that AWS's documentation uses for examples.
ACCOUNT = "444455556666"
# ECR has one for everybody (ECR user guide, "Private registry authentication").
USER = "AWS"


@dataclass(frozen=True)
class Registry:
    """Where it answers (HOST:PORT), the password of ``USER`` there, and its own ECR API, to see what is in it."""

    host: str
    password: str = field(repr=False)
    ecr: Any = field(repr=False)


@contextmanager
def registry(bench: Bench) -> Iterator[Registry]:
    """A registry with an empty repository of the lab's name; gone afterwards."""
    with throwaway.home("fargate-lab-registry-") as home:
        cloud, _ = local.ensure_cloud(home, bench.env, account=ACCOUNT)
        ecr = cloud.session().client("ecr", endpoint_url=cloud.endpoint)
        ecr.create_repository(repositoryName=bench.repository_name)
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        yield Registry(cloud.endpoint.removeprefix("http://"), password_of(token), ecr)


def run(bench: Bench, say: Callable[[str], object]) -> RunRecord:
    """Run ``push-anywhere`` against another registry; ``say`` hears what is there then. LabError before it starts."""
    runner.require(bench.target, bench.env)
    with registry(bench) as other:
        say(f"Another registry: {other.host}, on this machine, for this run alone. It is not your account's ECR.")
        done = runs.run(
            bench,
            job=runs.ANYWHERE,
            values={"REGISTRY": other.host, "REGISTRY_USER": USER},
            secrets={"REGISTRY_PASSWORD": other.password},
            say=say,
        )
        say(_found(bench, other, done))
    return done


def _found(bench: Bench, other: Registry, done: RunRecord) -> str:
    tag = runs.tag(runs.ANYWHERE, done.sha)
    there = lab_repository.pushed(other.ecr, bench.repository_name, tag)
    name = f"{other.host}/{bench.repository_name}:{tag}"
    if there is None:
        return f"Not there: {name}"
    platforms = there.image.platforms if isinstance(there.image, oci.Index) else ()
    built_for = text.series([str(each) for each in platforms]) or "one platform"
    here = lab_repository.by_digest(bench.reader("ecr"), bench.repository_name, there.digest)
    same = "in your ECR, too" if here is not None else "not in your ECR"
    return f"There: {name}, {there.digest[:19]}, for {built_for}; the same image is {same}"
