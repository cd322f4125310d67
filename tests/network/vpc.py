"""A small VPC as EC2's describe_* answers, to be bent one piece at a time."""

import pickle

from labs.network import ProposedInterface, Snapshot, reach

VPC, REGION, ACCOUNT = "vpc-1", "us-east-1", "111122223333"
TASKS, ENDPOINTS = "sg-tasks", "sg-endpoints"
A, B = "subnet-a", "subnet-b"
TABLE, ACL, S3_LIST = "rtb-private", "acl-1", "pl-s3"
ECR_API = f"api.ecr.{REGION}.amazonaws.com:443"
ECR_DKR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com:443"
SSM = f"ssm.{REGION}.amazonaws.com:443"
LOGS = f"logs.{REGION}.amazonaws.com:443"
LAYERS = f"prod-{REGION}-starport-layer-bucket.s3.{REGION}.amazonaws.com:443"
TALK = ("ecr.api", "ecr.dkr", "ssm", "logs")
EVERYONE = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'


def permission(to="0.0.0.0/0", ports=443, protocol="tcp"):
    """One permission: to (or from) a block, a group or a prefix list; ports a number or a pair."""
    made = {"IpProtocol": protocol}
    if protocol != "-1":
        low, high = ports if isinstance(ports, tuple) else (ports, ports)
        made |= {"FromPort": low, "ToPort": high}
    if to.startswith("sg-"):
        return made | {"UserIdGroupPairs": [{"GroupId": to}]}
    if to.startswith("pl-"):
        return made | {"PrefixListIds": [{"PrefixListId": to}]}
    if ":" in to:
        return made | {"Ipv6Ranges": [{"CidrIpv6": to}]}
    return made | {"IpRanges": [{"CidrIp": to}]}


def entry(number, action, egress=False, block="0.0.0.0/0", ports=None, protocol=None):
    """One network ACL entry; all traffic when no ports are given."""
    made = {"RuleNumber": number, "RuleAction": action, "Egress": egress}
    made["Protocol"] = protocol or ("-1" if ports is None else "6")
    made["Ipv6CidrBlock" if ":" in block else "CidrBlock"] = block
    if ports is not None:
        made["PortRange"] = {"From": ports[0], "To": ports[1]}
    return made


def open_acl(id, *subnets, default=True):
    """A network ACL as a new VPC has it."""
    rules = [entry(100, "allow", egress) for egress in (False, True)]
    rules += [entry(32767, "deny", egress) for egress in (False, True)]
    linked = [{"NetworkAclId": id, "SubnetId": subnet} for subnet in subnets]
    return {"NetworkAclId": id, "VpcId": VPC, "IsDefault": default, "Associations": linked, "Entries": rules}


def local(block="10.0.0.0/16"):
    return {"DestinationCidrBlock": block, "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"}


def subnet(id, number, zone):
    return {
        "SubnetId": id,
        "VpcId": VPC,
        "CidrBlock": f"10.0.{number}.0/24",
        "AvailabilityZone": f"{REGION}{zone}",
        "Tags": [{"Key": "Name", "Value": f"private-{zone}"}],
    }


def interface(id, subnet, address, *groups, zone="a", public=None):
    made = {
        "NetworkInterfaceId": id,
        "VpcId": VPC,
        "SubnetId": subnet,
        "AvailabilityZone": f"{REGION}{zone}",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "PrivateDnsName": f"ip-{address.replace('.', '-')}.ec2.internal",
        "Groups": [{"GroupId": group} for group in groups],
    }
    return made | ({"Association": {"PublicIp": public}} if public else {})


def group(id, inbound=(), outbound=(), name=""):
    return {
        "GroupId": id,
        "GroupName": name or id,
        "VpcId": VPC,
        "IpPermissions": list(inbound),
        "IpPermissionsEgress": list(outbound),
    }


