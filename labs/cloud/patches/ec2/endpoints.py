"""VPC endpoints: made, changed and deleted with their interfaces and routes.

moto 5.2.5 checks almost nothing (``endpoint_checks``), gives the interfaces random addresses and the default group,
records a change without carrying it out, cannot delete an endpoint whose type was left out, and lists deleted ones
forever.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from labs.cloud.patches.ec2 import ec2_errors, endpoint_plans, interfaces, lifetimes
from labs.cloud.patches.ec2.endpoint_checks import INTERFACE
from labs.cloud.store import determinism

_FILTERS = (
    "ip-address-type",
    "service-name",
    "service-region",
    "tag-key",
    "tag-value",
    "vpc-id",
    "vpc-endpoint-id",
    "vpc-endpoint-state",
    "vpc-endpoint-type",
)
# What makes a repeated ClientToken the same request.
_SAME = ("VpcId", "ServiceName", "VpcEndpointType", "SubnetIds", "RouteTableIds", "SecurityGroupIds")


def apply() -> None:
    """Apply every patch of VPC endpoints."""
    from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
    from moto.ec2.responses.vpcs import VPCs

    _class(VPCEndPoint)
    _backend(VPCBackend)
    _api(VPCs)


def _class(endpoint: Any) -> None:
    original = endpoint.get_filter_value
    endpoint.gone_at = None
    endpoint.ip_address_type = "ipv4"
    endpoint.dns_options = None
    endpoint.private_names = ()
    endpoint.request = None

    def state(self: Any) -> str:
        if self.gone_at is not None:
            return "deleting"
        young = determinism.naive_present() < self.creation_timestamp + lifetimes.pending()
        return "pending" if young and self.vpc_endpoint_type == INTERFACE else "available"

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name == "vpc-endpoint-id":
            return self.id
        if filter_name == "service-region":
            return self.ec2_backend.region_name
        return original(self, filter_name, method_name)

    endpoint.state = property(state, lambda self, value: None)
    endpoint.get_filter_value = get_filter_value


def shown(endpoint: Any) -> dict[str, Any]:
    """One endpoint as DescribeVpcEndpoints answers it."""
    is_interface = endpoint.vpc_endpoint_type == INTERFACE
    answer: dict[str, Any] = {
        "VpcEndpointId": endpoint.id,
        "VpcEndpointType": endpoint.vpc_endpoint_type,
        "VpcId": endpoint.vpc_id,
        "ServiceName": endpoint.service_name,
        "State": endpoint.state,
        "PolicyDocument": endpoint.policy_document,
        "RouteTableIds": list(endpoint.route_table_ids),
        "SubnetIds": list(endpoint.subnet_ids),
        "Groups": endpoint.groups,
        "IpAddressType": endpoint.ip_address_type,
        "PrivateDnsEnabled": bool(endpoint.private_dns_enabled),
        "RequesterManaged": False,
        "NetworkInterfaceIds": list(endpoint.network_interface_ids),
        "DnsEntries": _dns_entries(endpoint) if is_interface else [],
        "CreationTimestamp": endpoint.creation_timestamp,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in endpoint.get_tags()],
        "OwnerId": endpoint.owner_id,
        "ServiceRegion": endpoint.ec2_backend.region_name,
    }
    if is_interface:
        answer["DnsOptions"] = endpoint.dns_options
    return answer


def _dns_entries(endpoint: Any) -> list[dict[str, str]]:
    """The Regional name, one name a zone, and the private names (PrivateLink guide, "DNS hostnames")."""
    backend = endpoint.ec2_backend
    zones = [backend.get_subnet(subnet_id).availability_zone for subnet_id in endpoint.subnet_ids]
    # The names of S3 go before bucket names (S3 user guide, "AWS PrivateLink for Amazon S3").
    star = "*." if endpoint.service_name.endswith(".s3") else ""
    names = [
        f"{star}{endpoint.id}-{endpoint.dns_suffix}{f'-{zone}' if zone else ''}.{endpoint.dns_base}"
        for zone in ("", *zones)
    ]
    entries = [{"DnsName": name, "HostedZoneId": _zone_id(backend.region_name)} for name in names]
    if endpoint.private_dns_enabled:
        entries += [{"DnsName": name, "HostedZoneId": _zone_id(endpoint.id)} for name in endpoint.private_names]
    return entries


def _zone_id(of: str) -> str:
    """An id in the form of Route 53's; the same for the same zone."""
    return "Z" + hashlib.sha256(of.encode()).hexdigest()[:13].upper()


