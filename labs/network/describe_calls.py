"""Which of EC2's calls a snapshot of a VPC is made of: one list, for a real account and for the local AWS.

Source: Amazon EC2 API reference, the filters and members of each call. What reads them: ``labs.account.vpc_reader``
with boto3, ``labs.cloud.store.ec2_reader`` in the local AWS's own store.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DescribeCall:
    """One call that answers with a list.

    ``key`` is where the list stands in the snapshot, ``member`` in the answer; ``filter`` narrows it to one VPC, ""
    where no filter does, or where what belongs to no VPC is worth seeing.
    """

    key: str
    operation: str
    filter: str = ""
    answer_member: str = ""
    # DescribeNatGateways alone spells it in the singular.
    filter_member: str = "Filters"

    @property
    def member(self) -> str:
        """The answer's member that holds the list."""
        return self.answer_member or self.key

    @property
    def method(self) -> str:
        """boto3's name of the call."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.operation).lower()

    @property
    def action(self) -> str:
        """The IAM action that it needs."""
        return f"ec2:{self.operation}"


VPCS = DescribeCall("Vpcs", "DescribeVpcs", "vpc-id")
MANAGED_PREFIX_LISTS = DescribeCall("ManagedPrefixLists", "DescribeManagedPrefixLists", answer_member="PrefixLists")
DHCP_OPTIONS = DescribeCall("DhcpOptions", "DescribeDhcpOptions")
VPC_PEERING_CONNECTIONS = DescribeCall("VpcPeeringConnections", "DescribeVpcPeeringConnections")
DESCRIBE_CALLS = (
    VPCS,
    DescribeCall("Subnets", "DescribeSubnets", "vpc-id"),
    DescribeCall("RouteTables", "DescribeRouteTables", "vpc-id"),
    DescribeCall("SecurityGroups", "DescribeSecurityGroups", "vpc-id"),
    DescribeCall("NetworkAcls", "DescribeNetworkAcls", "vpc-id"),
    DescribeCall("NetworkInterfaces", "DescribeNetworkInterfaces", "vpc-id"),
    DescribeCall("VpcEndpoints", "DescribeVpcEndpoints", "vpc-id"),
    DescribeCall("NatGateways", "DescribeNatGateways", "vpc-id", filter_member="Filter"),
    # Unfiltered: one that is not attached is worth seeing.
    DescribeCall("InternetGateways", "DescribeInternetGateways"),
    DescribeCall("EgressOnlyInternetGateways", "DescribeEgressOnlyInternetGateways"),
    DescribeCall("TransitGatewayAttachments", "DescribeTransitGatewayAttachments", "resource-id"),
    VPC_PEERING_CONNECTIONS,
    DHCP_OPTIONS,
    DescribeCall("PrefixLists", "DescribePrefixLists"),
    MANAGED_PREFIX_LISTS,
)
# The entries of one managed prefix list, and one attribute of a VPC: asked for each on its own.
PREFIX_LIST_ENTRIES = DescribeCall("Entries", "GetManagedPrefixListEntries")
VPC_ATTRIBUTE = DescribeCall("VpcAttributes", "DescribeVpcAttribute")
# An attribute's name in the question -> its member in the answer.
VPC_ATTRIBUTES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}

IAM_ACTIONS = tuple(sorted(call.action for call in (*DESCRIBE_CALLS, PREFIX_LIST_ENTRIES, VPC_ATTRIBUTE)))


def peerings_of(connections: Sequence[Mapping[str, Any]], vpc_id: str) -> list[Any]:
    """The peering connections that a VPC is a side of; no filter of EC2's asks for either side."""
    sides = ("RequesterVpcInfo", "AccepterVpcInfo")
    return [each for each in connections if any(each.get(side, {}).get("VpcId") == vpc_id for side in sides)]
