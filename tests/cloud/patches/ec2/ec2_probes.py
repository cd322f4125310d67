"""Asked of moto as it comes and of moto with the kit's patches, in one process each; prints the answers as JSON.

Run by test_ec2.py with ``call`` and ``PREPARE`` defined.
"""

import json
import os
from datetime import UTC, datetime, timedelta

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from labs.cloud.contract import AwsError
from labs.cloud.store import determinism, ec2_reader
from labs.cloud.store.dispatch import MotoStore

PREPARE("ec2")  # noqa: F821
from moto.ec2.models import ec2_backends  # noqa: E402

ACCOUNT, REGION = "111122223333", "us-east-1"
STORE = MotoStore(PREPARE)  # noqa: F821
BACKEND = ec2_backends[ACCOUNT][REGION]
PROBES = {}
START = datetime(2026, 1, 2, tzinfo=UTC)
clock = [START]


def ask(operation, **parameters):
    """The answer's members, or the error's code."""
    flat = {}
    for key, value in parameters.items():
        if isinstance(value, list):
            flat.update({f"{key}.{n}": str(item) for n, item in enumerate(value, 1)})
        else:
            flat[key.replace("__", ".")] = str(value)
    try:
        with determinism.fixed(f"{operation}{len(clock)}", clock[-1]):
            clock.append(clock[-1])
            return ec2_reader.read(operation, STORE.run(ec2_reader.request(operation, ACCOUNT, REGION, flat)))
    except AwsError as error:
        return error.code


def later(seconds):
    clock.append(clock[-1] + timedelta(seconds=seconds))


def one(filters, operation, key, **values):
    wanted = {
        f"Filter__{n}__{part}": v
        for n, (name, value) in enumerate(filters.items(), 1)
        for part, v in (("Name", name), ("Value__1", value))
    }
    found = ask(operation, **wanted, **values)
    return found if isinstance(found, str) else found[key]


class Net:
    """A VPC with two subnets and DNS host names."""

    count = 0

    def __init__(self, names=True):
        Net.count += 1
        self.id = ask("CreateVpc", CidrBlock=f"10.{Net.count}.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ask("CreateSubnet", VpcId=self.id, CidrBlock=f"10.{Net.count}.{n}.0/24", AvailabilityZone=f"us-east-1{z}")[
                "Subnet"
            ]["SubnetId"]
            for n, z in enumerate("ab")
        ]
        if names:
            ask("ModifyVpcAttribute", VpcId=self.id, EnableDnsHostnames__Value="true")
        self.table = one({"vpc-id": self.id}, "DescribeRouteTables", "RouteTables")[0]["RouteTableId"]
        self.default = one({"vpc-id": self.id}, "DescribeSecurityGroups", "SecurityGroups")[0]["GroupId"]
        self.range = f"10.{Net.count}.0."

    def group(self, name="g"):
        return ask("CreateSecurityGroup", VpcId=self.id, GroupName=name, GroupDescription="d")["GroupId"]

    def endpoint(self, service="ecr.api", kind="Interface", **more):
        given = {"SubnetId": [self.subnets[0]]} if kind == "Interface" else {}
        answer = ask(
            "CreateVpcEndpoint",
            VpcId=self.id,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            **({"VpcEndpointType": kind} if kind else {}),
            **{**given, **more},
        )
        return answer if isinstance(answer, str) else answer["VpcEndpoint"]

    def eni(self, endpoint, at=-1):
        made = one({"vpc-id": self.id}, "DescribeNetworkInterfaces", "NetworkInterfaces")
        return [eni for eni in made if eni["NetworkInterfaceId"] in endpoint["NetworkInterfaceIds"]][at]


def probe(function):
    try:
        PROBES[function.__name__] = function()
    except AwsError as error:
        PROBES[function.__name__] = error.code
    except Exception as error:  # noqa: BLE001  (what moto stumbles over is an answer too)
        PROBES[function.__name__] = type(error).__name__
    return function


def code(answer):
    return answer if isinstance(answer, str) else "accepted"


@probe
def service_name():
    return code(Net().endpoint("no-such-service"))


@probe
def gateway_for_an_interface_service():
    return code(Net().endpoint("ecr.api", "Gateway"))