class Cloud:
    """The course's VPC, working: two private subnets, no NAT, the talk's four endpoints and the S3 gateway.

    ``document`` is the snapshot's document; the properties give its parts to be changed in place.
    """

    def __init__(self):
        self.document = {
            "Region": REGION,
            "Vpcs": [{"VpcId": VPC, "CidrBlock": "10.0.0.0/16", "DhcpOptionsId": "dopt-1", "State": "available"}],
            "VpcAttributes": {VPC: {"enableDnsSupport": True, "enableDnsHostnames": True}},
            "Subnets": [subnet(A, 1, "a"), subnet(B, 2, "b")],
            "RouteTables": [
                {
                    "RouteTableId": TABLE,
                    "VpcId": VPC,
                    "Associations": [{"SubnetId": A, "Main": False}, {"SubnetId": B, "Main": False}],
                    "Routes": [
                        local(),
                        {"DestinationPrefixListId": S3_LIST, "GatewayId": "vpce-s3", "State": "active"},
                    ],
                },
                {"RouteTableId": "rtb-main", "VpcId": VPC, "Associations": [{"Main": True}], "Routes": [local()]},
            ],
            "SecurityGroups": [
                group(TASKS, outbound=[permission(ENDPOINTS), permission(S3_LIST)]),
                group(ENDPOINTS, inbound=[permission(TASKS)]),
                group("sg-default", [permission("sg-default", protocol="-1")], [permission(protocol="-1")], "default"),
            ],
            "NetworkAcls": [open_acl(ACL, A, B)],
            "NetworkInterfaces": [interface("eni-task", A, "10.0.1.10", TASKS)],
            "VpcEndpoints": [
                {
                    "VpcEndpointId": "vpce-s3",
                    "VpcEndpointType": "Gateway",
                    "VpcId": VPC,
                    "ServiceName": f"com.amazonaws.{REGION}.s3",
                    "State": "available",
                    "RouteTableIds": [TABLE],
                    "PolicyDocument": EVERYONE,
                }
            ],
            "NatGateways": [],
            "InternetGateways": [],
            "EgressOnlyInternetGateways": [],
            "VpcPeeringConnections": [],
            "TransitGatewayAttachments": [],
            "DhcpOptions": [
                {
                    "DhcpOptionsId": "dopt-1",
                    "DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]}],
                }
            ],
            "PrefixLists": [
                {
                    "PrefixListId": S3_LIST,
                    "PrefixListName": f"com.amazonaws.{REGION}.s3",
                    "Cidrs": ["52.216.0.0/15", "3.5.0.0/19"],
                }
            ],
        }
        for number, service in enumerate(TALK):
            self.add_endpoint(service, number)

    def add_endpoint(self, service, number, subnets=(A, B), groups=(ENDPOINTS,), id=""):
        """An interface endpoint with private DNS, an interface in each subnet."""
        id = id or f"vpce-{service}"
        interfaces = []
        for place in subnets:
            zone = place[-1]
            interfaces.append(f"eni-{service}-{zone}")
            block = next(s["CidrBlock"] for s in self.document["Subnets"] if s["SubnetId"] == place)
            address = block.replace("0/24", str(100 + number))
            self["NetworkInterfaces"].append(interface(interfaces[-1], place, address, *groups, zone=zone))
        self["VpcEndpoints"].append(
            {
                "VpcEndpointId": id,
                "VpcEndpointType": "Interface",
                "VpcId": VPC,
                "ServiceName": f"com.amazonaws.{REGION}.{service}",
                "State": "available",
                "PrivateDnsEnabled": True,
                "SubnetIds": list(subnets),
                "NetworkInterfaceIds": interfaces,
                "Groups": [{"GroupId": name} for name in groups],
                "DnsEntries": [{"DnsName": f"{id}.{service}.{REGION}.vpce.amazonaws.com", "HostedZoneId": "Z1"}],
                "PolicyDocument": EVERYONE,
            }
        )

    def add_public_subnet(self, nat=False, attached=True):
        """subnet-p with a route to an internet gateway and, with ``nat``, a NAT gateway that rtb-private leads to."""
        self["Subnets"].append(subnet("subnet-p", 9, "a"))
        states = [{"VpcId": VPC, "State": "available"}] if attached else []
        self["InternetGateways"].append({"InternetGatewayId": "igw-1", "Attachments": states})
        outside = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
        table = {"RouteTableId": "rtb-public", "VpcId": VPC, "Associations": [{"SubnetId": "subnet-p"}]}
        self["RouteTables"].append(table | {"Routes": [local(), outside]})
        self["NetworkAcls"].append(open_acl("acl-public", "subnet-p", default=False))
        self["NetworkInterfaces"].append(interface("eni-public", "subnet-p", "10.0.9.10", TASKS, public="198.51.100.7"))
        if nat:
            made = {"NatGatewayId": "nat-1", "VpcId": VPC, "SubnetId": "subnet-p", "State": "available"}
            made |= {"ConnectivityType": "public", "NatGatewayAddresses": [{"PrivateIp": "10.0.9.20"}]}
            self["NatGateways"].append(made)
            self.table()["Routes"].append({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"})

    def copy(self):
        """Another one like it. Plain values: pickle copies them five times as fast as copy.deepcopy."""
        return pickle.loads(pickle.dumps(self))

    def __getitem__(self, key):
        return self.document[key]

    def one(self, key, **fields):
        """The one object of a list whose fields are as given."""
        (found,) = [item for item in self.document[key] if all(item.get(k) == v for k, v in fields.items())]
        return found

    def table(self, id=TABLE):
        return self.one("RouteTables", RouteTableId=id)

    def group(self, id=TASKS):
        return self.one("SecurityGroups", GroupId=id)

    def acl(self, id=ACL):
        return self.one("NetworkAcls", NetworkAclId=id)

    def endpoint(self, service):
        return self.one("VpcEndpoints", ServiceName=f"com.amazonaws.{REGION}.{service}")

    def interface(self, id="eni-task"):
        return self.one("NetworkInterfaces", NetworkInterfaceId=id)

    def attributes(self):
        return self.document["VpcAttributes"][VPC]

    def remove(self, key, **fields):
        self.document[key].remove(self.one(key, **fields))

    def own_acl(self, place, *entries):
        """Give a subnet a network ACL of its own with these entries only."""
        for acl in self["NetworkAcls"]:
            acl["Associations"] = [item for item in acl["Associations"] if item["SubnetId"] != place]
        made = open_acl(f"acl-{place}", place, default=False)
        made["Entries"] = [item for item in made["Entries"] if item["RuleNumber"] == 32767] + list(entries)
        self["NetworkAcls"].append(made)

    def snapshot(self):
        return Snapshot.parse(self.document)

    def reach(self, to=ECR_API, source="eni-task", **more):
        """The path from the task to a destination."""
        return reach(self.snapshot(), source, to, **more)


def task(subnet=A, *groups, public=False):
    """A task's interface that is only proposed."""
    return ProposedInterface(subnet, groups, public)
