"""A snapshot of one VPC for ``labs.network``, taken with boto3: EC2's answers as they come, in one JSON object.

Only reads, with the calls of ``labs.network.describe_calls``: its ``IAM_ACTIONS`` are all that it needs. What the
account refuses is left out and told, and what depends on it is CANNOT CHECK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import code_of, denied, explain
from labs.network.describe_calls import (
    DESCRIBE_CALLS,
    DHCP_OPTIONS,
    MANAGED_PREFIX_LISTS,
    PREFIX_LIST_ENTRIES,
    VPC_ATTRIBUTES,
    VPC_PEERING_CONNECTIONS,
    VPCS,
    DescribeCall,
    peerings_of,
)

Json = dict[str, Any]

_AT_ONCE = 8
_GATEWAY_SERVICES = (".s3", ".dynamodb")


@dataclass(frozen=True)
class Taken:
    """``document`` is what ``Snapshot.parse`` reads. ``unread``: what the account did not let be read, and why."""

    document: Json
    unread: Mapping[str, str] = field(default_factory=dict)


class _Reader:
    """The calls of one snapshot. A call that the account refuses is noted; one that fails otherwise raises LabError."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.unread: dict[str, str] = {}

    def read(self, key: str, call: Callable[[], Any]) -> Any:
        """What ``call`` returns, None when it is refused or the service does not have it."""
        try:
            return call()
        except ClientError as error:
            if denied(error) or code_of(error) in ("InvalidAction", "UnsupportedOperation", "NotImplemented"):
                self.unread[key] = str(error.response.get("Error", {}).get("Message", "")) or code_of(error)
                return None
            raise explain(error, f"reading the network ({key})") from error
        except Exception as error:
            raise explain(error, f"reading the network ({key})") from error

    def pages(self, asked: DescribeCall, key: str = "", **parameters: Any) -> list[Json] | None:
        """All items of a describe call; ``key`` names it where it is refused."""

        def call() -> list[Json]:
            if not self.ec2.can_paginate(asked.method):
                return list(getattr(self.ec2, asked.method)(**parameters)[asked.member])
            pages = self.ec2.get_paginator(asked.method).paginate(**parameters)
            return [item for page in pages for item in page.get(asked.member, [])]

        found = self.read(key or asked.key, call)
        return None if found is None else [plain(item) for item in found]


def take(ec2: Any, vpc: str, region: str) -> Taken:
    """Read one VPC through a boto3 EC2 client. Raises LabError when there is no such VPC or AWS does not answer."""
    reader = _Reader(ec2)
    try:
        described = reader.pages(VPCS, VpcIds=[vpc])
    except LabError as error:
        if code_of(error.__cause__ if isinstance(error.__cause__, ClientError) else error) == "InvalidVpcID.NotFound":
            raise _no_vpc(vpc, region) from error
        raise
    if described == []:
        raise _no_vpc(vpc, region)
    document: Json = {"Region": region}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # These three ask for what the VPC names, each in its own way.
        others = (VPCS, DHCP_OPTIONS, MANAGED_PREFIX_LISTS)
        lists = {
            call.key: pool.submit(reader.pages, call, **_filter(call, vpc))
            for call in DESCRIBE_CALLS
            if call not in others
        }
        attributes = pool.submit(_attributes, reader, vpc)
        dhcp = pool.submit(_dhcp, reader, described)
        found: Json = {"Vpcs": described, **{key: future.result() for key, future in lists.items()}}
        found |= {"DhcpOptions": dhcp.result(), "VpcAttributes": attributes.result()}
        if (peerings := found[VPC_PEERING_CONNECTIONS.key]) is not None:
            found[VPC_PEERING_CONNECTIONS.key] = peerings_of(peerings, vpc)
        found["ManagedPrefixLists"] = _managed(reader, found)
    document |= {key: value for key, value in found.items() if value is not None}
    return Taken(document, dict(sorted(reader.unread.items())))


def vpc_of(ec2: Any, source: str) -> str:
    """The VPC of a network interface or subnet. Raises LabError."""
    interface = source.startswith("eni-")
    kind, key = ("network interface", "NetworkInterfaces") if interface else ("subnet", "Subnets")
    try:
        if interface:
            found = ec2.describe_network_interfaces(NetworkInterfaceIds=[source])[key]
        else:
            found = ec2.describe_subnets(SubnetIds=[source])[key]
    except ClientError as error:
        if ".NotFound" in code_of(error) or ".Malformed" in code_of(error):
            found = []
        else:
            raise explain(error, f"looking for the {kind} {source}") from error
    except Exception as error:
        raise explain(error, f"looking for the {kind} {source}") from error
    if not found:
        raise LabError(
            f"There is no {kind} {source} here.", "check the id, the account and the region", id="no-such-source"
        )
    return str(found[0]["VpcId"])


def plain(value: Any) -> Any:
    """The same as JSON has it: times as ISO 8601 text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _no_vpc(vpc: str, region: str) -> LabError:
    return LabError(f"There is no VPC {vpc} in {region}.", "check the id, the account and the region", id="no-such-vpc")


def _filter(call: DescribeCall, vpc: str) -> Json:
    return {call.filter_member: [{"Name": call.filter, "Values": [vpc]}]} if call.filter else {}


def _attributes(reader: _Reader, vpc: str) -> Json | None:
    found = {}
    for name, key in VPC_ATTRIBUTES.items():
        call = partial(reader.ec2.describe_vpc_attribute, VpcId=vpc, Attribute=name)
        answer = reader.read("VpcAttributes", call)
        if answer is not None:
            found[name] = bool(answer[key]["Value"])
    return {vpc: found} if found else None


def _dhcp(reader: _Reader, vpcs: list[Json] | None) -> list[Json] | None:
    ids = [str(vpc.get("DhcpOptionsId", "")) for vpc in vpcs or ()]
    ids = [id for id in ids if id.startswith("dopt-")]
    return reader.pages(DHCP_OPTIONS, DhcpOptionsIds=ids) if ids else []


def _managed(reader: _Reader, found: Mapping[str, Any]) -> list[Json] | None:
    """The managed prefix lists that a route or a rule names, and those of gateway endpoints, with their entries."""
    lists = reader.pages(MANAGED_PREFIX_LISTS)
    if lists is None:
        return None
    known = {item["PrefixListId"] for item in found["PrefixLists"] or () if item.get("Cidrs")}
    named = {route.get("DestinationPrefixListId") for table in found["RouteTables"] or () for route in table["Routes"]}
    for group in found["SecurityGroups"] or ():
        for permission in [*group.get("IpPermissions", ()), *group.get("IpPermissionsEgress", ())]:
            named |= {item.get("PrefixListId") for item in permission.get("PrefixListIds", ())}
    kept = []
    for item in lists:
        id, name = item["PrefixListId"], str(item.get("PrefixListName", ""))
        if id not in named and not name.endswith(_GATEWAY_SERVICES):
            continue
        kept.append(item)
        if id not in known:
            entries = reader.pages(PREFIX_LIST_ENTRIES, "ManagedPrefixLists.Entries", PrefixListId=id)
            if entries is not None:
                item["Entries"] = entries
    return kept
