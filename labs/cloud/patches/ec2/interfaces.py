"""Network interfaces: an address inside the subnet, the right groups, and whose they are.

moto 5.2.5 takes any address (its own are random, outside the subnet), invents a group that does not exist, lets an
interface in use be deleted, and has no private name to read when the VPC has no DNS host names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labs.cloud.patches.ec2 import addresses, ec2_errors, lifetimes

# A header that only the local AWS itself can set: the gateway passes none of this name on.
TASK_HEADER = "x-labs-task-attachment"
PUBLIC_HEADER = "x-labs-task-public"


@dataclass(frozen=True)
class InterfaceOwner:
    """The AWS service behind an interface, as DescribeNetworkInterfaces shows it.

    ``attachment`` is what its attachment's id begins with. AWS's own account ids differ by Region; the two here are
    a documented one (VPC endpoints) and one for documentation (Fargate).
    """

    interface_type: str
    requester_id: str
    attachment: str
    instance_owner_id: str


ENDPOINT = InterfaceOwner("vpc_endpoint", "727180483921", "ela-attach", "amazon-aws")
NAT = InterfaceOwner("nat_gateway", "727180483921", "ela-attach", "amazon-aws")
TASK = InterfaceOwner("interface", "123456789012", "eni-attach", "123456789012")


def apply() -> None:
    """Apply every patch of network interfaces."""
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
    from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

    _class(NetworkInterface)
    _backend(NetworkInterfaceBackend)
    _api(ElasticNetworkInterfaces)


def adopt(interface: Any, owner: InterfaceOwner, description: str) -> None:
    """Make an interface a service's: managed by its requester, in use, attached to what the account cannot see."""
    from moto.core.utils import utcnow
    from moto.moto_api._internal import mock_random

    interface.description = description
    interface.interface_type = owner.interface_type
    interface.requester_id = owner.requester_id
    interface.requester_managed = True
    interface.status = "in-use"
    interface.device_index = 1
    interface.service_attachment = {
        "AttachTime": utcnow(),
        "AttachmentId": f"{owner.attachment}-{mock_random.get_random_hex(17)}",
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "NetworkCardIndex": 0,
        "InstanceOwnerId": owner.instance_owner_id,
        "Status": "attached",
    }


def check_groups(backend: Any, vpc_id: str, group_ids: Iterable[str]) -> None:
    """Every group exists and is the VPC's. Raises the refusal."""
    from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError

    for group_id in group_ids:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id)
        if group.vpc_id != vpc_id:
            raise ec2_errors.refused("interface.different_networks")


def _class(interface: Any) -> None:
    interface.gone_at = None
    interface.private_dns_name = None
    interface.service_attachment = None
    attachment, filter_value = interface.attachment, interface.get_filter_value

    def association(self: Any) -> dict[str, Any]:
        if not self.public_ip:
            return {}
        held = next((a for a in self.ec2_backend.addresses if a.public_ip == self.public_ip), None)
        shown = {"PublicIp": self.public_ip, "IpOwnerId": self.owner_id if held else "amazon"}
        if self.ec2_backend.get_vpc(self.vpc_id).enable_dns_hostnames:
            shown["PublicDnsName"] = addresses.public_name(self.public_ip, self.ec2_backend.region_name)
        if held:
            shown.update(AllocationId=held.allocation_id, AssociationId=held.association_id)
        return shown

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name == "group-name":
            return [group.name for group in self.group_set]
        if filter_name.startswith("attachment.") and self.service_attachment:
            parts = [part.capitalize() for part in filter_name.removeprefix("attachment.").split("-")]
            return str(self.service_attachment.get("".join(parts), ""))
        if filter_name == "attachment.status":
            return "attached" if self.attachment_id else ""
        if filter_name == "association.public-ip":
            return self.public_ip or ""
        if filter_name == "addresses.private-ip-address":
            return [item["PrivateIpAddress"] for item in self.private_ip_addresses]
        if filter_name == "private-dns-name":
            return self.private_dns_name or ""
        return filter_value(self, filter_name, method_name)

    interface.association = property(association)
    interface.attachment = property(lambda self: self.service_attachment or attachment.fget(self))
    interface.get_filter_value = get_filter_value


