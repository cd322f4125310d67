"""Figures of the private subnet and of Fargate: starts that fail, starts that run, many services, one path."""

import statistics
import time
from functools import lru_cache

from labs.account.survey import Where, look
from labs.network import Snapshot, reach
from tests.bench.servers import Server
from tests.cloud.ecs.lab_ecs import EcsLab, until
from tests.network.vpc import ECR_API, Cloud, group, permission, subnet

ROUNDS = 5
SERVICES = 30


class _Running:
    """A server as EcsLab wants it."""

    region = "us-east-1"

    def __init__(self, server: Server) -> None:
        self.client = server.client
        self.port = int(server.endpoint.rsplit(":", 1)[1])


def starts(server: Server) -> dict[str, float]:
    """Seconds, medians: ``failed`` from run_task to STOPPED, ``running`` to RUNNING, ``services`` for 30 at once."""
    lab = EcsLab(_Running(server), "bench")
    definition = lab.register(lab.container(lab.image("hello")), family="hello")
    closed, opened = lab.vpc(endpoints=(), s3=False), lab.vpc()
    failed, running = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        lab.reaches(lab.run(definition, closed), "STOPPED")
        failed.append(time.perf_counter() - began)
        began = time.perf_counter()
        arn = lab.run(definition, opened)
        lab.reaches(arn, "RUNNING")
        running.append(time.perf_counter() - began)
        lab.ecs.stop_task(cluster=lab.name, task=arn)
    began = time.perf_counter()
    names = [f"many-{number}" for number in range(SERVICES)]
    for name in names:
        lab.service(name, definition, opened, desiredCount=1)
    until(lambda: all(lab.described(name)["runningCount"] == 1 for name in names), 120)
    many = time.perf_counter() - began
    for name in names:
        lab.ecs.delete_service(cluster=lab.name, service=name, force=True)
    return {"failed": statistics.median(failed), "running": statistics.median(running), "services": many}


def one_path() -> float:
    """Seconds, median of 200, for one path in a VPC of 50 subnets, 200 groups and 1,000 rules; parsed before."""
    cloud = Cloud()
    for number in range(3, 51):
        cloud["Subnets"].append(subnet(f"subnet-{number}", number, "a"))
        cloud["NetworkAcls"][0]["Associations"].append({"SubnetId": f"subnet-{number}"})
    for number in range(197):
        rules = [permission(f"172.16.{number}.{rule}/32") for rule in range(5)]
        cloud["SecurityGroups"].append(group(f"sg-{number}", inbound=rules))
    snapshot = Snapshot.parse(cloud.document)
    times = []
    for _ in range(200):
        began = time.perf_counter()
        assert reach(snapshot, "eni-task", ECR_API).ok
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def diagnoses(server: Server) -> float:
    """Seconds, median: a task that has failed, asked about with new clients each time, as a command does."""
    lab = EcsLab(_Running(server), "asked")
    vpc = lab.vpc(s3=False)
    arn = lab.run(lab.register(lab.container(lab.image("hello"))), vpc)
    lab.reaches(arn, "STOPPED")
    account = server.client("sts").get_caller_identity()["Account"]
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        clients = lru_cache(lambda service, region="": server.client(service))
        found = look(clients, Where(account, _Running.region, lab.name), arn)
        times.append(time.perf_counter() - began)
        assert found.diagnosis.first is not None
        assert found.diagnosis.first.text_id == "layers.unreachable"
    return statistics.median(times)
