"""A Region's network at one moment: the describe_* answers of EC2 as plain data, as boto3 gives them.

``labs.account.vpc_reader`` reads the same from a real account, with the same list of calls. Nothing here decides
anything.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from labs.cloud.contract import AwsError
from labs.cloud.store.dispatch import MotoStore, StoreRequest
from labs.cloud.wire.answer import HttpAnswer
from labs.network.describe_calls import (
    DESCRIBE_CALLS,
    MANAGED_PREFIX_LISTS,
    PREFIX_LIST_ENTRIES,
    VPC_ATTRIBUTE,
    VPC_ATTRIBUTES,
    VPC_PEERING_CONNECTIONS,
    peerings_of,
)

Plain = dict[str, Any]

_VERSION = "2016-11-15"


class Snapshots:
    """Takes snapshots of the local AWS. ``reading`` holds the store still: ``DurableStore.reading``."""

    def __init__(self, moto: MotoStore, reading: Callable[[], AbstractContextManager[None]]) -> None:
        self._moto = moto
        self._reading = reading

    def take(self, account: str, region: str, vpc_id: str = "") -> Plain:
        """All VPCs of an account's Region, or one VPC. The caller must not be inside a write of the store.

        Keys: those of ``DESCRIBE_CALLS``, each a list in the shape of boto3's answer (an item of ManagedPrefixLists
        also has its Entries); VpcAttributes, ``{vpc-id: {"EnableDnsSupport": {"Value": bool}, "EnableDnsHostnames":
        {"Value": bool}}}``; Region and Account. Times are ISO 8601 text. All of it is JSON, and what ``labs.network``
        reads.
        """
        self._moto.load("ec2")
        with self._reading():
            return _take(self._moto.run, account, region, vpc_id)


def _take(run: Callable[[StoreRequest], HttpAnswer], account: str, region: str, vpc_id: str) -> Plain:
    def ask(operation: str, **parameters: str) -> Plain:
        return read(operation, run(request(operation, account, region, parameters)))

    found: Plain = {"Region": region, "Account": account}
    for call in DESCRIBE_CALLS:
        wanted = {"Filter.1.Name": call.filter, "Filter.1.Value.1": vpc_id} if vpc_id and call.filter else {}
        found[call.key] = ask(call.operation, **wanted).get(call.member, [])
    if vpc_id:
        found[VPC_PEERING_CONNECTIONS.key] = peerings_of(found[VPC_PEERING_CONNECTIONS.key], vpc_id)
    for held in found[MANAGED_PREFIX_LISTS.key]:
        entries = ask(PREFIX_LIST_ENTRIES.operation, PrefixListId=held["PrefixListId"])
        held["Entries"] = entries.get(PREFIX_LIST_ENTRIES.member, [])
    found[VPC_ATTRIBUTE.key] = {
        vpc["VpcId"]: {
            member: ask(VPC_ATTRIBUTE.operation, VpcId=vpc["VpcId"], Attribute=attribute)[member]
            for attribute, member in VPC_ATTRIBUTES.items()
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
    return StoreRequest(
        service="ec2",
        operation=operation,
        account=account,
        region=region,
        access_key_id="",
        method="POST",
        path="/",
        query="",
        headers=kept,
        body=body,
    )


def read(operation: str, answer: HttpAnswer) -> Plain:
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
