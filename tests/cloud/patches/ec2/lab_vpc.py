"""A VPC with two private subnets, as the course builds it."""

import itertools
import json

_ranges = itertools.count(1)


class LabVpc:
    """The network of one test. ``endpoint`` makes an interface endpoint of a service's short name."""

    def __init__(self, ec2, host_names=True):
        self.ec2 = ec2
        self.prefix = f"10.{next(_ranges)}"
        self.id = ec2.create_vpc(CidrBlock=f"{self.prefix}.0.0/16")["Vpc"]["VpcId"]
        if host_names:
            ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        self.a, self.b = (self.subnet(n, zone) for n, zone in enumerate("ab"))

    def subnet(self, number, zone, size=24):
        made = self.ec2.create_subnet(
            VpcId=self.id, CidrBlock=f"{self.prefix}.{number}.0/{size}", AvailabilityZone=f"us-east-1{zone}"
        )
        return made["Subnet"]["SubnetId"]

    def group(self, name):
        return self.ec2.create_security_group(VpcId=self.id, GroupName=name, Description="of a test")["GroupId"]

    def table(self):
        return self.ec2.create_route_table(VpcId=self.id)["RouteTable"]["RouteTableId"]

    def request(self, service="ecr.api", **more):
        wanted = {
            "VpcId": self.id,
            "ServiceName": f"com.amazonaws.us-east-1.{service}",
            "VpcEndpointType": "Interface",
            "SubnetIds": [self.a],
        }
        return {key: value for key, value in {**wanted, **more}.items() if value is not None}

    def endpoint(self, service="ecr.api", **more):
        return self.ec2.create_vpc_endpoint(**self.request(service, **more))["VpcEndpoint"]

    def gateway(self, service="s3", *tables, **more):
        return self.endpoint(service, VpcEndpointType="Gateway", SubnetIds=None, RouteTableIds=list(tables), **more)

    def described(self, endpoint):
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"][0]

    def only(self, kind, key, **filters):
        wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return getattr(self.ec2, f"describe_{kind}")(Filters=[*wanted])[key]

    def interfaces(self):
        return self.only("network_interfaces", "NetworkInterfaces", vpc_id=self.id)

    def routes(self, table):
        return self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]

    def default_group(self):
        return self.only("security_groups", "SecurityGroups", vpc_id=self.id, group_name="default")[0]["GroupId"]

    def gone(self, endpoint):
        wanted = endpoint["VpcEndpointId"]
        return wanted not in [held["VpcEndpointId"] for held in self.only("vpc_endpoints", "VpcEndpoints")]


def picture(ec2):
    """Everything of the network that the API shows, to be compared."""
    looks = (
        "vpcs",
        "subnets",
        "route_tables",
        "security_groups",
        "network_acls",
        "network_interfaces",
        "vpc_endpoints",
        "nat_gateways",
        "internet_gateways",
        "dhcp_options",
        "prefix_lists",
        "managed_prefix_lists",
        "addresses",
        "tags",
    )
    found = {}
    for look in looks:
        answer = getattr(ec2, f"describe_{look}")()
        answer.pop("ResponseMetadata")
        found[look] = json.loads(json.dumps(answer, default=str, sort_keys=True))
    return found