def _backend(backend: Any) -> None:
    from moto.ec2.exceptions import InvalidNetworkInterfaceIdError
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    every, one, delete = (
        backend.get_all_network_interfaces,
        backend.get_network_interface,
        backend.delete_network_interface,
    )
    kind: Any = NetworkInterface

    def create_network_interface(
        self: Any,
        subnet: Any,
        private_ip_address: Any = None,
        private_ip_addresses: Sequence[Any] | None = None,
        group_ids: list[str] | None = None,
        description: str | None = None,
        tags: dict[str, str] | None = None,
        delete_on_termination: bool | None = False,
        secondary_ips_count: Any = 0,
        **kwargs: Any,
    ) -> Any:
        subnet = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
        check_groups(self, subnet.vpc_id, group_ids or ())
        used = addresses.taken(self, subnet)
        chosen = _chosen(subnet, private_ip_address, private_ip_addresses or (), used)
        for _ in range(int(secondary_ips_count or 0)):
            chosen.append(addresses.free(subnet, used | set(chosen)))
        listed = [{"Primary": not n, "PrivateIpAddress": address} for n, address in enumerate(chosen)]
        made = kind(
            self,
            subnet,
            chosen[0],
            listed,
            group_ids=group_ids,
            description=description,
            delete_on_termination=delete_on_termination,
            **kwargs,
        )
        if made.private_dns_name:
            made.private_dns_name = addresses.private_name(chosen[0], self.region_name)
            listed[0]["PrivateDnsName"] = made.private_dns_name
        made.add_tags(tags or {})
        self.enis[made.id] = made
        subnet._subnet_ips.update(dict.fromkeys(chosen, made))
        return made

    def delete_network_interface(self: Any, eni_id: str) -> None:
        held = self.enis.get(eni_id)
        delete(self, eni_id)
        # moto's own way back puts addresses into a set and takes them out in an order that differs from run to run.
        for item in held.private_ip_addresses:
            held.subnet._subnet_ips.pop(item["PrivateIpAddress"], None)

    def get_network_interface(self: Any, eni_id: str) -> Any:
        found = one(self, eni_id)
        if lifetimes.gone(found):
            raise InvalidNetworkInterfaceIdError(eni_id)
        return found

    def get_all_network_interfaces(self: Any, eni_ids: list[str] | None = None, filters: Any = None) -> Any:
        for eni_id in eni_ids or ():
            if lifetimes.gone(self.enis.get(eni_id)):
                raise InvalidNetworkInterfaceIdError(eni_id)
        return lifetimes.living(every(self, eni_ids, filters))

    def assign_private_ip_addresses(
        self: Any, eni_id: str, private_ip_addresses: list[str] | None = None, secondary_ips_count: Any = None
    ) -> Any:
        interface = self.get_network_interface(eni_id)
        subnet = interface.subnet
        used = addresses.taken(self, subnet)
        new = list(private_ip_addresses or ())
        for address in new:
            addresses.check(self, subnet, address)
        for _ in range(int(secondary_ips_count or 0)):
            new.append(addresses.free(subnet, used | set(new)))
        for address in new:
            interface.private_ip_addresses.append({"Primary": False, "PrivateIpAddress": address})
            subnet._subnet_ips[address] = interface
        return interface

    backend.create_network_interface = create_network_interface
    backend.delete_network_interface = delete_network_interface
    backend.get_network_interface = get_network_interface
    backend.get_all_network_interfaces = get_all_network_interfaces
    backend.assign_private_ip_addresses = assign_private_ip_addresses


def _chosen(subnet: Any, primary: Any, listed: Sequence[Any], used: set[str]) -> list[str]:
    """The addresses of a new interface, the primary one first.

    moto's own callers (NAT gateways, ECS) pass a random address from anywhere: outside the subnet it does not count.
    """
    if isinstance(primary, list):
        primary = primary[0] if primary else None
    given = [item if isinstance(item, str) else item.get("PrivateIpAddress") for item in listed]
    flagged = [item["PrivateIpAddress"] for item in listed if not isinstance(item, str) and item.get("Primary")]
    first = primary or next(iter(flagged), None) or next(iter(given), None)
    if not first or not addresses.inside(subnet, first):
        first = addresses.free(subnet, used | set(given))
    return [first, *(address for address in given if address != first and addresses.inside(subnet, address))]


def _api(response: Any) -> None:
    from moto.core.responses import ActionResult, EmptyResult
    from moto.ec2.utils import add_tag_specification

    modify, detach = response.modify_network_interface_attribute, response.detach_network_interface

    def create_network_interface(self: Any) -> Any:
        backend = self.ec2_backend
        subnet = backend.get_subnet(self._get_param("SubnetId"))
        primary = self._get_param("PrivateIpAddress")
        listed = self._get_param("PrivateIpAddresses", [])
        asked = [item["PrivateIpAddress"] for item in listed if item.get("PrivateIpAddress")]
        for address in dict.fromkeys([primary, *asked] if primary else asked):
            addresses.check(backend, subnet, address)
        task = self.headers.get(TASK_HEADER)
        made = backend.create_network_interface(
            subnet,
            primary,
            listed,
            self._get_param("Groups", []),
            self._get_param("Description"),
            add_tag_specification(self._get_param("TagSpecifications", [])),
            secondary_ips_count=self._get_int_param("SecondaryPrivateIpAddressCount", 0),
            ipv6_addresses=[item["Ipv6Address"] for item in self._get_param("Ipv6Addresses", [])],
            ipv6_address_count=self._get_int_param("Ipv6AddressCount", 0),
        )
        if task:
            adopt(made, TASK, task)
            if self.headers.get(PUBLIC_HEADER):
                made.public_ip = addresses.public(backend)
        return ActionResult({"NetworkInterface": made})

    def delete_network_interface(self: Any) -> Any:
        interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        if (interface.status == "in-use" or interface.attachment_id) and not self.headers.get(TASK_HEADER):
            raise ec2_errors.refused("interface.in_use", interface=interface.id)
        self.ec2_backend.delete_network_interface(interface.id)
        self.ec2_backend.tags.pop(interface.id, None)
        return EmptyResult()

    def modify_network_interface_attribute(self: Any) -> Any:
        interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        if interface.requester_managed:
            raise ec2_errors.refused("interface.not_yours")
        check_groups(self.ec2_backend, interface.vpc_id, self._get_param("Groups", []))
        return modify(self)

    def detach_network_interface(self: Any) -> Any:
        asked = self._get_param("AttachmentId") or ""
        for interface in self.ec2_backend.get_all_network_interfaces():
            if interface.service_attachment and interface.service_attachment["AttachmentId"] == asked:
                kind = "-".join(asked.split("-")[:2])
                if kind == "ela-attach":
                    raise ec2_errors.refused("interface.attachment_not_yours", kind=kind)
                raise ec2_errors.refused("interface.not_yours")
        return detach(self)

    response.create_network_interface = create_network_interface
    response.delete_network_interface = delete_network_interface
    response.modify_network_interface_attribute = modify_network_interface_attribute
    response.detach_network_interface = detach_network_interface
