"""File systems outside the task: each needs a mount target of Amazon EFS in the task's zone, and a path to it.

A mount target is a network interface of the VPC that EFS names ``EFS mount target for fs-... (fsmt-...)``; the file
system's name leads to the one in the caller's zone, on tcp 2049 (EFS User Guide, "Mounting with a DNS name" and
"Managing mount targets"). What is in the file system, and its own policy, is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labs import partitions
from labs.fargate.questions import Asking
from labs.fargate.steps import Check, CheckKind, StepVerdict
from labs.fargate.task import Volume
from labs.network.vpc import Interface

_NFS = 2049


def checks(asking: Asking) -> Iterator[Check]:
    """For each volume of EFS: its mount target, and the path. Other file systems cannot be checked."""
    for volume in asking.task.volumes:
        about = f"the volume {volume.name} can be mounted"
        if not volume.file_system:
            said = "only file systems of Amazon EFS are looked at"
            yield Check(CheckKind.CONTENT, StepVerdict.CANNOT_CHECK, about, said)
            continue
        yield from _mounted(asking, volume, about)


def _mounted(asking: Asking, volume: Volume, about: str) -> Iterator[Check]:
    snapshot, place = asking.router.snapshot, asking.task.placement
    subnet = (snapshot.subnets or {}).get(place.subnet)
    if snapshot.interfaces is None or subnet is None:
        missing = "network interfaces" if snapshot.interfaces is None else "subnet"
        yield Check(CheckKind.EXISTENCE, StepVerdict.CANNOT_CHECK, about, f"the {missing} could not be read")
        return
    host = partitions.host(f"{volume.file_system}.efs", asking.task.region)
    there = f"a mount target of {volume.file_system} is in {subnet.zone}"
    targets = [each for each in snapshot.interfaces.values() if _is_target(each, volume.file_system, subnet.vpc)]
    target = next((each for each in targets if each.zone == subnet.zone and each.addresses), None)
    if target is None:
        zones = ", ".join(sorted({each.zone for each in targets})) or "no zone of the VPC"
        fix = f"Create a mount target of {volume.file_system} in {subnet.zone}."
        stop = asking.stop("volume.no_target", {"host": host})
        yield Check(CheckKind.EXISTENCE, StepVerdict.FAILED, there, f"it has one in {zones}", fix, stop=stop)
        return
    yield Check(CheckKind.EXISTENCE, StepVerdict.DONE, there, f"it is {target.id}")
    check, _ = asking.goes_to(target.addresses[0].address, _NFS)
    if check.verdict is StepVerdict.FAILED:
        check = replace(check, stop=asking.stop("volume.unreachable", {"host": host}))
    yield check
    if volume.by_iam:
        said = f"it asks for IAM, and the policy of {volume.file_system} is not read"
        yield Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, said)


def _is_target(interface: Interface, file_system: str, vpc: str) -> bool:
    words = interface.description.split()
    return interface.vpc == vpc and interface.description.startswith("EFS mount target for") and file_system in words
