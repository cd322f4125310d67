"""Known mistakes of stage 04, and what the check says to each. How each is made: ``mistakes``."""

from collections.abc import Callable

from labs.lesson.bench import Bench
from labs.lesson.stage import Wrong
from labs.stages.private_subnet import mistakes, trial
from labs.stages.private_subnet.experiments import BARE, GATEWAY, OPEN, TALK
from labs.stages.private_subnet.solve import (
    BLOCK,
    build_vpc,
    make_endpoints,
    open_door,
    policy,
    walk,
)
from labs.subjects.policies.conditions import ENTANGLED, SINCE_2020
from labs.subjects.vpc import vpc_names


def after(label: str, *changes: mistakes.Change) -> Callable[[Bench], None]:
    """The stage as the solution does it up to one experiment, and then the mistake."""

    def do(bench: Bench) -> None:
        walk(bench, label)
        for change in changes:
            change(bench)

    return do


def first(*changes: mistakes.Change) -> Callable[[Bench], None]:
    """Only these, from nothing."""

    def do(bench: Bench) -> None:
        for change in changes:
            change(bench)

    return do


WRONG = (
    Wrong("nothing was run", "private.no_vpc", mistakes.nothing),
    Wrong("the first cell was run twice", "private.several_vpcs", mistakes.two_vpcs),
    Wrong("no subnets", "private.subnets", mistakes.vpc_only),
    Wrong("both subnets in one zone", "private.one_zone", mistakes.one_zone),
    Wrong("an internet gateway", "private.internet_gateway", first(build_vpc, mistakes.internet_gateway)),
    Wrong("a NAT gateway", "private.nat_gateway", first(build_vpc, mistakes.nat_gateway)),
    Wrong(
        "an egress-only internet gateway",
        "private.egress_only_gateway",
        first(build_vpc, mistakes.egress_only_gateway),
    ),
    Wrong("a carrier gateway", "private.route_out", mistakes.carrier_gateway),
    Wrong("a NAT instance", "private.route_unseen", first(build_vpc, mistakes.nat_instance)),
    Wrong("no security groups", "private.no_groups", first(build_vpc)),
    Wrong("no trial task", "private.no_trial", mistakes.groups),
    Wrong("no task was run", "private.not_run", mistakes.ready),
    Wrong("asked while it starts", "private.pending", mistakes.pending_task(BARE, BARE)),
    Wrong("subnets of another VPC", "private.other_subnet", mistakes.in_the_default_vpc),
    Wrong("another task definition", "private.other_definition", mistakes.other_definition),
    Wrong("every door opened at once", "private.it_ran", mistakes.all_at_once),
    Wrong("three endpoints", "private.endpoint_missing", after(BARE, mistakes.three_endpoints)),
    Wrong("another Region's service name", "private.endpoint_missing", after(BARE, mistakes.another_region)),
    Wrong("an endpoint in the default VPC", "private.endpoint_elsewhere", after(BARE, mistakes.endpoint_elsewhere)),
    Wrong("endpoints without private DNS", "private.private_dns", after(BARE, mistakes.without_private_dns)),
    Wrong("DNS hostnames off", "private.dns_attributes", after(BARE, mistakes.no_dns_hostnames)),
    Wrong("endpoints in one subnet only", "private.endpoint_subnets", after(BARE, mistakes.one_subnet)),
    Wrong("asked while AWS makes the endpoints", "private.endpoint_pending", mistakes.still_pending),
    Wrong("no inbound rule", "private.closed", after(BARE, make_endpoints)),
    Wrong("endpoints in the default group", "private.closed", after(BARE, mistakes.default_group)),
    Wrong(
        "0.0.0.0/0 into the endpoints",
        "private.open_to_all",
        after(BARE, make_endpoints, mistakes.door(vpc_names.ENDPOINTS, mistakes.cidr("0.0.0.0/0"))),
    ),
    Wrong(
        "the whole VPC into the endpoints",
        "private.open_to_others",
        after(BARE, make_endpoints, mistakes.door(vpc_names.ENDPOINTS, mistakes.cidr(BLOCK))),
    ),
    Wrong(
        "every port into the endpoints",
        "private.open_ports",
        after(BARE, make_endpoints, mistakes.door(vpc_names.ENDPOINTS, mistakes.every_port)),
    ),
    Wrong(
        "the rule on the tasks' group in place of the endpoints'",
        "private.closed",
        after(BARE, make_endpoints, lambda bench: open_door(bench, vpc_names.TASKS)),
    ),
    Wrong(
        "the rule on both groups",
        "private.tasks_inbound",
        after(
            BARE,
            make_endpoints,
            lambda bench: open_door(bench, vpc_names.ENDPOINTS),
            lambda bench: open_door(bench, vpc_names.TASKS),
        ),
    ),
    Wrong("run before the rule was there", "private.other_step", mistakes.closed_when_run),
    Wrong("a role that may not read layers", "private.other_reason", mistakes.role_without_layers),
    Wrong("no gateway endpoint", "private.no_gateway", after(TALK)),
    Wrong("an interface endpoint for S3", "private.s3_interface", after(TALK, mistakes.s3_interface)),
    Wrong("an interface endpoint for S3 beside", "private.s3_interface", after(TALK, mistakes.s3_interface_beside)),
    Wrong(
        "an interface endpoint for S3 to which no name leads",
        "private.no_gateway",
        after(TALK, mistakes.s3_interface_without_names),
    ),
    Wrong("the gateway in another route table", "private.gateway_route", after(TALK, mistakes.other_table)),
    Wrong("no endpoint policy", "private.policy_wide", after(TALK, mistakes.gateway(lambda _: ""))),
    Wrong(
        "a policy that forgets the layer bucket",
        "private.policy_blocks",
        after(TALK, mistakes.gateway(lambda bench: mistakes.written(bench, Resource="arn:aws:s3:::my-bucket/*"))),
    ),
    Wrong(
        "a policy for the task's role only",
        "private.policy_blocks",
        after(
            TALK,
            mistakes.gateway(
                lambda bench: mistakes.written(bench, Principal={"AWS": bench.target.role_arn(trial.family(bench))})
            ),
        ),
    ),
    Wrong(
        "a second statement for somebody else's bucket",
        "private.policy_wide",
        after(
            TALK,
            mistakes.gateway(
                lambda bench: mistakes.added(bench, Action="s3:PutObject", Resource="arn:aws:s3:::somebodys-bucket/*")
            ),
        ),
    ),
    Wrong(
        "everything through the gateway, since 2020",
        "private.policy_wide",
        after(TALK, mistakes.gateway(lambda bench: mistakes.added(bench, Action="*", Condition=SINCE_2020))),
    ),
    Wrong(
        "tags compared with each other, of which nobody can tell",
        "private.cannot_tell",
        after(TALK, mistakes.gateway(lambda bench: mistakes.added(bench, Action="s3:*", Condition=ENTANGLED))),
    ),
    Wrong("an endpoint for ECS beside", "private.other_endpoint", after(TALK, mistakes.one_more("ecs"))),
    Wrong("a gateway endpoint for DynamoDB beside", "private.other_endpoint", after(TALK, mistakes.table_endpoint)),
    Wrong("a second gateway endpoint for S3", "private.other_endpoint", after(TALK, mistakes.second_gateway)),
    # Written otherwise, and right: the check goes on to what is not there yet.
    Wrong("the policy written otherwise", "private.not_run", after(TALK, mistakes.gateway(mistakes.written_otherwise))),
    Wrong(
        "outbound rules without S3's prefix list",
        "private.no_way_out",
        after(TALK, mistakes.gateway(policy), mistakes.narrowed(vpc_names.ENDPOINTS, vpc_names.LOGS)),
    ),
    Wrong(
        "outbound rules that forget an endpoint",
        "private.no_way_out",
        after(TALK, mistakes.gateway(policy), mistakes.narrowed(vpc_names.ENDPOINTS)),
    ),
    Wrong("443 on logs from the beginning", "private.it_ran", after(TALK, mistakes.logs_too_early)),
    Wrong("no inbound rule on logs", "private.closed", after(GATEWAY)),
    Wrong(
        "the last task was not run",
        "private.open_not_run",
        after(GATEWAY, lambda bench: open_door(bench, vpc_names.LOGS)),
    ),
    Wrong("asked while the last task starts", "private.starting", mistakes.pending_task(OPEN, OPEN)),
    Wrong("the log group was deleted", "private.stopped", after(GATEWAY, mistakes.log_group_deleted)),
    Wrong("another definition in the end", "private.open_elsewhere", after(GATEWAY, mistakes.other_definition_open)),
    Wrong("a public address", "private.public_ip", after(GATEWAY, mistakes.public_ip)),
    Wrong(
        "a policy that denies everything, on an endpoint",
        "private.blocked",
        after(OPEN, mistakes.nothing_through("ssm")),
    ),
    Wrong("a network ACL that refuses the answers", "private.blocked", after(OPEN, mistakes.network_acl)),
)
