"""What the notebooks show of the VPC: the picture's data, and one way in words."""

import time
from collections.abc import Callable

from labs.errors import LabError
from labs.lesson.bench import Bench
from labs.network import HopVerdict, PathStep
from labs.subjects.vpc import reading, vpc_names
from labs.subjects.vpc.reading import VpcReading
from labs.subjects.vpc.ways import GOALS, Way, routes_of, ways
from labs.ui import text
from labs.ui.vpc_picture import DrawnSubnet, Lane, Sign, Station, VpcDrawing

# An interface endpoint takes a minute or two on AWS.
_AVAILABLE_LOCAL_S, _AVAILABLE_AWS_S = 30.0, 600.0
# What the picture says of a hop, and of a way as a whole.
_SIGNS = {HopVerdict.OPEN: Sign.OPEN, HopVerdict.BLOCKED: Sign.BLOCKED, HopVerdict.CANNOT_CHECK: Sign.UNKNOWN}
_OF_A_WAY = {True: Sign.OPEN, False: Sign.BLOCKED, None: Sign.UNKNOWN}
# The hops as the picture and its table call them.
_STATIONS = {
    PathStep.SOURCE: "subnet",
    PathStep.DNS: "name",
    PathStep.GROUPS_OUT: "group out",
    PathStep.ACL_OUT: "ACL out",
    PathStep.ROUTE: "route",
    PathStep.GATEWAY: "endpoint",
    PathStep.NAT_ACL: "NAT ACL",
    PathStep.NAT_ROUTE: "NAT route",
    PathStep.ENDPOINT: "endpoint",
    PathStep.DESTINATION: "interface",
    PathStep.ACL_IN: "ACL in",
    PathStep.GROUPS_IN: "group in",
    PathStep.RETURN_ACL: "ACL back",
    PathStep.POLICY: "policy",
}


def _found(bench: Bench) -> VpcReading:
    return _there(reading.read(bench, bench.client("ec2")))


def _looked(bench: Bench) -> VpcReading:
    return _there(reading.look(bench, bench.client("ec2")))


def _there(found: VpcReading | None) -> VpcReading:
    if found is None:
        raise LabError("There is no VPC of the lab yet.", "run the cell that calls create_vpc", id="no-vpc-yet")
    return found


def _ways(bench: Bench, found: VpcReading) -> list[Way]:
    return list(ways(bench, bench.client("ec2"), found, found.group_named(vpc_names.group(bench, vpc_names.TASKS))))


def network(bench: Bench) -> VpcDrawing:
    """The lab's VPC as the picture draws it."""
    found = _found(bench)
    return VpcDrawing(
        vpc=f"VPC {found.id} {found.vpc['CidrBlock']}",
        places=tuple(_place(found, subnet, f"{bench.target.prefix}-") for subnet in found.subnets),
        routes=tuple(_routes(found)),
        groups=tuple(_groups(found, f"{bench.target.prefix}-")),
        task=_task(found),
        lanes=tuple(_lane(bench, found, way) for way in _ways(bench, found)),
    )


def endpoints(bench: Bench, say: Callable[[str], object] = print) -> str:
    """The endpoints of the lab's VPC, once all of them are available; ``say`` hears what is waited for."""
    wait_available(bench, say)
    rows = []
    for each in sorted(_looked(bench).endpoints, key=lambda each: str(each["ServiceName"])):
        dns = "yes" if each.get("PrivateDnsEnabled") else "no" if each["VpcEndpointType"] == "Interface" else "-"
        groups = text.series([str(group["GroupName"]) for group in each.get("Groups", ())]) or "-"
        rows.append((str(each["ServiceName"]), str(each["VpcEndpointType"]), str(each["State"]).lower(), dns, groups))
    return text.table(("service", "type", "state", "private DNS", "group"), rows) if rows else "No endpoints yet."


def wait_available(bench: Bench, say: Callable[[str], object] = lambda _line: None) -> None:
    """Wait until no endpoint is pending; ``say`` hears of it. LabError when that takes longer than AWS says it does."""
    limit = _AVAILABLE_AWS_S if bench.on_aws else _AVAILABLE_LOCAL_S
    deadline, pause, told = time.monotonic() + limit, 0.1, False
    while pending := [each for each in _looked(bench).endpoints if str(each["State"]).lower() == "pending"]:
        if not told:
            told = True
            say(f"Waiting until {len(pending)} endpoints are available: at most {limit:.0f} s.")
        if time.monotonic() > deadline:
            raise LabError(
                f"An endpoint is still pending after {limit:.0f} s.", "run the cell again", id="endpoint-still-pending"
            )
        time.sleep(pause)
        pause = min(2 * pause, 5.0 if bench.on_aws else 0.5)


