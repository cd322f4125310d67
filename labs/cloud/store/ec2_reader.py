"""A Region's network at one moment: the describe_* answers of EC2 as plain data, as boto3 gives them.

``labs.network`` reads the same from a real account. Nothing here decides anything.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from labs.cloud.contract import AwsError
from labs.cloud.store.dispatch import MotoStore, StoreAnswer, StoreRequest

Plain = dict[str, Any]

# The key of an answer (and of the snapshot), the operation, and the filter for one VPC ("" when it has none).
_DESCRIBED = (
    ("Vpcs", "DescribeVpcs", "vpc-id"),
    ("Subnets", "DescribeSubnets", "vpc-id"),
    ("RouteTables", "DescribeRouteTables", "vpc-id"),
    ("SecurityGroups", "DescribeSecurityGroups", "vpc-id"),
    ("NetworkAcls", "DescribeNetworkAcls", "vpc-id"),
    ("NetworkInterfaces", "DescribeNetworkInterfaces", "vpc-id"),
    ("VpcEndpoints", "DescribeVpcEndpoints", "vpc-id"),
    ("NatGateways", "DescribeNatGateways", "vpc-id"),
    ("InternetGateways", "DescribeInternetGateways", "attachment.vpc-id"),
    ("EgressOnlyInternetGateways", "DescribeEgressOnlyInternetGateways", ""),
    ("DhcpOptions", "DescribeDhcpOptions", ""),
    ("PrefixLists", "DescribePrefixLists", ""),
    ("ManagedPrefixLists", "DescribeManagedPrefixLists", ""),
)
_ATTRIBUTES = {"EnableDnsSupport": "enableDnsSupport", "EnableDnsHostnames": "enableDnsHostnames"}
_VERSION = "2016-11-15"


class Snapshots:
    """Takes snapshots of the local AWS. ``reading`` holds the store still: ``DurableStore.reading``."""

    def __init__(self, moto: MotoStore, reading: Callable[[], AbstractContextManager[None]]) -> None:
        self._moto = moto
        self._reading = reading

    def take(self, account: str, region: str, vpc_id: str = "") -> Plain:
        """All VPCs of an account's Region, or one VPC. The caller must not be inside a write of the store.

        Keys: Vpcs, Subnets, RouteTables, SecurityGroups, NetworkAcls, NetworkInterfaces, VpcEndpoints, NatGateways,
        InternetGateways, EgressOnlyInternetGateways, DhcpOptions, PrefixLists (with Cidrs), ManagedPrefixLists (each
        with Entries), each a list in the shape of boto3's answer; VpcAttributes, ``{vpc-id: {"EnableDnsSupport":
        {"Value": bool}, "EnableDnsHostnames": {"Value": bool}}}``; Region and Account. Times are ISO 8601 text. All
        of it is JSON, and what ``labs.network`` reads.
        """
        self._moto.load("ec2")
        with self._reading():
            return _take(self._moto.run, account, region, vpc_id)


def _take(run: Callable[[StoreRequest], StoreAnswer], account: str, region: str, vpc_id: str) -> Plain:
    def ask(operation: str, **parameters: str) -> Plain:
        return read(operation, run(request(operation, account, region, parameters)))

    found: Plain = {"Region": region, "Account": account}
    for key, operation, name in _DESCRIBED:
        wanted = {"Filter.1.Name": name, "Filter.1.Value.1": vpc_id} if vpc_id and name else {}
        answer_key = "PrefixLists" if key == "ManagedPrefixLists" else key
        found[key] = ask(operation, **wanted).get(answer_key, [])
    for held in found["ManagedPrefixLists"]:
        held["Entries"] = ask("GetManagedPrefixListEntries", PrefixListId=held["PrefixListId"]).get("Entries", [])
    found["VpcAttributes"] = {
        vpc["VpcId"]: {
            key: ask("DescribeVpcAttribute", VpcId=vpc["VpcId"], Attribute=attribute)[key]
            for key, attribute in _ATTRIBUTES.items()
        }
        for vpc in found["Vpcs"]
    }
    return found


def request(
    operation: str, account: str, region: str, parameters: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> StoreRequest:
    """One call of EC2's query protocol for the store, as from inside the local AWS."""
    body = urlencode({"Action": operation, "Version": _VERSION, **parameters}).encode()
    kept = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    return StoreRequest("ec2", operation, account, region, "", "POST", "/", "", kept, body)


def read(operation: str, answer: StoreAnswer) -> Plain:
    """The members of an answer, as boto3 gives them but with times as text. Raises AwsError for an error answer."""
    from botocore.parsers import create_parser
    from moto.core.utils import get_service_model

    model = get_service_model("ec2").operation_model(operation)
    raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    parsed = create_parser("ec2").parse(raw, model.output_shape)
    if answer.status >= 400:
        error = parsed.get("Error", {})
        raise AwsError(error.get("Code", str(answer.status)), error.get("Message", ""), answer.status)
    parsed.pop("ResponseMetadata", None)
    return dict(_plain(parsed))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
