"""The network interfaces that ECS makes for Fargate tasks.

Each is an ordinary CreateNetworkInterface in the journal, marked by a header that no caller from outside can send: it
survives SIGKILL and comes back with the same id, address and attachment. Amazon ECS developer guide, "Fargate task
networking": the task's interface is visible in the account, and managed by its requester.
"""

from collections.abc import Callable, Mapping, Sequence

from labs.cloud.contract import AwsError
from labs.cloud.ecs.rules.task_network import TaskInterface
from labs.cloud.patches.ec2.interfaces import PUBLIC_HEADER, TASK_HEADER
from labs.cloud.protocols import xml_text
from labs.cloud.store import ec2_reader
from labs.cloud.store.dispatch import StoreRequest
from labs.cloud.wire.answer import HttpAnswer


class TaskInterfaces:
    """Make and remove them in one account and Region. ``write`` is ``DurableStore.write``.

    Not to be used inside another write: the store's lock is not re-entrant.
    """

    def __init__(self, write: Callable[[StoreRequest], HttpAnswer], account: str, region: str) -> None:
        self._write = write
        self._account = account
        self._region = region

    def create(
        self,
        subnet_id: str,
        group_ids: Sequence[str],
        attachment_arn: str,
        *,
        public: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> TaskInterface:
        """An interface with a free address of the subnet; the VPC's default group when none is given.

        ``attachment_arn`` (arn:aws:ecs:REGION:ACCOUNT:attachment/UUID) becomes its description. Raises AwsError:
        InvalidSubnetID.NotFound, InvalidGroup.NotFound, InsufficientFreeAddressesInSubnet, ServiceUnavailable.
        """
        parameters = {"SubnetId": subnet_id, "Description": attachment_arn}
        parameters |= {f"SecurityGroupId.{number}": group for number, group in enumerate(group_ids, 1)}
        if tags:
            parameters["TagSpecification.1.ResourceType"] = "network-interface"
        for number, (key, value) in enumerate((tags or {}).items(), 1):
            # ECS answers in JSON, and has kept what EC2's answers cannot hold.
            parameters[f"TagSpecification.1.Tag.{number}.Key"] = xml_text.held(key)
            parameters[f"TagSpecification.1.Tag.{number}.Value"] = xml_text.held(value)
        headers = {TASK_HEADER: attachment_arn, **({PUBLIC_HEADER: "true"} if public else {})}
        made = self._call("CreateNetworkInterface", parameters, headers)["NetworkInterface"]
        return TaskInterface(
            id=made["NetworkInterfaceId"],
            mac_address=made["MacAddress"],
            private_ip_address=made["PrivateIpAddress"],
            private_dns_name=made.get("PrivateDnsName", ""),
            public_ip=made.get("Association", {}).get("PublicIp", ""),
            subnet_id=made["SubnetId"],
            vpc_id=made["VpcId"],
            availability_zone=made["AvailabilityZone"],
            group_ids=tuple(group["GroupId"] for group in made["Groups"]),
        )

    def delete(self, interface_id: str) -> None:
        """Remove one; nothing happens when it is not there. Raises AwsError(ServiceUnavailable)."""
        try:
            self._call("DeleteNetworkInterface", {"NetworkInterfaceId": interface_id}, {TASK_HEADER: interface_id})
        except AwsError as error:
            if error.code != "InvalidNetworkInterfaceID.NotFound":
                raise

    def _call(self, operation: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> ec2_reader.Plain:
        request = ec2_reader.request(operation, self._account, self._region, parameters, headers)
        return ec2_reader.read(operation, self._write(request))
