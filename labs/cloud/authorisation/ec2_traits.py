"""Condition keys of EC2's resources: their ids, and the VPC, subnet and zone they are in.

Source: service authorization reference, "Resource types defined by Amazon EC2". A look makes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

# The key that holds the id of a resource of this type.
ID_KEYS = {
    "elastic-ip": "ec2:AllocationId",
    "instance": "ec2:InstanceID",
    "internet-gateway": "ec2:InternetGatewayID",
    "network-acl": "ec2:NetworkAclID",
    "network-interface": "ec2:NetworkInterfaceID",
    "route-table": "ec2:RouteTableID",
    "security-group": "ec2:SecurityGroupID",
    "subnet": "ec2:SubnetID",
    "vpc": "ec2:VpcID",
    "vpc-peering-connection": "ec2:VpcPeeringConnectionID",
}


def ec2_traits(backend: Any, region: str, account: str, rest: str) -> Mapping[str, str]:
    """The keys of ``TYPE/ID``; ``backend`` is None where the account has nothing in the region."""
    kind, _, identifier = rest.partition("/")
    keys = {ID_KEYS[kind]: identifier} if kind in ID_KEYS else {}
    found = _FIND[kind](backend, identifier) if backend is not None and kind in _FIND else None
    if found is None:
        return keys

    def add(key: str, value: Any, form: str = "{}") -> None:
        if value:
            keys[key] = form.format(value)

    start = f"arn:aws:ec2:{region}:{account}:"
    subnet = getattr(found, "subnet", None)
    if kind != "vpc":
        add("ec2:Vpc", getattr(found, "vpc_id", None) or getattr(subnet, "vpc_id", None), start + "vpc/{}")
    add("ec2:Subnet", getattr(subnet, "id", None), start + "subnet/{}")
    add("ec2:AvailabilityZone", getattr(subnet or found, "availability_zone", None))
    add("ec2:Tenancy", getattr(found, "instance_tenancy", None))
    add("ec2:VpceServiceName", getattr(found, "service_name", None))
    return keys


def _in_one_of(groups: Mapping[str, Mapping[str, Any]], identifier: str) -> Any:
    return next((group[identifier] for group in list(groups.values()) if identifier in group), None)


_FIND: Mapping[str, Callable[[Any, str], Any]] = {
    "network-acl": lambda backend, identifier: backend.network_acls.get(identifier),
    "network-interface": lambda backend, identifier: backend.enis.get(identifier),
    "route-table": lambda backend, identifier: backend.route_tables.get(identifier),
    "security-group": lambda backend, identifier: _in_one_of(backend.groups, identifier),
    "subnet": lambda backend, identifier: _in_one_of(backend.subnets, identifier),
    "vpc": lambda backend, identifier: backend.vpcs.get(identifier),
    "vpc-endpoint": lambda backend, identifier: backend.vpc_end_points.get(identifier),
}
