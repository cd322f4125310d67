"""The gates of stage 04 about endpoints and groups: each door is there, open to the tasks, and to nobody else."""

from collections.abc import Iterator

from labs.iam import Connection
from labs.stages.private_subnet.subject import VpcSubject
from labs.subjects.vpc import reading, vpc_names
from labs.subjects.vpc.endpoint_policy import first_fault
from labs.subjects.vpc.reading import GATEWAY, HTTPS, INTERFACES, Answer
from labs.ui import text
from labs.verdict import Verdict

_EVERYWHERE = ("0.0.0.0/0", "::/0")


def interfaces(subject: VpcSubject) -> Verdict | None:
    """The talk's four endpoints, in this VPC and in both subnets, under their usual names."""
    found = subject.vpc
    missing = [each for each in INTERFACES if found.endpoint(each, "Interface") is None]
    if missing:
        for stray in reading.strays(subject.ec2, subject.bench.target.prefix, found.id):
            if found.service(stray) in missing:
                return subject.say(
                    "private.endpoint_elsewhere", service=found.service(stray), vpc=found.id, other=stray["VpcId"]
                )
        full = [vpc_names.service(subject.bench, each) for each in missing]
        return subject.say("private.endpoint_missing", missing=text.series(full))
    if not (found.dns_support and found.dns_hostnames):
        off = "enableDnsHostnames" if found.dns_support else "enableDnsSupport"
        return subject.say("private.dns_attributes", vpc=found.id, attribute=off)
    return next((fault for each in INTERFACES if (fault := _interface(subject, each))), None)


def _interface(subject: VpcSubject, service: str) -> Verdict | None:
    endpoint = subject.vpc.endpoint(service, "Interface")
    assert endpoint is not None, "the gate before has found it"
    if not endpoint.get("PrivateDnsEnabled"):
        return subject.say("private.private_dns", service=service, endpoint=endpoint["VpcEndpointId"])
    uncovered = [each for each in subject.vpc.subnet_ids if each not in endpoint.get("SubnetIds", ())]
    if uncovered:
        return subject.say("private.endpoint_subnets", service=service, missing=text.series(uncovered))
    if str(endpoint.get("State", "")).lower() != "available":
        return subject.say("private.endpoint_pending", service=service, state=endpoint.get("State"))
    return None


def inbound(subject: VpcSubject) -> Verdict | None:
    """Port 443 of ecr.api, ecr.dkr and ssm: open to the tasks' group, and to nothing else."""
    for service in INTERFACES:
        fault = too_open(subject, service)
        if fault is None and service != "logs" and not _admits(subject, service):
            fault = _closed(subject, service)
        if fault is not None:
            return fault
    return _into_the_tasks(subject)


def _into_the_tasks(subject: VpcSubject) -> Verdict | None:
    """A rule on the tasks' own group opens no endpoint: nobody calls the tasks."""
    group = subject.vpc.group(subject.tasks_group) or {}
    for permission in group.get("IpPermissions", ()):
        for source in reading.sources(permission):
            values = {"group": group["GroupName"], "source": source.name, "ports": reading.ports(permission)}
            return subject.say("private.tasks_inbound", **values)
    return None


def logs_inbound(subject: VpcSubject) -> Verdict | None:
    """The same for logs, which the talk leaves out."""
    return None if _admits(subject, "logs") else _closed(subject, "logs")


def _groups(subject: VpcSubject, service: str) -> Iterator[Answer]:
    endpoint = subject.vpc.endpoint(service, "Interface") or {}
    for each in endpoint.get("Groups", ()):
        group = subject.vpc.group(str(each["GroupId"]))
        if group is not None:
            yield group


def _closed(subject: VpcSubject, service: str) -> Verdict:
    group = next((str(each["GroupName"]) for each in _groups(subject, service)), "(none)")
    return subject.say("private.closed", service=service, group=group, tasks=subject.tasks_group)


def _admits(subject: VpcSubject, service: str) -> bool:
    return any(
        reading.covers(permission, HTTPS) and subject.tasks_group in [each.name for each in reading.sources(permission)]
        for group in _groups(subject, service)
        for permission in group["IpPermissions"]
    )