@probe
def interface_for_a_gateway_service():
    return code(Net().endpoint("dynamodb"))


@probe
def subnet_of_another_vpc():
    return code(Net().endpoint(SubnetId=[Net().subnets[0]]))


@probe
def two_subnets_of_one_zone():
    net = Net()
    more = ask("CreateSubnet", VpcId=net.id, CidrBlock=f"10.{Net.count}.9.0/24", AvailabilityZone="us-east-1a")
    return code(net.endpoint(SubnetId=[net.subnets[0], more["Subnet"]["SubnetId"]]))


@probe
def subnets_for_a_gateway():
    net = Net()
    return code(net.endpoint("s3", "Gateway", SubnetId=[net.subnets[0]]))


@probe
def route_tables_for_an_interface():
    net = Net()
    return code(net.endpoint(RouteTableId=[net.table]))


@probe
def malformed_policy():
    return code(Net().endpoint(PolicyDocument='{"Statement": ['))


@probe
def private_dns_without_host_names():
    return code(Net(names=False).endpoint())


@probe
def second_endpoint_with_the_private_name():
    net = Net()
    net.endpoint()
    return code(net.endpoint())


@probe
def second_gateway_on_a_route_table():
    net = Net()
    net.endpoint("s3", "Gateway", RouteTableId=[net.table])
    return code(net.endpoint("s3", "Gateway", RouteTableId=[net.table]))


@probe
def group_of_another_vpc():
    return code(Net().endpoint(SecurityGroupId=[Net().default]))


@probe
def default_group():
    net = Net()
    return [group["GroupId"] == net.default for group in net.endpoint()["Groups"]]


@probe
def groups_on_the_interface():
    net = Net()
    group = net.group()
    made = net.endpoint(SecurityGroupId=[group])
    return [held["GroupId"] == group for held in net.eni(made)["Groups"]]


@probe
def address_in_the_subnet():
    net = Net()
    return net.eni(net.endpoint())["PrivateIpAddress"].startswith(net.range)


@probe
def interface_fields():
    net = Net()
    made = net.endpoint()
    eni = net.eni(made)
    return [
        eni["InterfaceType"],
        eni["RequesterManaged"],
        eni["Status"],
        eni["Description"] == f"VPC Endpoint Interface {made['VpcEndpointId']}",
    ]


@probe
def endpoint_fields():
    made = Net().endpoint()
    return [made.get("IpAddressType"), made.get("DnsOptions"), made.get("RequesterManaged")]


@probe
def dns_names():
    made = Net().endpoint()
    base = "api.ecr.us-east-1.vpce.amazonaws.com"
    return [entry["DnsName"].removeprefix(made["VpcEndpointId"]).endswith(base) for entry in made["DnsEntries"]]


@probe
def private_name_listed():
    return "api.ecr.us-east-1.amazonaws.com" in [entry["DnsName"] for entry in Net().endpoint()["DnsEntries"]]


@probe
def pending_then_available():
    made = Net().endpoint()
    later(5)
    after = ask("DescribeVpcEndpoints", VpcEndpointId=[made["VpcEndpointId"]])["VpcEndpoints"][0]
    return [made["State"], after["State"]]


@probe
def type_left_out():
    return Net().endpoint("s3", "")["VpcEndpointType"] if Net else ""


@probe
def type_left_out_can_be_deleted():
    return code(ask("DeleteVpcEndpoints", VpcEndpointId=[Net().endpoint("s3", "")["VpcEndpointId"]]))


@probe
def deleted_ones_are_gone():
    made = Net().endpoint()
    ask("DeleteVpcEndpoints", VpcEndpointId=[made["VpcEndpointId"]])
    later(5)
    return [
        endpoint["State"]
        for endpoint in ask("DescribeVpcEndpoints")["VpcEndpoints"]
        if endpoint["VpcEndpointId"] == made["VpcEndpointId"]
    ]


@probe
def unknown_one_is_told():
    return [item["Error"]["Code"] for item in ask("DeleteVpcEndpoints", VpcEndpointId=["vpce-0"])["Unsuccessful"]]


def endpoint_filter(name, value):
    net = Net()
    made = net.endpoint()
    found = one({name: value(made)}, "DescribeVpcEndpoints", "VpcEndpoints")
    return found if isinstance(found, str) else made["VpcEndpointId"] in [one["VpcEndpointId"] for one in found]


