"""EC2's refusals. Each sentence is AWS's own where a public source shows it; the others say (simulated wording).

Sources: [doc] the EC2 API reference, "Error codes"; [field] the words that people got from AWS, as quoted in public
issues of terraform-provider-aws, terraform-aws-vpc, aws-cdk, cloud-nuke, boto3 and in AWS's own samples.
"""

from collections.abc import Sequence
from typing import Any


def refused(code: str, message: str) -> Exception:
    """An error that moto writes in EC2's own envelope."""
    from moto.ec2.exceptions import EC2ClientError

    error: Any = EC2ClientError
    made: Exception = error(code, message)
    return made


def simulated(code: str, message: str) -> Exception:
    """The same, for a text that is not AWS's."""
    return refused(code, f"{message} (simulated wording)")


def wrong_type(asked: str, available: Sequence[str]) -> Exception:
    """[field] terraform#24478."""
    words = f"Endpoint type ({asked}) does not match available service types ([{', '.join(available)}])."
    return refused("InvalidParameter", words)


def subnets_not_for_gateways() -> Exception:
    """[field] nanlabs/terraform-aws-starter#18."""
    words = "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints."
    return refused("InvalidParameter", words)


def route_tables_only_for_gateways() -> Exception:
    """[field] ansible-collections/amazon.aws#576."""
    return refused("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")


def same_zone(subnet_id: str) -> Exception:
    """[field] terraform-aws-vpc#583."""
    return refused(
        "DuplicateSubnetsInSameZone",
        f"Found another VPC endpoint subnet in the availability zone of {subnet_id}. VPC endpoint subnets should be "
        "in different availability zones supported by the VPC endpoint service.",
    )


def zone_not_served(service: str, subnet_id: str) -> Exception:
    """[field] terraform-aws-vpc#785."""
    words = f"The VPC endpoint service {service} does not support the availability zone of the subnet: {subnet_id}."
    return refused("InvalidParameter", words)


def dns_attributes(vpc_id: str) -> Exception:
    """[field] seen in the console by several people."""
    words = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
    return refused("InvalidParameter", f"{words} for {vpc_id}")


def dns_conflict(name: str, vpc_id: str) -> Exception:
    """[field] terraform-provider-aws#17535."""
    words = "private-dns-enabled cannot be set because there is already a conflicting DNS domain"
    return refused("InvalidParameter", f"{words} for {name} in the VPC {vpc_id}")


def needs_gateway(vpc_id: str) -> Exception:
    """[field] terraform-aws-vpc#982."""
    words = "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC"
    return refused("InvalidParameter", f"{words} {vpc_id} must have a Gateway endpoint for the service.")


def inbound_dns_not_for_gateways() -> Exception:
    """[field] terraform-provider-aws#45846."""
    words = "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints."
    return refused("InvalidParameter", words)


def malformed_policy(line: int, column: int, detail: str) -> Exception:
    """[field] terraform-provider-aws#42291; what is wrong is told after AWS's sentence."""
    words = f"The Policy Document is not valid. Syntax error at position ({line},{column})"
    return refused("InvalidPolicyDocument", f"{words}. {detail}" if detail else words)


def route_exists(route_table_id: str, prefix_list_id: str) -> Exception:
    """[field] quoted in several repositories."""
    words = f"route table {route_table_id} already has a route with destination-prefix-list-id {prefix_list_id}"
    return refused("RouteAlreadyExists", words)


def endpoint_not_found(endpoint_id: str) -> Exception:
    """[field] boto3 users' tests, cloud-nuke."""
    return refused("InvalidVpcEndpointId.NotFound", endpoint_not_found_words(endpoint_id))


def endpoint_not_found_words(endpoint_id: str) -> str:
    """The sentence, for the list of DeleteVpcEndpoints too."""
    return f"The Vpc Endpoint Id '{endpoint_id}' does not exist"


def no_free_address() -> Exception:
    """[doc] Error codes."""
    return refused(
        "InsufficientFreeAddressesInSubnet", "There are not enough free IP addresses in the specified subnet."
    )


def address_outside() -> Exception:
    """[field] ansible's ec2_eni and others quote it."""
    return refused("InvalidParameterValue", "Address does not fall within the subnet's address range")


def address_reserved(address: str) -> Exception:
    """[field] quoted from RunInstances."""
    return refused("InvalidParameterValue", f"Address {address} is in subnet's reserved address range")


def address_taken() -> Exception:
    """[doc] Error codes, InvalidIPAddress.InUse."""
    return refused("InvalidIPAddress.InUse", "The specified IP address is already in use.")


def different_networks() -> Exception:
    """[field] CreateNetworkInterface with a group of another VPC."""
    return refused("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")


def interface_in_use(interface_id: str) -> Exception:
    """[field] cloud-nuke#431, an endpoint's interface."""
    return refused("InvalidParameterValue", f"Network interface '{interface_id}' is currently in use.")


def not_yours() -> Exception:
    """[field] aws-k8s-tester#70, an interface that a service made."""
    return refused("AuthFailure", "You do not have permission to access the specified resource.")


def attachment_not_yours(kind: str) -> Exception:
    """[field] boto3#2219."""
    return refused("OperationNotPermitted", f"You are not allowed to manage '{kind}' attachments.")


def has_dependencies(kind: str, identifier: str) -> Exception:
    """[field] terraform-aws-vpc#1081 and many others; ``kind`` as AWS writes it: vpc, subnet, routeTable."""
    return refused("DependencyViolation", f"The {kind} '{identifier}' has dependencies and cannot be deleted.")


def group_in_use(group_id: str) -> Exception:
    """[field] aws-cdk#14456."""
    return refused("DependencyViolation", f"resource {group_id} has a dependent object")


def default_group(group_id: str) -> Exception:
    """[field] quoted by clean-up scripts."""
    words = f'the specified group: "{group_id}" name: "default" cannot be deleted by a user'
    return refused("CannotDelete", words)


def addresses_still_mapped(vpc_id: str) -> Exception:
    """[field] eks-blueprints users."""
    return refused(
        "DependencyViolation",
        f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
        "detaching the gateway.",
    )


def nat_not_found(gateway_id: str) -> Exception:
    """[field] CreateRoute, quoted by several."""
    return refused("InvalidNatGatewayID.NotFound", nat_not_found_words(gateway_id))


def nat_not_found_words(gateway_id: str) -> str:
    """The sentence, for calls whose code is another."""
    return f"The natGateway ID '{gateway_id}' does not exist"


def already_associated(route_table_id: str) -> Exception:
    """[field] terraform-provider-aws, aws_route_table_association."""
    words = f"the specified association for route table {route_table_id} conflicts with an existing association"
    return refused("Resource.AlreadyAssociated", words)


def gateway_elsewhere(route_table_id: str, gateway_id: str) -> Exception:
    """[field] CreateRoute, quoted by many."""
    words = f"route table {route_table_id} and network gateway {gateway_id} belong to different networks"
    return refused("InvalidParameterValue", words)
