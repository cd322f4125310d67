"""What EC2 would do to the VPC when a fix's call is made, on the builder's document."""

from labs.network import ProposedInterface

from .vpc import entry


def apply(fix, cloud, source):
    """Make the call; returns the source, which run_task replaces."""
    parameters = dict(fix.parameters)
    return _CALLS[fix.operation](cloud, parameters, source) or source


def _authorize(key):
    def call(cloud, parameters, _source):
        cloud.group(parameters["GroupId"])[key].extend(parameters["IpPermissions"])

    return call


def _create_entry(cloud, parameters, _source):
    acl = cloud.acl(parameters["NetworkAclId"])
    side = [item["RuleNumber"] for item in acl["Entries"] if item["Egress"] == parameters["Egress"]]
    assert parameters["RuleNumber"] not in side, "EC2 would answer NetworkAclEntryAlreadyExists"
    assert 1 <= parameters["RuleNumber"] <= 32766
    block = parameters.get("CidrBlock") or parameters["Ipv6CidrBlock"]
    ports = (parameters["PortRange"]["From"], parameters["PortRange"]["To"])
    made = entry(parameters["RuleNumber"], parameters["RuleAction"], parameters["Egress"], block, ports)
    acl["Entries"].append(made | {"Protocol": parameters["Protocol"]})


def _delete_entry(cloud, parameters, _source):
    acl = cloud.acl(parameters["NetworkAclId"])
    wanted = (parameters["RuleNumber"], parameters["Egress"])
    acl["Entries"] = [item for item in acl["Entries"] if (item["RuleNumber"], item["Egress"]) != wanted]


def _modify_vpc(cloud, parameters, _source):
    for key, name in (("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")):
        if key in parameters:
            cloud["VpcAttributes"][parameters["VpcId"]][name] = parameters[key]["Value"]


def _modify_endpoint(cloud, parameters, _source):
    endpoint = cloud.one("VpcEndpoints", VpcEndpointId=parameters["VpcEndpointId"])
    if parameters.get("PrivateDnsEnabled"):
        assert all(cloud.attributes().values()), "EC2 would refuse private DNS"
        endpoint["PrivateDnsEnabled"] = True
    if "DnsOptions" in parameters:
        endpoint["DnsOptions"] = parameters["DnsOptions"]
    for table in parameters.get("AddRouteTableIds", ()):
        endpoint["RouteTableIds"].append(table)
        _gateway_route(cloud, endpoint, table)
    if "AddSubnetIds" in parameters:
        service = endpoint["ServiceName"].split(".", 3)[3]
        cloud["VpcEndpoints"].remove(endpoint)
        groups = [item["GroupId"] for item in endpoint["Groups"]]
        cloud.add_endpoint(service, 50, parameters["AddSubnetIds"], groups, endpoint["VpcEndpointId"])


def _create_endpoint(cloud, parameters, _source):
    service = parameters["ServiceName"].split(".", 3)[3]
    if parameters["VpcEndpointType"] == "Interface":
        groups = parameters.get("SecurityGroupIds", ["sg-default"])
        cloud.add_endpoint(service, 60, parameters["SubnetIds"], groups, f"vpce-new-{service}")
        return
    made = {
        "VpcEndpointId": f"vpce-new-{service}",
        "VpcEndpointType": "Gateway",
        "VpcId": parameters["VpcId"],
        "ServiceName": parameters["ServiceName"],
        "State": "available",
        "RouteTableIds": list(parameters["RouteTableIds"]),
    }
    cloud["VpcEndpoints"].append(made)
    for table in parameters["RouteTableIds"]:
        _gateway_route(cloud, made, table)


def _gateway_route(cloud, endpoint, table):
    (prefix_list,) = [p for p in cloud["PrefixLists"] if p["PrefixListName"] == endpoint["ServiceName"]]
    routes = cloud.table(table)["Routes"]
    routes.append({"DestinationPrefixListId": prefix_list["PrefixListId"], "GatewayId": endpoint["VpcEndpointId"]})


def _create_route(cloud, parameters, _source):
    routes = cloud.table(parameters.pop("RouteTableId"))["Routes"]
    key = next(key for key in parameters if key.startswith("Destination"))
    assert all(route.get(key) != parameters[key] for route in routes), "EC2 would answer RouteAlreadyExists"
    routes.append({**parameters, "State": "active"})


def _delete_route(cloud, parameters, _source):
    table = cloud.table(parameters.pop("RouteTableId"))
    ((key, value),) = parameters.items()
    kept = [route for route in table["Routes"] if route.get(key) != value]
    assert len(kept) == len(table["Routes"]) - 1
    table["Routes"] = kept


def _attach(cloud, parameters, _source):
    gateway = cloud.one("InternetGateways", InternetGatewayId=parameters["InternetGatewayId"])
    gateway["Attachments"] = [{"VpcId": parameters["VpcId"], "State": "available"}]


def _run_task(_cloud, parameters, _source):
    wanted = parameters["networkConfiguration"]["awsvpcConfiguration"]
    return ProposedInterface(
        wanted["subnets"][0], tuple(wanted["securityGroups"]), wanted["assignPublicIp"] == "ENABLED"
    )


_CALLS = {
    "authorize_security_group_egress": _authorize("IpPermissionsEgress"),
    "authorize_security_group_ingress": _authorize("IpPermissions"),
    "create_network_acl_entry": _create_entry,
    "delete_network_acl_entry": _delete_entry,
    "modify_vpc_attribute": _modify_vpc,
    "modify_vpc_endpoint": _modify_endpoint,
    "create_vpc_endpoint": _create_endpoint,
    "create_route": _create_route,
    "delete_route": _delete_route,
    "attach_internet_gateway": _attach,
    "run_task": _run_task,
}
OPERATIONS = frozenset(_CALLS)
