"""VPCs and subnets: what stands in the way of deleting them, what goes with them, and the default DHCP options.

moto 5.2.5 deletes a subnet with interfaces in it and a VPC with endpoints or an internet gateway, leaves their
associations behind, deletes a VPC's DHCP options with it, has no default options, and leaves the default VPC without
its way out.
"""

from collections.abc import Iterator
from typing import Any

from labs.cloud.patches.ec2 import ec2_errors, lifetimes
from labs.cloud.store import determinism


def apply() -> None:
    """Apply every patch of VPCs and subnets."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.dhcp_options import DHCPOptionsSetBackend
    from moto.ec2.models.subnets import SubnetBackend
    from moto.ec2.models.vpcs import VPC, VPCBackend

    _default_options(EC2Backend, VPC)
    _options(DHCPOptionsSetBackend)
    _subnets(SubnetBackend)
    _vpcs(VPCBackend)
    _tagged(EC2Backend)


def _default_options(backend: Any, vpc: Any) -> None:
    """A Region's default options, which every new VPC gets, and the default VPC's internet gateway with its route.

    VPC user guide, "DHCP option sets" and "Default VPC components".
    """
    init, vpc_init = backend.__init__, vpc.__init__

    def new_backend(self: Any, region_name: str, account_id: str) -> None:
        init(self, region_name, account_id)
        domain = "ec2.internal" if region_name == "us-east-1" else f"{region_name}.compute.internal"
        # Drawn from a seed of its own: the ids that moto draws for the default VPC stay what they were.
        with determinism.fixed(f"{determinism.origin_seed()}/dhcp/{account_id}/{region_name}", determinism.birth()):
            self.default_dhcp_options = self.create_dhcp_options(["AmazonProvidedDNS"], [domain])
            gateway = self.create_internet_gateway()
            self.attach_internet_gateway(gateway.id, self.default_vpc.id)
            main = next(table for table in self.route_tables.values() if table.vpc_id == self.default_vpc.id)
            self.create_route(main.id, "0.0.0.0/0", gateway_id=gateway.id)
        for made in self.vpcs.values():
            made.dhcp_options = self.default_dhcp_options

    def new_vpc(self: Any, ec2_backend: Any, *args: Any, **kwargs: Any) -> None:
        vpc_init(self, ec2_backend, *args, **kwargs)
        self.dhcp_options = getattr(ec2_backend, "default_dhcp_options", None)

    backend.__init__ = new_backend
    vpc.__init__ = new_vpc


def _options(backend: Any) -> None:
    delete = backend.delete_dhcp_options_set

    def delete_dhcp_options_set(self: Any, options_id: str | None) -> None:
        held = self.dhcp_options_sets.get(options_id)
        if held is not None:
            if any(vpc.dhcp_options is held for vpc in self.vpcs.values()):
                raise ec2_errors.refused("network.has_dependencies", kind="dhcpOptions", id=options_id)
            # moto remembers the last VPC only; whether one has the options was just asked.
            held.vpc = None
        delete(self, options_id)
        self.tags.pop(options_id, None)

    backend.delete_dhcp_options_set = delete_dhcp_options_set


def _subnets(backend: Any) -> None:
    delete = backend.delete_subnet

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        subnet = self.get_subnet(subnet_id)
        if any(one.subnet is subnet for one in self.get_all_network_interfaces()):
            raise ec2_errors.refused("network.has_dependencies", kind="subnet", id=subnet_id)
        for table in self.route_tables.values():
            for association in [a for a, target in table._associations.items() if target == subnet_id]:
                del table._associations[association]
        for acl in self.network_acls.values():
            for key in [k for k, association in acl._associations.items() if association.subnet_id == subnet_id]:
                del acl._associations[key]
        self.tags.pop(subnet_id, None)
        return delete(self, subnet_id)

    backend.delete_subnet = delete_subnet


def _vpcs(backend: Any) -> None:
    delete = backend.delete_vpc

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        vpc = self.get_vpc(vpc_id)
        if any(_dependencies(self, vpc_id)):
            raise ec2_errors.refused("network.has_dependencies", kind="vpc", id=vpc_id)
        # moto would delete the options with the VPC.
        vpc.dhcp_options = None
        for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
            del self.network_acls[acl.id]
        for table in [table for table in self.route_tables.values() if table.vpc_id == vpc_id]:
            table._associations.clear()
        for key in (vpc_id, *self.groups.get(vpc_id, {})):
            self.tags.pop(key, None)
        return delete(self, vpc_id)

    backend.delete_vpc = delete_vpc


def _dependencies(backend: Any, vpc_id: str) -> Iterator[str]:
    """Ids of what must go before the VPC (EC2 API reference, DeleteVpc)."""
    for subnets in backend.subnets.values():
        yield from (subnet.id for subnet in subnets.values() if subnet.vpc_id == vpc_id)
    for held in (*backend.vpc_end_points.values(), *backend.enis.values()):
        if held.vpc_id == vpc_id and not lifetimes.gone(held):
            yield held.id
    for gateway in backend.internet_gateways.values():
        if gateway.vpc is not None and gateway.vpc.id == vpc_id:
            yield gateway.id
    for gateway in backend.egress_only_internet_gateways.values():
        if gateway.vpc_id == vpc_id:
            yield gateway.id
    for gateway in backend.vpn_gateways.values():
        if any(one.vpc_id == vpc_id and one.state == "attached" for one in gateway.attachments.values()):
            yield gateway.id
    for group in backend.groups.get(vpc_id, {}).values():
        if not group.is_default:
            yield group.id
    for table in backend.route_tables.values():
        if table.vpc_id == vpc_id and table.main_association_id is None:
            yield table.id
    for acl in backend.network_acls.values():
        if acl.vpc_id == vpc_id and not acl.default:
            yield acl.id
    for peering in backend.vpc_pcxs.values():
        if vpc_id in (peering.vpc.id, peering.peer_vpc.id) and peering._status.code in ("active", "provisioning"):
            yield peering.id


def _tagged(backend: Any) -> None:
    """GetResources of the tagging API leaves out kinds that a VPC lab makes, and shows interfaces that are gone."""
    from moto.core.resource_tagging import TaggedResource

    original = backend.iter_tagged_resources

    def iter_tagged_resources(self: Any) -> Iterator[Any]:
        for found in original(self):
            identifier = found.arn.rsplit("/", 1)[-1]
            held = self.enis.get(identifier) or self.nat_gateways.get(identifier)
            if not lifetimes.gone(held):
                yield found
        more = {
            "vpc-endpoint": lifetimes.living(self.vpc_end_points.values()),
            "network-acl": self.network_acls.values(),
            "elastic-ip": [address for address in self.addresses if address.id],
            "dhcp-options": self.dhcp_options_sets.values(),
        }
        for kind, resources in more.items():
            for resource in resources:
                yield TaggedResource(
                    arn=f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}:{kind}/{resource.id}",
                    tags=dict(self.tags.get(resource.id, {})),
                    resource_type=f"ec2:{kind}",
                )

    backend.iter_tagged_resources = iter_tagged_resources
