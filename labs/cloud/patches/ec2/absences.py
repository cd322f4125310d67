"""What is asked for by id and is not there: the right id, in EC2's words.

moto 5.2.5 names any id of the request, existing ones too, or a Python set of them; it has words of its own for VPCs,
and answers nothing where EC2 refuses an unknown NAT gateway.
"""

from typing import Any

from labs.cloud.patches.ec2 import ec2_errors, lifetimes


def apply() -> None:
    """Apply every patch of absences."""
    from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError, InvalidVPCIdError
    from moto.ec2.models.nat_gateways import NatGatewayBackend
    from moto.ec2.models.security_groups import SecurityGroupBackend
    from moto.ec2.models.subnets import SubnetBackend
    from moto.ec2.models.vpcs import VPCBackend

    parts: tuple[Any, ...] = (VPCBackend, SubnetBackend, SecurityGroupBackend, NatGatewayBackend, InvalidVPCIdError)
    vpcs, subnets, groups, nats, no_vpc = parts
    vpcs_read, subnets_read = vpcs.describe_vpcs, subnets.describe_subnets
    groups_read, nats_read = groups.describe_security_groups, nats.describe_nat_gateways

    def describe_vpcs(self: Any, vpc_ids: Any = None, filters: Any = None) -> Any:
        for vpc_id in vpc_ids or ():
            self.get_vpc(vpc_id)
        return vpcs_read(self, vpc_ids, filters)

    def describe_subnets(self: Any, subnet_ids: Any = None, filters: Any = None) -> Any:
        for subnet_id in subnet_ids or ():
            self.get_subnet(subnet_id)
        return subnets_read(self, subnet_ids, filters)

    def describe_security_groups(self: Any, group_ids: Any = None, groupnames: Any = None, filters: Any = None) -> Any:
        for group_id in group_ids or ():
            if self.get_security_group_from_id(group_id) is None:
                raise InvalidSecurityGroupNotFoundError(group_id)
        return groups_read(self, group_ids, groupnames, filters)

    def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: Any) -> Any:
        for gateway_id in nat_gateway_ids or ():
            held = self.nat_gateways.get(gateway_id)
            if held is None or lifetimes.gone(held):
                raise ec2_errors.refused("gateway.nat_not_described", gateway=gateway_id)
        return nats_read(self, filters, nat_gateway_ids)

    def vpc_not_found(self: Any, vpc_id: Any) -> None:
        error: Any = EC2ClientError
        # [field] seen by many, for instance in terraform-provider-aws.
        error.__init__(self, "InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")

    vpcs.describe_vpcs, subnets.describe_subnets = describe_vpcs, describe_subnets
    groups.describe_security_groups, nats.describe_nat_gateways = describe_security_groups, describe_nat_gateways
    no_vpc.__init__ = vpc_not_found
