"""What each kind of resource is charged for: the ledger's facts turned into quantities of a rate."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
# The ledger's kinds and the names of the rates in prices.toml.
ENDPOINT, NAT_GATEWAY, ADDRESS = "ec2 vpc endpoint", "ec2 nat gateway", "ec2 elastic ip"
TASK, SERVICE, DEFINITION = "ecs task", "ecs service", "ecs task definition"
GATEWAY_ENDPOINT = "ec2 gateway endpoint"


@dataclass(frozen=True)
class Meter:
    """``quantity`` units of ``rate`` run as long as this holds; ``part`` tells two of one resource apart."""

    rate: str
    quantity: float
    part: str = ""


class Unmetered(Exception):
    """What a resource is charged for cannot be told; the text says why."""


def meters(kind: str, facts: Facts, definitions: Mapping[str, Facts]) -> list[Meter]:
    """The meters of one resource. ``definitions`` are the facts of task definitions, by ``family:revision``.

    An empty list means that nothing is charged by the hour. Raises Unmetered.
    """
    if kind == ENDPOINT:
        return _endpoint(facts)
    if kind == NAT_GATEWAY:
        return [Meter("nat-gateway", 1)]
    if kind == ADDRESS:
        return [Meter("public-address", 1)]
    if kind == TASK:
        return _fargate(facts, 1, definitions)
    if kind == SERVICE:
        return _fargate(facts, int(facts.get("count") or 0), definitions)
    return []


def _endpoint(facts: Facts) -> list[Meter]:
    form = facts.get("type", "Gateway") if facts else ""
    if form == "Gateway":
        return []
    if form != "Interface":
        raise Unmetered(f"a {form} endpoint is not in the table" if form else "the ledger does not know its type")
    # One network interface, and one charge, for each subnet.
    return [Meter("interface-endpoint", 1, str(subnet)) for subnet in facts.get("subnets") or []]


def _fargate(facts: Facts, count: int, definitions: Mapping[str, Facts]) -> list[Meter]:
    name = str(facts.get("definition") or "").rpartition("/")[2]
    size = definitions.get(name) or _newest(name, definitions)
    if size is None:
        raise Unmetered(f"the ledger does not know the size of {name or 'its tasks'}")
    cpu, memory = vcpus(str(size.get("cpu", ""))), gigabytes(str(size.get("memory", "")))
    if cpu is None or memory is None:
        raise Unmetered(f"cpu and memory of {name} are not plain numbers")
    family = "fargate-arm" if size.get("architecture") == "ARM64" else "fargate-x86"
    return [Meter(f"{family}-vcpu", cpu * count, "vcpu"), Meter(f"{family}-gb", memory * count, "gb")]


def _newest(family: str, definitions: Mapping[str, Facts]) -> Facts | None:
    revisions = [name for name in definitions if name.rpartition(":")[0] == family]
    return definitions[max(revisions, key=lambda name: int(name.rpartition(":")[2] or 0))] if revisions else None


def vcpus(text: str) -> float | None:
    """vCPUs of a task definition's cpu: ``256`` (units of 1/1024) or ``0.25 vCPU``; None when it is neither."""
    found = re.fullmatch(r"\s*([\d.]+)\s*(vcpu)?\s*", text.lower())
    return _scaled(found, 1024)


def gigabytes(text: str) -> float | None:
    """GB of a task definition's memory: ``512`` (MiB) or ``0.5 GB``; None when it is neither."""
    found = re.fullmatch(r"\s*([\d.]+)\s*(gb)?\s*", text.lower())
    return _scaled(found, 1024)


def _scaled(found: "re.Match[str] | None", parts: int) -> float | None:
    try:
        return None if found is None else float(found[1]) / (1 if found[2] else parts)
    except ValueError:
        return None