def _backend(backend: Any) -> None:
    from moto.ec2.exceptions import InvalidVpcEndPointIdError
    from moto.ec2.models.vpcs import VPCEndPoint

    described = backend.describe_vpc_endpoints
    kind: Any = VPCEndPoint

    def create(self: Any, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> Any:
        wanted = endpoint_plans.for_new(self, parameters)
        endpoint_id = _random_id()
        made = kind(
            self,
            endpoint_id,
            wanted["vpc_id"],
            wanted["service"],
            wanted["type"],
            parameters.get("PolicyDocument"),
            [],
            [],
            [],
            client_token=parameters.get("ClientToken"),
            security_group_ids=wanted["groups"],
            tags=dict(tags),
            private_dns_enabled=wanted["private_dns"],
            destination_prefix_list_id=wanted["prefix_list"],
        )
        made.ip_address_type, made.dns_options = wanted["address_type"], wanted["dns_options"]
        made.private_names = wanted["names"]
        made.dns_base, made.dns_suffix = wanted["base"], endpoint_id.removeprefix("vpce-")[-8:]
        made.entry = wanted["entry"]
        made.request = {name: parameters.get(name) for name in _SAME}
        self.vpc_end_points[endpoint_id] = made
        for subnet in wanted["subnets"]:
            _serve(self, made, subnet)
        for table_id in wanted["route_tables"]:
            _lead(self, made, table_id)
        return made

    def modify(self: Any, endpoint: Any, parameters: Mapping[str, Any]) -> None:
        wanted = endpoint_plans.for_changed(self, endpoint, parameters)
        if parameters.get("PolicyDocument"):
            endpoint.policy_document = parameters["PolicyDocument"]
        elif parameters.get("ResetPolicy"):
            endpoint.policy_document = json.dumps(kind.DEFAULT_POLICY)
        endpoint.private_dns_enabled = wanted["private_dns"]
        endpoint.ip_address_type, endpoint.dns_options = wanted["address_type"], wanted["dns_options"]
        endpoint.security_group_ids = wanted["groups"]
        for interface in _interfaces(self, endpoint):
            interface._group_set = [self.get_security_group_from_id(group) for group in wanted["groups"]]
            if interface.subnet.id in wanted["removed_subnets"]:
                endpoint.network_interface_ids.remove(interface.id)
                endpoint.subnet_ids.remove(interface.subnet.id)
                self.delete_network_interface(interface.id)
        for table_id in wanted["removed_tables"]:
            endpoint.route_table_ids.remove(table_id)
            _forget_route(self, endpoint, table_id)
        for subnet in wanted["added_subnets"]:
            _serve(self, endpoint, subnet)
        for table_id in wanted["added_tables"]:
            _lead(self, endpoint, table_id)

    def delete_vpc_endpoints(self: Any, vpce_ids: Sequence[str] | None = None) -> None:
        when = determinism.naive_present() + lifetimes.deleting()
        for endpoint_id in vpce_ids or ():
            endpoint = self.vpc_end_points.get(endpoint_id)
            if endpoint is None or endpoint.gone_at is not None:
                continue
            for table_id in endpoint.route_table_ids:
                _forget_route(self, endpoint, table_id)
            endpoint.gone_at = when
            for interface in _interfaces(self, endpoint):
                interface.gone_at = when

    def describe_vpc_endpoints(self: Any, vpc_end_point_ids: Any, filters: Any = None) -> list[Any]:
        for endpoint_id in vpc_end_point_ids or ():
            held = self.vpc_end_points.get(endpoint_id)
            if held is None or lifetimes.gone(held):
                raise ec2_errors.refused("endpoint.not_found", endpoint=endpoint_id)
        return lifetimes.living(described(self, vpc_end_point_ids, filters))

    def get_vpc_end_point(self: Any, vpc_end_point_id: str) -> Any:
        found = self.vpc_end_points.get(vpc_end_point_id)
        if found is None or lifetimes.gone(found):
            raise InvalidVpcEndPointIdError(vpc_end_point_id)
        return found

    backend.labs_create_endpoint = create
    backend.labs_modify_endpoint = modify
    backend.delete_vpc_endpoints = delete_vpc_endpoints
    backend.describe_vpc_endpoints = describe_vpc_endpoints
    backend.get_vpc_end_point = get_vpc_end_point


def _random_id() -> str:
    from moto.ec2.utils import random_vpc_ep_id

    return str(random_vpc_ep_id())


def _serve(backend: Any, endpoint: Any, subnet: Any) -> None:
    """An interface of the endpoint in a subnet."""
    count = {"ipv6_address_count": 1} if endpoint.ip_address_type != "ipv4" else {}
    made = backend.create_network_interface(subnet, group_ids=list(endpoint.security_group_ids), **count)
    interfaces.adopt(made, interfaces.ENDPOINT, f"VPC Endpoint Interface {endpoint.id}")
    endpoint.network_interface_ids.append(made.id)
    endpoint.subnet_ids.append(subnet.id)


def _lead(backend: Any, endpoint: Any, table_id: str) -> None:
    """A route to the service's prefix list through a gateway endpoint."""
    backend.create_route(
        table_id,
        None,
        gateway_id=endpoint.id,
        destination_prefix_list_id=endpoint.destination_prefix_list_id,
    )
    endpoint.route_table_ids.append(table_id)


def _forget_route(backend: Any, endpoint: Any, table_id: str) -> None:
    table = backend.route_tables.get(table_id)
    for key, route in list(table._routes.items()) if table else ():
        if route.gateway is endpoint:
            del table._routes[key]


def _interfaces(backend: Any, endpoint: Any) -> list[Any]:
    return [backend.enis[held] for held in endpoint.network_interface_ids if held in backend.enis]


def _api(response: Any) -> None:
    from moto.core.responses import ActionResult
    from moto.ec2.exceptions import InvalidFilter
    from moto.ec2.utils import add_tag_specification

    def create_vpc_endpoint(self: Any) -> Any:
        parameters = dict(self._get_params())
        token = parameters.get("ClientToken")
        made = _repeated(self.ec2_backend, token, parameters) if token else None
        if made is None:
            tags = add_tag_specification(self._get_param("TagSpecifications", []))
            made = self.ec2_backend.labs_create_endpoint(parameters, tags)
        return ActionResult({"VpcEndpoint": shown(made), **({"ClientToken": token} if token else {})})

    def modify_vpc_endpoint(self: Any) -> Any:
        endpoint_id = self._get_param("VpcEndpointId")
        endpoint = self.ec2_backend.describe_vpc_endpoints([endpoint_id])[0]
        self.ec2_backend.labs_modify_endpoint(endpoint, dict(self._get_params()))
        return ActionResult({"Return": True})

    def describe_vpc_endpoints(self: Any) -> Any:
        filters = self._filters_from_querystring()
        for name in filters:
            if name not in _FILTERS and not name.startswith("tag:"):
                raise InvalidFilter(name)
        found = self.ec2_backend.describe_vpc_endpoints(self._get_param("VpcEndpointIds", []), filters)
        return ActionResult({"VpcEndpoints": [shown(endpoint) for endpoint in found]})

    def delete_vpc_endpoints(self: Any) -> Any:
        asked = self._get_param("VpcEndpointIds", [])
        held = self.ec2_backend.vpc_end_points
        unknown = [one for one in asked if one not in held or lifetimes.gone(held[one])]
        self.ec2_backend.delete_vpc_endpoints([one for one in asked if one not in unknown])
        failed = [
            {"ResourceId": one, "Error": ec2_errors.listed("endpoint.not_found", endpoint=one)} for one in unknown
        ]
        return ActionResult({"Unsuccessful": failed})

    response.create_vpc_endpoint = create_vpc_endpoint
    response.modify_vpc_endpoint = modify_vpc_endpoint
    response.describe_vpc_endpoints = describe_vpc_endpoints
    response.delete_vpc_endpoints = delete_vpc_endpoints


def _repeated(backend: Any, token: str, parameters: Mapping[str, Any]) -> Any:
    """The endpoint that the same request made before (EC2 API reference, "Ensuring idempotency")."""
    for endpoint in lifetimes.living(backend.vpc_end_points.values()):
        if endpoint.client_token == token:
            if endpoint.request != {name: parameters.get(name) for name in _SAME}:
                raise ec2_errors.refused("endpoint.other_parameters")
            return endpoint
    return None
