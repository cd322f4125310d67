"""Stage 04: a task in a private subnet stopped where it had to, runs now, and nothing is wider than it needs."""

from labs.lesson.bench import Bench
from labs.network import Beyond
from labs.stages.private_subnet import openings, trial
from labs.stages.private_subnet.experiments import BARE, GATEWAY, TALK, stop_gate
from labs.stages.private_subnet.running import runs
from labs.stages.private_subnet.subject import VpcSubject
from labs.subjects.vpc import vpc_names
from labs.subjects.vpc.endpoint_policy import lets_more_through
from labs.subjects.vpc.ways import doors_of
from labs.ui import text
from labs.verdict import Gate, Report, Verdict, run_gates


def _vpc(subject: VpcSubject) -> Verdict | None:
    """One VPC, two subnets in two zones, and no door to the internet."""
    if not subject.vpcs:
        return subject.say("private.no_vpc", prefix=subject.bench.target.prefix)
    if len(subject.vpcs) > 1:
        ids = text.series([str(each["VpcId"]) for each in subject.vpcs])
        return subject.say("private.several_vpcs", count=len(subject.vpcs), ids=ids)
    found = subject.vpc
    for gateway in found.internet_gateways:
        return subject.say("private.internet_gateway", gateway=gateway["InternetGatewayId"], vpc=found.id)
    for six in found.egress_only_gateways:
        gateway = six["EgressOnlyInternetGatewayId"]
        return subject.say("private.egress_only_gateway", gateway=gateway, vpc=found.id)
    for nat in found.nat_gateways:
        return subject.say("private.nat_gateway", nat=nat["NatGatewayId"], subnet=nat.get("SubnetId"))
    for door in doors_of(found):
        said = "private.route_out" if door.beyond is Beyond.INTERNET else "private.route_unseen"
        return subject.say(said, table=door.route.table, destination=door.route.key, target=door.target)
    if len(found.subnets) != 2:
        return subject.say("private.subnets", count=len(found.subnets), vpc=found.id)
    if len(found.zones) < 2:
        return subject.say("private.one_zone", zone=text.series(found.zones))
    return None


def _groups(subject: VpcSubject) -> Verdict | None:
    wanted = [vpc_names.group(subject.bench, each) for each in vpc_names.GROUPS]
    missing = [each for each in wanted if not subject.vpc.group_named(each)]
    if missing:
        return subject.say("private.no_groups", missing=text.series(missing), vpc=subject.vpc.id)
    return None


def _trial(subject: VpcSubject) -> Verdict | None:
    if not trial.find(subject.bench.reader("ecs"), subject.bench):
        return subject.say("private.no_trial", family=trial.family(subject.bench))
    return None


def _passed(subject: VpcSubject) -> Verdict:
    return subject.say("private.pass", vpc=subject.vpc.id, policies=_interface_policies(subject))


def _interface_policies(subject: VpcSubject) -> str:
    """What the interface endpoints' own policies let through beside the start: the stage asks for none."""
    region = subject.bench.target.region
    wide = [
        service
        for service, calls in trial.calls(subject.bench).items()
        if (endpoint := subject.vpc.endpoint(service, "Interface"))
        and lets_more_through(endpoint.get("PolicyDocument") or "", calls, region)
    ]
    if not wide:
        return "no endpoint's policy lets through more than the start needs"
    return f"not asked for here: the endpoint policies of {text.series(wide)} let more through, as AWS's default does"


GATES = (
    Gate("vpc", _vpc),
    Gate("groups", _groups),
    Gate("trial task", _trial),
    Gate("first stop", stop_gate(BARE)),
    Gate("endpoints", openings.interfaces),
    Gate("inbound 443", openings.inbound),
    Gate("second stop", stop_gate(TALK)),
    Gate("gateway", openings.gateway),
    Gate("nothing else", openings.nothing_else),
    Gate("outbound 443", openings.outbound),
    Gate("third stop", stop_gate(GATEWAY)),
    Gate("logs", openings.logs_inbound),
    Gate("run", runs),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 04."""
    return run_gates("private-subnet", GATES, VpcSubject(bench), _passed)