def too_open(subject: VpcSubject, service: str) -> Verdict | None:
    """What an endpoint's groups let in beyond TCP 443 from the tasks' group."""
    for group in _groups(subject, service):
        for permission in group["IpPermissions"]:
            ports = reading.ports(permission)
            for source in reading.sources(permission):
                values = {"service": service, "group": group["GroupName"], "source": source.name, "ports": ports}
                if source.name in _EVERYWHERE:
                    return subject.say("private.open_to_all", **values)
                if source.name != subject.tasks_group and not _own_default(group, source):
                    return subject.say("private.open_to_others", **values)
                if source.name == subject.tasks_group and not reading.exactly(permission, HTTPS):
                    return subject.say("private.open_ports", **values)
    return None


def _own_default(group: Answer, source: reading.RuleSource) -> bool:
    """A VPC's default group lets its own members in, as AWS makes it; an endpoint made without a group gets it."""
    return bool(group["GroupName"] == "default" and source.name == group["GroupId"])


def gateway(subject: VpcSubject) -> Verdict | None:
    """The way to the layers: a gateway endpoint for S3, in the subnets' route table, for the layer bucket only."""
    found = subject.vpc
    taken_over = found.endpoint(GATEWAY, "Interface")
    if taken_over is not None and _takes_the_name(taken_over):
        return subject.say("private.s3_interface", endpoint=taken_over["VpcEndpointId"], vpc=found.id)
    endpoint = found.endpoint(GATEWAY, "Gateway")
    if endpoint is None:
        return subject.say("private.no_gateway", service=vpc_names.service(subject.bench, GATEWAY))
    missing = [each for each in found.tables if each not in endpoint.get("RouteTableIds", ())]
    if missing:
        has = text.series(list(endpoint.get("RouteTableIds", ()))) or "no route table"
        return subject.say(
            "private.gateway_route", endpoint=endpoint["VpcEndpointId"], missing=text.series(missing), has=has
        )
    bucket = vpc_names.layer_bucket_arn(subject.bench)
    connection = Connection(subject.bench.target.region, endpoint=str(endpoint["VpcEndpointId"]), vpc=found.id)
    fault = first_fault(endpoint.get("PolicyDocument") or {}, bucket, connection)
    if fault is None:
        return None
    if fault.blocks:
        return subject.say("private.policy_blocks", action=fault.action, resource=fault.resource)
    if fault.unclear:
        return subject.say("private.cannot_tell", why=fault.unclear)
    return subject.say(
        "private.policy_wide", action=fault.action, resource=fault.resource, keys=fault.keys, place=fault.place,
        bucket=f"{bucket}/*",
    )  # fmt: skip


def nothing_else(subject: VpcSubject) -> Verdict | None:
    """No endpoint beside the five: each other one is one more way for a task to carry data."""
    found = subject.vpc
    needed = [found.endpoint(each, "Interface") for each in INTERFACES] + [found.endpoint(GATEWAY, "Gateway")]
    for each in found.endpoints:
        if each not in needed:
            service = found.service(each)
            return subject.say("private.other_endpoint", endpoint=each["VpcEndpointId"], service=service, vpc=found.id)
    return None


def _takes_the_name(endpoint: Answer) -> bool:
    """Whether an interface endpoint's private DNS holds for the whole VPC, and not for inbound resolvers alone."""
    only_inbound = (endpoint.get("DnsOptions") or {}).get("PrivateDnsOnlyForInboundResolverEndpoint")
    return bool(endpoint.get("PrivateDnsEnabled")) and not only_inbound


def outbound(subject: VpcSubject) -> Verdict | None:
    """If the tasks' own group was narrowed: 443 to the endpoints' groups, and to S3's prefix list."""
    group = subject.vpc.group(subject.tasks_group)
    assert group is not None, "the gate before has found it"
    open_to = {
        source.name
        for permission in group.get("IpPermissionsEgress", ())
        if reading.covers(permission, HTTPS)
        for source in reading.sources(permission)
    }
    if "0.0.0.0/0" in open_to:
        return None
    for service in INTERFACES:
        members = {str(each["GroupId"]) for each in _groups(subject, service)}
        if not members & open_to and str(subject.vpc.vpc["CidrBlock"]) not in open_to:
            return subject.say("private.no_way_out", group=group["GroupName"], goal=f"the endpoint for {service}")
    lists = {
        str(route["DestinationPrefixListId"])
        for table in subject.vpc.route_tables
        for route in table.get("Routes", ())
        if route.get("DestinationPrefixListId")
    }
    if not lists & open_to:
        goal = f"S3's prefix list {text.series(sorted(lists))}"
        return subject.say("private.no_way_out", group=group["GroupName"], goal=goal)
    return None