@probe
def filter_vpc_endpoint_id():
    return endpoint_filter("vpc-endpoint-id", lambda made: made["VpcEndpointId"])


@probe
def filter_ip_address_type():
    return endpoint_filter("ip-address-type", lambda made: "ipv4")


def changed(net, made, **parameters):
    answer = ask("ModifyVpcEndpoint", VpcEndpointId=made["VpcEndpointId"], **parameters)
    if isinstance(answer, str):
        return answer
    return ask("DescribeVpcEndpoints", VpcEndpointId=[made["VpcEndpointId"]])["VpcEndpoints"][0]


@probe
def modify_private_dns():
    net = Net()
    return changed(net, net.endpoint(), PrivateDnsEnabled="false")["PrivateDnsEnabled"]


@probe
def modify_adds_an_interface():
    net = Net()
    return len(changed(net, net.endpoint(), AddSubnetId=[net.subnets[1]])["NetworkInterfaceIds"])


@probe
def modify_removes_an_interface():
    net = Net()
    made = net.endpoint(SubnetId=net.subnets)
    return len(changed(net, made, RemoveSubnetId=[net.subnets[1]])["NetworkInterfaceIds"])


@probe
def modify_groups_of_the_interface():
    net = Net()
    group = net.group()
    made = net.endpoint()
    changed(net, made, AddSecurityGroupId=[group], RemoveSecurityGroupId=[net.default])
    return [held["GroupId"] == group for held in net.eni(made)["Groups"]]


def led(net):
    table = ask("DescribeRouteTables", RouteTableId=[net.table])["RouteTables"][0]
    return [route["GatewayId"][:5] for route in table["Routes"] if "DestinationPrefixListId" in route]


@probe
def modify_adds_a_route():
    net = Net()
    changed(net, net.endpoint("s3", "Gateway"), AddRouteTableId=[net.table])
    return led(net)


@probe
def modify_removes_a_route():
    net = Net()
    changed(net, net.endpoint("s3", "Gateway", RouteTableId=[net.table]), RemoveRouteTableId=[net.table])
    return led(net)


@probe
def modify_refuses_a_malformed_policy():
    net = Net()
    return code(changed(net, net.endpoint(), PolicyDocument="{"))


@probe
def own_interface_in_the_subnet():
    net = Net()
    made = ask("CreateNetworkInterface", SubnetId=net.subnets[0], PrivateIpAddress="192.0.2.1")
    return made if isinstance(made, str) else "accepted"


@probe
def reserved_address():
    net = Net()
    return code(ask("CreateNetworkInterface", SubnetId=net.subnets[0], PrivateIpAddress=f"{net.range}3"))


@probe
def addresses_are_unique():
    net = Net()
    small = ask("CreateSubnet", VpcId=net.id, CidrBlock=f"10.{Net.count}.9.0/28", AvailabilityZone="us-east-1c")
    small = small["Subnet"]["SubnetId"]
    made = [ask("CreateNetworkInterface", SubnetId=small) for _ in range(12)]
    found = {answer["NetworkInterface"]["PrivateIpAddress"] for answer in made if not isinstance(answer, str)}
    last = sorted(int(address.rsplit(".", 1)[1]) for address in found)
    return [len(found), last[0] >= 4 and last[-1] <= 14, made[-1] if isinstance(made[-1], str) else "accepted"]


@probe
def group_that_does_not_exist():
    net = Net()
    return code(ask("CreateNetworkInterface", SubnetId=net.subnets[0], SecurityGroupId=["sg-0123456789abcdef0"]))


@probe
def interface_in_use():
    net = Net()
    made = net.endpoint()
    return code(ask("DeleteNetworkInterface", NetworkInterfaceId=made["NetworkInterfaceIds"][0]))


@probe
def private_name_without_host_names():
    net = Net(names=False)
    eni = BACKEND.create_network_interface(net.subnets[0], "")
    return eni.private_dns_name


@probe
def subnet_in_use():
    net = Net()
    net.endpoint()
    return code(ask("DeleteSubnet", SubnetId=net.subnets[0]))


