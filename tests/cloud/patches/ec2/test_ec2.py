"""Each gap of moto 5.2.5's EC2 that a VPC lab meets: what moto does, what the kit's patch does instead.

A row that fails on moto's half says that moto has fixed it: take the patch out.
"""

import json
from pathlib import Path

import pytest

_HERE = Path(__file__).parent

# The probe, moto's answer (... where it differs from run to run), the kit's.
ROWS = [
    ("service_name", "accepted", "InvalidServiceName"),
    ("gateway_for_an_interface_service", "accepted", "InvalidParameter"),
    ("interface_for_a_gateway_service", "accepted", "InvalidParameter"),
    ("subnet_of_another_vpc", "accepted", "InvalidSubnetID.NotFound"),
    ("two_subnets_of_one_zone", "accepted", "DuplicateSubnetsInSameZone"),
    ("subnets_for_a_gateway", "accepted", "InvalidParameter"),
    ("route_tables_for_an_interface", "accepted", "InvalidParameter"),
    ("malformed_policy", "accepted", "InvalidPolicyDocument"),
    ("private_dns_without_host_names", "accepted", "InvalidParameter"),
    ("second_endpoint_with_the_private_name", "accepted", "InvalidParameter"),
    ("second_gateway_on_a_route_table", "accepted", "RouteAlreadyExists"),
    ("group_of_another_vpc", "accepted", "InvalidGroup.NotFound"),
    ("default_group", [], [True]),
    ("groups_on_the_interface", [False], [True]),
    ("address_in_the_subnet", False, True),
    ("interface_fields", ["interface", False, "available", False], ["vpc_endpoint", True, "in-use", True]),
    ("endpoint_fields", [None, None, None], ["ipv4", {"DnsRecordIpType": "ipv4"}, False]),
    ("dns_names", [False], [True, True, False]),
    ("private_name_listed", False, True),
    ("pending_then_available", ["available", "available"], ["pending", "available"]),
    ("type_left_out", "KeyError", "Gateway"),
    ("type_left_out_can_be_deleted", "InvalidParameterValue", "accepted"),
    ("deleted_ones_are_gone", ["deleted"], []),
    ("unknown_one_is_told", [], ["InvalidVpcEndpointId.NotFound"]),
    ("filter_vpc_endpoint_id", "UnsupportedOperation", True),
    ("filter_ip_address_type", "UnsupportedOperation", True),
    ("modify_private_dns", True, False),
    ("modify_adds_an_interface", 1, 2),
    ("modify_removes_an_interface", 2, 1),
    ("modify_groups_of_the_interface", [False], [True]),
    ("modify_adds_a_route", [], ["vpce-"]),
    ("modify_removes_a_route", ["vpce-"], []),
    ("modify_refuses_a_malformed_policy", "accepted", "InvalidPolicyDocument"),
    ("own_interface_in_the_subnet", "accepted", "InvalidParameterValue"),
    ("reserved_address", "accepted", "InvalidParameterValue"),
    ("addresses_are_unique", ..., [11, True, "InsufficientFreeAddressesInSubnet"]),
    ("group_that_does_not_exist", "accepted", "InvalidGroup.NotFound"),
    ("interface_in_use", "accepted", "InvalidParameterValue"),
    ("private_name_without_host_names", "AttributeError", None),
    ("subnet_in_use", "accepted", "DependencyViolation"),
    ("subnet_takes_its_associations_along", "DependencyViolation", "accepted"),
    ("group_in_use", "accepted", "DependencyViolation"),
    ("group_named_by_another", "accepted", "DependencyViolation"),
    ("default_group_stays", "accepted", "CannotDelete"),
    ("rules_all_or_none", 1, 0),
    ("rules_all_answered", 1, 2),
    ("vpc_in_use", "accepted", "DependencyViolation"),
    ("vpc_with_a_gateway", "accepted", "DependencyViolation"),
    ("vpc_takes_its_acl_along", 1, 0),
    ("default_vpc_has_a_way_out", ["loca"], ["loca", "igw-"]),
    ("default_dhcp_options", [], ["AmazonProvidedDNS", "ec2.internal"]),
    ("dhcp_options_outlive_a_vpc", "InvalidDhcpOptionID.NotFound", "accepted"),
    ("prefix_list_ranges", False, True),
    ("deleted_prefix_list", 1, 0),
    ("elastic_address", True, False),
    ("deleted_nat_leaves_the_subnet", 1, 0),
    ("nat_connectivity", None, "public"),
    ("route_to_a_deleted_nat", ["active"], ["blackhole"]),
    ("gateway_with_public_addresses", "accepted", "DependencyViolation"),
    ("route_to_a_gateway_elsewhere", "accepted", "InvalidParameterValue"),
    ("route_to_no_nat", "accepted", "InvalidNatGatewayID.NotFound"),
    ("endpoint_route_stays", "accepted", "InvalidParameterValue"),
    ("second_association", "accepted", "Resource.AlreadyAssociated"),
    ("main_table_stays", "accepted", "DependencyViolation"),
    ("unknown_id_among_known_ones", ..., "The vpc ID 'vpc-0' does not exist"),
    ("unknown_nat_gateway", "accepted", "NatGatewayNotFound"),
    ("endpoints_by_tag", False, True),
]


@pytest.fixture(scope="module")
def answers(forks):
    code = (_HERE / "ec2_probes.py").read_text()
    return tuple(json.loads(forks.run(code, patched=patched)) for patched in (False, True))


@pytest.mark.parametrize(("probe", "moto", "kit"), ROWS, ids=[row[0] for row in ROWS])
def test_moto_has_the_gap_and_the_patch_closes_it(answers, probe, moto, kit):
    plain, patched = answers
    assert patched[probe] == kit
    assert plain[probe] == moto if moto is not ... else plain[probe] != kit


def test_every_probe_has_its_row(answers):
    assert sorted(answers[1]) == sorted(row[0] for row in ROWS)
