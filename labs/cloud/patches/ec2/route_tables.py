"""Route tables: blackholes, and associations that would silently not happen.

moto 5.2.5 shows every route as active, answers the association of a subnet that has one with the old one, accepts
targets that do not exist or are in another VPC, and lets the main table be deleted.
"""

from typing import Any

from labs.cloud.patches.ec2 import ec2_errors, lifetimes


def apply() -> None:
    """Apply every patch of route tables."""
    from moto.ec2.models.route_tables import Route
    from moto.ec2.responses.route_tables import RouteTables

    route: Any = Route
    route.state = property(lambda self: "active" if _leads_somewhere(self) else "blackhole")
    _api(RouteTables)


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


def _api(response: Any) -> None:
    create, replace, delete = response.create_route, response.replace_route, response.delete_route
    associate, delete_table = response.associate_route_table, response.delete_route_table

    def check_target(self: Any) -> None:
        backend = self.ec2_backend
        table = backend.get_route_table(self._get_param("RouteTableId"))
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
        return create(self)

    def replace_route(self: Any) -> Any:
        check_target(self)
        return replace(self)

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