@probe
def subnet_takes_its_associations_along():
    net = Net()
    table = ask("CreateRouteTable", VpcId=net.id)["RouteTable"]["RouteTableId"]
    ask("AssociateRouteTable", RouteTableId=table, SubnetId=net.subnets[0])
    ask("DeleteSubnet", SubnetId=net.subnets[0])
    return code(ask("DeleteRouteTable", RouteTableId=table))


@probe
def group_in_use():
    net = Net()
    group = net.group()
    net.endpoint(SecurityGroupId=[group])
    return code(ask("DeleteSecurityGroup", GroupId=group))


@probe
def group_named_by_another():
    net = Net()
    group, other = net.group("g"), net.group("h")
    ask(
        "AuthorizeSecurityGroupIngress",
        GroupId=other,
        IpPermissions__1__IpProtocol="tcp",
        IpPermissions__1__FromPort="443",
        IpPermissions__1__ToPort="443",
        IpPermissions__1__Groups__1__GroupId=group,
    )
    return code(ask("DeleteSecurityGroup", GroupId=group))


@probe
def default_group_stays():
    return code(ask("DeleteSecurityGroup", GroupId=Net().default))


@probe
def rules_all_or_none():
    net = Net()
    group = net.group()
    rule = {"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443", "IpRanges__1__CidrIp": "10.0.0.0/8"}
    twice = {f"IpPermissions__{n}__{key}": value for n in (1, 2) for key, value in rule.items()}
    ask("AuthorizeSecurityGroupIngress", GroupId=group, **twice)
    return len(ask("DescribeSecurityGroups", GroupId=[group])["SecurityGroups"][0]["IpPermissions"])


@probe
def rules_all_answered():
    net = Net()
    rules = {
        f"IpPermissions__{n}__{key}": value
        for n, port in ((1, "80"), (2, "443"))
        for key, value in {
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "IpRanges__1__CidrIp": "10.0.0.0/8",
        }.items()
    }
    return len(ask("AuthorizeSecurityGroupIngress", GroupId=net.group(), **rules)["SecurityGroupRules"])


@probe
def vpc_in_use():
    net = Net()
    for subnet in net.subnets:
        ask("DeleteSubnet", SubnetId=subnet)
    net.endpoint("s3", "Gateway")
    return code(ask("DeleteVpc", VpcId=net.id))


