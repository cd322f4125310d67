"""Figures of many at once: calls a second, calls in parallel, thirty lessons, and the memory they leave."""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import servers
from tests.bench.servers import Server
from tests.cloud import lesson

THREADS = 8
SECONDS = 3.0
ROUNDS = 5
CLASS = 30
PARALLEL = 200
COURSE = ("start", "build", "push-denied", "push-fixed", "private-subnet", "fargate")


def calls_a_second(running: list[Server]) -> dict[str, dict[str, float]]:
    """{call: {server: calls a second}}, medians, 8 threads with a client each, in turn on each server."""
    found: dict[str, dict[str, float]] = {}
    for service, operation in (("sts", "get_caller_identity"), ("ec2", "describe_vpcs")):
        rates: dict[str, list[float]] = {server.name: [] for server in running}
        clients = {server.name: [server.client(service) for _ in range(THREADS)] for server in running}
        for _ in range(ROUNDS):
            for server in running:
                rates[server.name].append(_rate([getattr(c, operation) for c in clients[server.name]]))
        found[f"{service} {operation}"] = {name: statistics.median(values) for name, values in rates.items()}
    return found


def _rate(calls: list[Any]) -> float:
    end = time.monotonic() + SECONDS / ROUNDS

    def work(call: Any) -> int:
        done = 0
        while time.monotonic() < end:
            call()
            done += 1
        return done

    began = time.monotonic()
    with ThreadPoolExecutor(len(calls)) as pool:
        total = sum(pool.map(work, calls))
    return total / (time.monotonic() - began)


def in_parallel(server: Server) -> tuple[float, float, int]:
    """200 calls that begin together, half of them changes, again and again.

    Seconds until the last answer, median and worst; how many calls failed in all.
    """
    rounds = [_together(server, turn) for turn in range(ROUNDS)]
    seconds = [each[0] for each in rounds]
    return statistics.median(seconds), max(seconds), sum(each[1] for each in rounds)


def _together(server: Server, turn: int) -> tuple[float, int]:
    iam, sts = server.client("iam", PARALLEL), server.client("sts", PARALLEL)
    together = threading.Barrier(PARALLEL)

    def call(number: int) -> bool:
        together.wait()
        try:
            if number % 2:
                iam.create_user(UserName=f"parallel-{turn}-{number}")
            else:
                sts.get_caller_identity()
        except Exception:  # noqa: BLE001  (whatever it is, it is counted)
            return False
        return True

    began = time.monotonic()
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(call, range(PARALLEL)))
    return time.monotonic() - began, answers.count(False)


@dataclass(frozen=True)
class Lessons:
    """Thirty trainees' stages 01 to 03: seconds for all, and each trainee's own p50 and p99 of an API call."""

    seconds: float
    medians: tuple[float, float]
    tails: tuple[float, float]


def lessons(server: Server, account: str = "111122223333", region: str = "us-east-1") -> Lessons:
    """In one account, an IAM user each. ``medians`` and ``tails``: the luckiest trainee's and the unluckiest's."""
    line = {"endpoint": server.endpoint, "account": account, "region": region}
    line |= {"access_key_id": server.key, "secret_access_key": server.secret}
    with tempfile.TemporaryDirectory(prefix="bench-lesson-") as folder:
        trainees = lesson.principals(line, CLASS, Path(folder))
        began = time.monotonic()
        with ThreadPoolExecutor(CLASS) as pool:
            list(pool.map(lesson.Trainee.learn, trainees))
        seconds = time.monotonic() - began
    halves = [statistics.median(trainee.times) for trainee in trainees]
    tails = [statistics.quantiles(trainee.times, n=100)[98] for trainee in trainees]
    return Lessons(seconds, (min(halves), max(halves)), (min(tails), max(tails)))


def after_the_course() -> tuple[float, int]:
    """The stages solved against one local AWS: its memory afterwards in MiB, and how many stages failed."""
    with tempfile.TemporaryDirectory(prefix="bench-home-") as home:
        environment = {**os.environ, "LAB_HOME": home, "LAB_ENGINE": "embedded"}
        # Both run tasks as processes: an image of the embedded engine is none for Docker.
        with servers.kit(Path(home) / "cloud", engine="embedded") as kit:
            done = [
                subprocess.run(
                    [sys.executable, "-m", "labs", "solve", stage], env=environment, check=False, capture_output=True
                ).returncode
                for stage in COURSE
            ]
            return kit.rss_mib, sum(code != 0 for code in done)


def same_calls(server: Server) -> None:
    """The lessons' API calls, on a server that has no registry behind its ECR."""
    for number in range(CLASS):
        name = f"t{number:02d}"
        iam, ecr = server.client("iam"), server.client("ecr")
        iam.create_user(UserName=name)
        iam.put_user_policy(
            UserName=name, PolicyName="own", PolicyDocument=lesson.own_policy(name, "1" * 12, "us-east-1")
        )
        iam.create_access_key(UserName=name)
        ecr.create_repository(repositoryName=f"{name}/app")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=lesson.policy(lesson.trusts({"AWS": "*"})))
        for _ in range(2):
            iam.put_role_policy(RoleName=name, PolicyName="push", PolicyDocument=lesson.policy(lesson.allow("ecr:*")))
        for _ in range(3):
            server.client("sts").assume_role(RoleArn=f"arn:aws:iam::123456789012:role/{name}", RoleSessionName=name)
            ecr.get_authorization_token()
        ecr.describe_images(repositoryName=f"{name}/app")
        server.client("ec2").describe_vpcs()
