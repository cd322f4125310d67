"""NAT gateways, internet gateways of both kinds, and Elastic IP addresses.

moto 5.2.5 leaves out the filters of DescribeEgressOnlyInternetGateways and answers nothing for an unknown one; keeps a
deleted NAT gateway's interface, so its subnet could never be deleted; gives Elastic IP addresses from 127.0.0.0/8; lets
an internet gateway go while public addresses depend on it.
"""

from typing import Any

from labs.cloud.patches.ec2 import addresses, ec2_errors, interfaces, lifetimes
from labs.cloud.store import determinism


def apply() -> None:
    """Apply every patch of gateways."""
    from moto.ec2.models import elastic_ip_addresses
    from moto.ec2.models.internet_gateways import EgressOnlyInternetGatewayBackend, InternetGatewayBackend
    from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
    from moto.ec2.responses.egress_only_internet_gateways import EgressOnlyInternetGateway
    from moto.ec2.responses.internet_gateways import InternetGateways

    _addresses(elastic_ip_addresses.ElasticAddressBackend)
    _nat(NatGateway, NatGatewayBackend)
    _internet(InternetGatewayBackend, InternetGateways)
    _egress_only(EgressOnlyInternetGatewayBackend, EgressOnlyInternetGateway)


def _addresses(backend: Any) -> None:
    allocate = backend.allocate_address

    def allocate_address(self: Any, domain: str, address: str | None = None, tags: Any = None) -> Any:
        return allocate(self, domain, address or addresses.public(self), tags)

    backend.allocate_address = allocate_address


def _nat(gateway: Any, backend: Any) -> None:
    create, describe = backend.create_nat_gateway, backend.describe_nat_gateways

    def state(self: Any) -> str:
        if self.deleted_at is None:
            return "available"
        return "deleting" if determinism.naive_present() < self.deleted_at + lifetimes.deleting() else "deleted"

    gateway.gone_at = None
    gateway.deleted_at = None
    gateway.state = property(state, lambda self, value: None)
    gateway.delete_time = property(lambda self: self.deleted_at)

    def create_nat_gateway(
        self: Any, subnet_id: str, allocation_id: str, tags: Any = None, connectivity_type: str | None = None
    ) -> Any:
        subnet = self.get_subnet(subnet_id)
        public = (connectivity_type or "public") == "public"
        if public and not allocation_id:
            raise ec2_errors.refused("gateway.no_allocation")
        held = self.address_by_allocation([allocation_id])[0] if allocation_id else None
        if held is not None and held.association_id:
            raise ec2_errors.refused("gateway.allocation_used", allocation=allocation_id)
        addresses.free(subnet, addresses.taken(self, subnet))
        made = create(self, subnet_id, allocation_id, tags, connectivity_type or "public")
        interfaces.adopt(made._eni, interfaces.NAT, f"Interface for NAT Gateway {made.id}")
        made._eni._group_set = []
        for shown in made.address_set:
            shown.update(isPrimary=True, status="succeeded")
        return made

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        held = self.describe_nat_gateways(None, [nat_gateway_id])[0]
        if held.deleted_at is None:
            now = determinism.naive_present()
            held.deleted_at, held.gone_at = now, now + lifetimes.LISTED
            held._eni.gone_at = now + lifetimes.deleting()
            for address in self.addresses:
                if address.eni is held._eni:
                    self.disassociate_address(address=address.public_ip)
        return held

    def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: Any) -> list[Any]:
        return lifetimes.living(describe(self, filters, nat_gateway_ids))

    backend.create_nat_gateway = create_nat_gateway
    backend.delete_nat_gateway = delete_nat_gateway
    backend.describe_nat_gateways = describe_nat_gateways


def _internet(backend: Any, response: Any) -> None:
    delete, detach = backend.delete_internet_gateway, response.detach_internet_gateway

    def delete_internet_gateway(self: Any, internet_gateway_id: str) -> None:
        if self.get_internet_gateway(internet_gateway_id).vpc:
            raise ec2_errors.refused("network.has_dependencies", kind="internetGateway", id=internet_gateway_id)
        delete(self, internet_gateway_id)
        self.tags.pop(internet_gateway_id, None)

    def detach_internet_gateway(self: Any) -> Any:
        vpc_id = self._get_param("VpcId")
        for interface in self.ec2_backend.get_all_network_interfaces():
            if interface.vpc_id == vpc_id and interface.public_ip:
                raise ec2_errors.refused("gateway.addresses_mapped", vpc=vpc_id)
        return detach(self)

    backend.delete_internet_gateway = delete_internet_gateway
    response.detach_internet_gateway = detach_internet_gateway


def _egress_only(backend: Any, response: Any) -> None:
    from moto.core.responses import ActionResult
    from moto.ec2.utils import generic_filter

    delete = backend.delete_egress_only_internet_gateway

    def describe(self: Any) -> Any:
        found = self.ec2_backend.egress_only_internet_gateways
        wanted = self._get_param("EgressOnlyInternetGatewayIds", [])
        for id in wanted:
            if id not in found:
                raise ec2_errors.refused("gateway.egress_only_not_found", gateway=id)
        shown = [gateway for id, gateway in found.items() if not wanted or id in wanted]
        return ActionResult({"EgressOnlyInternetGateways": generic_filter(self._filters_from_querystring(), shown)})

    def delete_egress_only_internet_gateway(self: Any, gateway_id: str) -> None:
        delete(self, gateway_id)
        self.tags.pop(gateway_id, None)

    response.describe_egress_only_internet_gateways = describe
    backend.delete_egress_only_internet_gateway = delete_egress_only_internet_gateway
