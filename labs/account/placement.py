"""Where a task stands, or stood: its subnet, its security groups, a public address.

A stopped task no longer says in which security groups it stood. They are looked for where AWS still has them: at its
network interface, in its service, in the RunTask call that CloudTrail has kept (some minutes after the call); else
they are what the caller names, or not known.
"""

from __future__ import annotations

import json
from datetime import timedelta

from labs.account.account_sources import Clients
from labs.account.case import Json, Place
from labs.account.reads import ask, pages, unread
from labs.errors import LabError
from labs.fargate.findings import Finding, FindingStatus
from labs.fargate.sources import CannotRead

_AROUND = timedelta(minutes=2)
_EVENTS = 200
_STEP = "the task's security groups"
_SAY = "Say which they were: --group sg-..."


class Standing:
    """``stand_in`` is what the caller names for what is no longer known."""

    def __init__(self, clients: Clients, stand_in: Place) -> None:
        self._clients = clients
        self._stand_in = stand_in
        self.unread: list[Finding] = []

    def of(self, task: Json, service: Json | None) -> Place:
        """The place of a task of DescribeTasks. LabError when not even the subnet is known."""
        detail = {
            str(each["name"]): str(each.get("value", ""))
            for attachment in task.get("attachments", ())
            for each in attachment.get("details", ())
        }
        found = self._at_interface(detail.get("networkInterfaceId", ""))
        if found is None and service is not None:
            found = Place.of(service.get("networkConfiguration"))
        if found is None:
            found = self._called(task)
        if found is None:
            found = self._named()
        subnet = detail.get("subnetId", "")
        subnets = (subnet,) if subnet else found.subnets or self._stand_in.subnets
        if not subnets:
            raise LabError(
                "The subnet of this task is no longer known.",
                "say where it ran: --subnet subnet-...",
                id="subnet-not-known",
            )
        return Place(subnets, found.groups, found.public)

    def _named(self) -> Place:
        """What the caller says; else the groups are not known, and that is a finding."""
        if self._stand_in.groups is not None:
            self.unread.clear()
            return self._stand_in
        if not self.unread:
            words = "The task has stopped, and CloudTrail does not have (yet) how it was started."
            self.unread.append(
                Finding(FindingStatus.CANNOT_CHECK, _STEP, f"Cannot check: {words}", (words,), _SAY, why=words)
            )
        return self._stand_in

    def _at_interface(self, interface: str) -> Place | None:
        if not interface:
            return None
        ec2 = self._clients("ec2", "")
        absent = ("InvalidNetworkInterfaceID.NotFound",)
        wanted = {"NetworkInterfaceIds": [interface]}
        try:
            answer = ask("reading the task's interface", ec2, "describe_network_interfaces", absent, **wanted)
        except CannotRead as error:
            self.unread.append(unread(_STEP, error, _SAY))
            return None
        if not answer or not answer["NetworkInterfaces"]:
            return None
        item = answer["NetworkInterfaces"][0]
        groups = tuple(str(each["GroupId"]) for each in item.get("Groups", ()))
        return Place((str(item["SubnetId"]),), groups, bool((item.get("Association") or {}).get("PublicIp")))

    def _called(self, task: Json) -> Place | None:
        """What the RunTask call that made the task said of the network."""
        created = task.get("createdAt")
        if created is None:
            return None
        wanted = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RunTask"}],
            "StartTime": created - _AROUND,
            "EndTime": created + _AROUND,
        }
        trail = self._clients("cloudtrail", "")
        try:
            events = pages("asking how the task was started", trail, "lookup_events", "Events", _EVENTS, **wanted)
        except CannotRead as error:
            self.unread.append(unread(_STEP, error, _SAY))
            return None
        for event in events:
            detail = json.loads(event.get("CloudTrailEvent") or "{}")
            made = (detail.get("responseElements") or {}).get("tasks") or ()
            if any(each.get("taskArn") == task["taskArn"] for each in made):
                self.unread.clear()
                return Place.of((detail.get("requestParameters") or {}).get("networkConfiguration"))
        return None