@probe
def vpc_with_a_gateway():
    net = Net()
    for subnet in net.subnets:
        ask("DeleteSubnet", SubnetId=subnet)
    igw = ask("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    ask("AttachInternetGateway", InternetGatewayId=igw, VpcId=net.id)
    return code(ask("DeleteVpc", VpcId=net.id))


@probe
def vpc_takes_its_acl_along():
    net = Net()
    for subnet in net.subnets:
        ask("DeleteSubnet", SubnetId=subnet)
    ask("DeleteVpc", VpcId=net.id)
    return len(one({"vpc-id": net.id}, "DescribeNetworkAcls", "NetworkAcls"))


@probe
def default_vpc_has_a_way_out():
    default = one({"is-default": "true"}, "DescribeVpcs", "Vpcs")[0]["VpcId"]
    routes = one({"vpc-id": default}, "DescribeRouteTables", "RouteTables")[0]["Routes"]
    return [route["GatewayId"][:4] for route in routes]


@probe
def default_dhcp_options():
    found = ask("DescribeDhcpOptions")["DhcpOptions"]
    return [pair["Values"][0]["Value"] for options in found for pair in options["DhcpConfigurations"]]


@probe
def dhcp_options_outlive_a_vpc():
    net = Net()
    made = ask("CreateDhcpOptions", DhcpConfiguration__1__Key="domain-name", DhcpConfiguration__1__Value__1="x.test")
    options = made["DhcpOptions"]["DhcpOptionsId"]
    ask("AssociateDhcpOptions", DhcpOptionsId=options, VpcId=net.id)
    for subnet in net.subnets:
        ask("DeleteSubnet", SubnetId=subnet)
    ask("DeleteVpc", VpcId=net.id)
    return code(ask("DescribeDhcpOptions", DhcpOptionsId=[options]))


@probe
def prefix_list_ranges():
    return len(ask("DescribePrefixLists")["PrefixLists"][0].get("Cidrs", [])) > 0


@probe
def deleted_prefix_list():
    made = ask("CreateManagedPrefixList", PrefixListName="p", MaxEntries="1", AddressFamily="IPv4")["PrefixList"]
    ask("DeleteManagedPrefixList", PrefixListId=made["PrefixListId"])
    return len(ask("DescribeManagedPrefixLists", PrefixListId=[made["PrefixListId"]])["PrefixLists"])


def nat(net):
    address = ask("AllocateAddress", Domain="vpc")
    igw = ask("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    ask("AttachInternetGateway", InternetGatewayId=igw, VpcId=net.id)
    made = ask("CreateNatGateway", SubnetId=net.subnets[0], AllocationId=address["AllocationId"])["NatGateway"]
    return made["NatGatewayId"], address, igw


@probe
def elastic_address():
    return ask("AllocateAddress", Domain="vpc")["PublicIp"].startswith("127.")


@probe
def deleted_nat_leaves_the_subnet():
    net = Net()
    gateway, _, _ = nat(net)
    ask("DeleteNatGateway", NatGatewayId=gateway)
    later(5)
    return len(one({"subnet-id": net.subnets[0]}, "DescribeNetworkInterfaces", "NetworkInterfaces"))


@probe
def nat_connectivity():
    net = Net()
    gateway, _, _ = nat(net)
    return ask("DescribeNatGateways", NatGatewayId=[gateway])["NatGateways"][0].get("ConnectivityType")


@probe
def route_to_a_deleted_nat():
    net = Net()
    gateway, _, _ = nat(net)
    ask("CreateRoute", RouteTableId=net.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    ask("DeleteNatGateway", NatGatewayId=gateway)
    routes = ask("DescribeRouteTables", RouteTableId=[net.table])["RouteTables"][0]["Routes"]
    return [route["State"] for route in routes if route.get("NatGatewayId")]


@probe
def gateway_with_public_addresses():
    net = Net()
    _, _, igw = nat(net)
    return code(ask("DetachInternetGateway", InternetGatewayId=igw, VpcId=net.id))


@probe
def route_to_a_gateway_elsewhere():
    igw = ask("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    net = Net()
    return code(ask("CreateRoute", RouteTableId=net.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw))


@probe
def route_to_no_nat():
    net = Net()
    return code(ask("CreateRoute", RouteTableId=net.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0"))


@probe
def endpoint_route_stays():
    net = Net()
    net.endpoint("s3", "Gateway", RouteTableId=[net.table])
    routes = ask("DescribeRouteTables", RouteTableId=[net.table])["RouteTables"][0]["Routes"]
    prefix = next(route["DestinationPrefixListId"] for route in routes if "DestinationPrefixListId" in route)
    return code(ask("DeleteRoute", RouteTableId=net.table, DestinationPrefixListId=prefix))


@probe
def second_association():
    net = Net()
    tables = [ask("CreateRouteTable", VpcId=net.id)["RouteTable"]["RouteTableId"] for _ in range(2)]
    ask("AssociateRouteTable", RouteTableId=tables[0], SubnetId=net.subnets[0])
    return code(ask("AssociateRouteTable", RouteTableId=tables[1], SubnetId=net.subnets[0]))


@probe
def main_table_stays():
    return code(ask("DeleteRouteTable", RouteTableId=Net().table))


@probe
def endpoints_by_tag():
    net = Net()
    net.endpoint(
        TagSpecification__1__ResourceType="vpc-endpoint",
        TagSpecification__1__Tag__1__Key="k",
        TagSpecification__1__Tag__1__Value="v",
    )
    return any(found.resource_type == "ec2:vpc-endpoint" for found in BACKEND.iter_tagged_resources())


@probe
def unknown_id_among_known_ones():
    net = Net()
    request = ec2_reader.request("DescribeVpcs", ACCOUNT, REGION, {"VpcId.1": net.id, "VpcId.2": "vpc-0"})
    return STORE.run(request).body.decode().partition("<Message>")[2].partition("</Message>")[0]


@probe
def unknown_nat_gateway():
    return code(ask("DescribeNatGateways", NatGatewayId=["nat-0"]))


print(json.dumps(PROBES))
