"""Route tables: blackholes, and associations that would silently not happen.

moto 5.2.5 shows every route as active, answers the association of a subnet that has one with the old one, accepts
targets that do not exist or are in another VPC, and lets the main table be deleted. A route to a destination that the
table has already takes the other's place; one without a target, or to a kind of target that moto does not know, is
kept without it; the prefix list of a route to an interface is lost.
"""

import ipaddress
from typing import Any

from labs.cloud.patches.ec2 import ec2_errors, lifetimes

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
# The targets of CreateRoute (EC2 API reference); ReplaceRoute has LocalTarget as well.
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "CarrierGatewayId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "LocalTarget",
)
# What nobody can have here.
_NOBODYS = ("LocalGatewayId", "CoreNetworkArn", "OdbNetworkArn")


def apply() -> None:
    """Apply every patch of route tables."""
    from moto.ec2.models.route_tables import Route, RouteBackend
    from moto.ec2.responses.route_tables import RouteTables

    route: Any = Route
    route.state = property(lambda self: "active" if _leads_somewhere(self) else "blackhole")
    _api(RouteTables, RouteBackend)


def _leads_somewhere(route: Any) -> bool:
    """VPC user guide, "Routes": a route is a blackhole when its target is not there any more."""
    backend, vpc_id = route.route_table.ec2_backend, route.route_table.vpc_id
    if route.local:
        return True
    if route.nat_gateway is not None:
        return bool(route.nat_gateway.deleted_at is None)
    if route.interface is not None:
        return route.interface.id in backend.enis and not lifetimes.gone(route.interface)
    if route.vpc_pcx is not None:
        return bool(route.vpc_pcx._status.code in ("active", "provisioning", "pending-acceptance"))
    if route.egress_only_igw is not None:
        return route.egress_only_igw.id in backend.egress_only_internet_gateways
    gateway = route.gateway
    if gateway is None:
        return True
    if gateway.id.startswith("igw-"):
        attached = gateway.id in backend.internet_gateways and gateway.vpc is not None
        return bool(attached and gateway.vpc.id == vpc_id)
    if gateway.id.startswith("vpce-"):
        return not lifetimes.gone(gateway)
    return True


def _asked_destination(asked: Any) -> str:
    return next((_plain(str(value)) for name in _DESTINATIONS if (value := asked._get_param(name))), "")


def _destination(route: Any) -> str:
    found = (route.destination_cidr_block, route.destination_ipv6_cidr_block, route.destination_prefix_list_id)
    return next((_plain(str(each)) for each in found if each), "")


def _plain(destination: str) -> str:
    """A block in its shortest form, so that ``0::/0`` and ``::/0`` are one; a prefix list as it is."""
    try:
        return str(ipaddress.ip_network(destination, strict=False))
    except ValueError:
        return destination


def _check_parameters(asked: Any, backend: Any) -> None:
    """That the request names one destination and one target, and a target that somebody can have."""
    destinations = [name for name in _DESTINATIONS if asked._get_param(name)]
    targets = [name for name in _TARGETS if asked._get_param(name)]
    if len(destinations) != 1:
        raise ec2_errors.refused("route.one_destination")
    six = asked._get_param("DestinationIpv6CidrBlock")
    if six and ("/" not in six or ":" not in _plain(six)):
        raise ec2_errors.refused("route.bad_ipv6_block", block=six)
    if len(targets) != 1:
        raise ec2_errors.refused("route.one_target")
    name, value = targets[0], asked._get_param(targets[0])
    known = {"TransitGatewayId": backend.transit_gateways, "CarrierGatewayId": backend.carrier_gateways}
    if name in _NOBODYS or (name in known and value not in known[name]):
        raise ec2_errors.refused("route.target_not_found", target=value)
    if name == "EgressOnlyInternetGatewayId" and destinations[0] == "DestinationCidrBlock":
        raise ec2_errors.refused("route.egress_only_ipv4", gateway=value)
    listed = asked._get_param("DestinationPrefixListId")
    if listed and listed not in backend.managed_prefix_lists:
        raise ec2_errors.refused("route.list_not_found", prefix_list=listed)