def way(bench: Bench, service: str) -> str:
    """Every hop to one service, by the picture's names."""
    known = [goal.service for goal in GOALS]
    if service not in known:
        raise LabError(
            f"'{service}' is not one of the services of a start.",
            f"use one of: {', '.join(known)}",
            id="not-a-service-of-a-start",
        )
    found = _ways(bench, _found(bench))
    if not found:
        raise LabError(
            "There is no subnet to start from yet.", "run the cell that calls create_subnet", id="no-subnet-yet"
        )
    chosen = next(each for each in found if each.goal.service == service)
    to = f"{chosen.goal.title}, {chosen.goal.at(bench)}"
    lines = [text.wrapped(f"From a task in {chosen.subnet} to {to}: {_sign(chosen).value}"), ""]
    for hop in chosen.path.hops:
        begin = f"  {_SIGNS[hop.verdict].short:<4}  {_STATIONS[hop.step]:<9}  "
        lines.append(text.hanging(begin, hop.reason))
    if chosen.path.ok is False:
        lines += ["", text.wrapped(f"To open it: {chosen.remedy}")]
    return "\n".join(lines)


def _sign(chosen: Way) -> Sign:
    return _OF_A_WAY[chosen.path.ok]


def _place(found: VpcReading, subnet: reading.Answer, prefix: str) -> DrawnSubnet:
    table = found.table_of(str(subnet["SubnetId"]))
    facts = (
        f"{subnet['CidrBlock']} in {subnet['AvailabilityZone']}",
        f"route table {table['RouteTableId']}" if table else "no route table",
    )
    interfaces = [line.replace(prefix, "") for line in _interfaces(found, str(subnet["SubnetId"]))]
    return DrawnSubnet(str(subnet["SubnetId"]), facts, tuple(interfaces))


def _of_endpoints(found: VpcReading) -> dict[str, str]:
    """The network interfaces that are endpoints, and of which service."""
    return {
        str(interface): found.service(endpoint)
        for endpoint in found.endpoints
        for interface in endpoint.get("NetworkInterfaceIds", ())
    }


def _kind(interface: reading.Answer, services: dict[str, str]) -> str:
    """What an interface belongs to: an endpoint's service, ``task``, or EC2's own word for it.

    ECS describes a task's interface with the ARN of its attachment.
    """
    service = services.get(str(interface["NetworkInterfaceId"]))
    if service:
        return f"endpoint {service}"
    if ":ecs:" in str(interface.get("Description", "")):
        return "task"
    return str(interface.get("InterfaceType", "interface")).replace("_", " ")


def _interfaces(found: VpcReading, subnet_id: str) -> list[str]:
    """Tasks first, then endpoints; each with its address and groups, a task's with its id."""
    services = _of_endpoints(found)
    lines = []
    for each in found.interfaces:
        if each["SubnetId"] == subnet_id:
            what = _kind(each, services)
            groups = text.series([str(group["GroupName"]) for group in each.get("Groups", ())]) or "no group"
            id = f" {each['NetworkInterfaceId']}" if what == "task" else ""
            lines.append((what != "task", what, f"{what}: {each['PrivateIpAddress']}, group {groups}{id}"))
    return [line for _, _, line in sorted(lines)]


def _routes(found: VpcReading) -> list[str]:
    lines = []
    layers = str((found.endpoint(reading.GATEWAY, "Gateway") or {}).get("VpcEndpointId"))
    for route in routes_of(found):
        goal = "S3's addresses" if route.prefix_list and route.target == layers else route.key
        lines.append(f"{goal}: {route.target}")
    return lines


def _groups(found: VpcReading, prefix: str) -> list[str]:
    """Each group with what it lets in, without the lab's prefix; the VPC's default group is nobody's here."""
    names_of = {str(each["GroupId"]): str(each["GroupName"]) for each in found.groups}
    lines = []
    for group in sorted(found.groups, key=lambda each: str(each["GroupName"])):
        if group["GroupName"] == "default":
            continue
        rules = [
            f"{reading.ports(rule)} from {names_of.get(source.name, source.name)}"
            for rule in group["IpPermissions"]
            for source in reading.sources(rule)
        ]
        lines.append(f"{group['GroupName']}: {text.series(rules) or 'nothing'}")
    return [line.replace(prefix, "") for line in lines]


def _task(found: VpcReading) -> str:
    """The address of a task that runs here, else what stands in for it."""
    services = _of_endpoints(found)
    running = [str(each["PrivateIpAddress"]) for each in found.interfaces if _kind(each, services) == "task"]
    return running[0] if running else "if one ran"


def _where(found: VpcReading, way: Way) -> str:
    """What ends a way; a security group by its name, too."""
    group = found.group(way.end.resource) if way.end else None
    return f"security group {group['GroupName']}" if group is not None else way.where


def _lane(bench: Bench, found: VpcReading, way: Way) -> Lane:
    endpoint = found.endpoint(way.goal.service)
    door = ""
    if endpoint is not None:
        door = f"the {str(endpoint.get('VpcEndpointType', '')).lower()} endpoint {endpoint['VpcEndpointId']}"
    return Lane(
        way.goal.title,
        way.goal.at(bench),
        _sign(way),
        tuple(Station(_STATIONS[hop.step], _SIGNS[hop.verdict]) for hop in way.path.hops),
        door,
        _where(found, way),
        way.why,
    )