def _lists(backend: Any) -> None:
    from moto.ec2.utils import generate_route_id

    create = backend.create_route

    def create_route(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = create(self, *args, **kwargs)
        listed = kwargs.get("destination_prefix_list_id") or (args[3] if len(args) > 3 else None)
        if listed and made.destination_prefix_list is None:
            table = made.route_table
            del table._routes[made.id]
            made.destination_prefix_list = self.managed_prefix_lists.get(listed)
            made.id = generate_route_id(table.id, None, None, listed)
            table._routes[made.id] = made
        return made

    backend.create_route = create_route


def _api(response: Any, backend: Any) -> None:
    _lists(backend)
    create, replace, delete = response.create_route, response.replace_route, response.delete_route
    associate, delete_table = response.associate_route_table, response.delete_route_table

    def check_target(self: Any) -> None:
        backend = self.ec2_backend
        table = backend.get_route_table(self._get_param("RouteTableId"))
        _check_parameters(self, backend)
        nat = self._get_param("NatGatewayId")
        if nat and (nat not in backend.nat_gateways or lifetimes.gone(backend.nat_gateways[nat])):
            raise ec2_errors.refused("route.nat_not_found", gateway=nat)
        gateway = self._get_param("GatewayId") or ""
        if gateway.startswith("igw-"):
            vpc = backend.get_internet_gateway(gateway).vpc
            if vpc is None or vpc.id != table.vpc_id:
                raise ec2_errors.refused("route.gateway_elsewhere", table=table.id, gateway=gateway)
        if gateway.startswith("vpce-"):
            raise ec2_errors.refused("route.to_endpoint", gateway=gateway)

    def create_route(self: Any) -> Any:
        check_target(self)
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        asked = _asked_destination(self)
        if any(asked == _destination(route) for route in table.routes if not route.local):
            raise ec2_errors.refused("route.exists", destination=asked)
        return create(self)

    def replace_route(self: Any) -> Any:
        check_target(self)
        answer = replace(self)
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        for route in table.routes:
            if _destination(route) == _asked_destination(self):
                route.carrier_gateway = self.ec2_backend.carrier_gateways.get(self._get_param("CarrierGatewayId"))
                route.vpc_endpoint_id = self._get_param("VpcEndpointId")
        return answer

    def delete_route(self: Any) -> Any:
        backend = self.ec2_backend
        table = backend.get_route_table(self._get_param("RouteTableId"))
        prefix_list = self._get_param("DestinationPrefixListId")
        for route in table.routes if prefix_list else ():
            if route.destination_prefix_list_id == prefix_list and str(route.gateway_id).startswith("vpce-"):
                raise ec2_errors.refused("route.of_endpoint", prefix_list=prefix_list, table=table.id)
        return delete(self)

    def associate_route_table(self: Any) -> Any:
        backend = self.ec2_backend
        table = backend.get_route_table(self._get_param("RouteTableId"))
        subnet_id = self._get_param("SubnetId")
        if subnet_id:
            if backend.get_subnet(subnet_id).vpc_id != table.vpc_id:
                raise ec2_errors.refused("route.subnet_elsewhere", table=table.id, subnet=subnet_id)
            for other in backend.route_tables.values():
                if other is not table and subnet_id in other._associations.values():
                    raise ec2_errors.refused("route.already_associated", table=table.id)
        return associate(self)

    def delete_route_table(self: Any) -> Any:
        backend = self.ec2_backend
        table = backend.get_route_table(self._get_param("RouteTableId"))
        if table.main_association_id is not None or table._associations:
            raise ec2_errors.refused("network.has_dependencies", kind="routeTable", id=table.id)
        done = delete_table(self)
        for endpoint in backend.vpc_end_points.values():
            if table.id in endpoint.route_table_ids:
                endpoint.route_table_ids.remove(table.id)
        backend.tags.pop(table.id, None)
        return done

    response.create_route = create_route
    response.replace_route = replace_route
    response.delete_route = delete_route
    response.associate_route_table = associate_route_table
    response.delete_route_table = delete_route_table
