"""Known mistakes of stage 07."""

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from labs.files import read_json, write_json
from labs.ledger.names import KIT_TAG, NAME_TAG, OWNER_TAG
from labs.lesson.bench import Bench
from labs.lesson.cleaning import clean, receipt_file
from labs.lesson.eventual import answering
from labs.lesson.stage import Wrong
from labs.stages.clean_up.solve import solve
from labs.subjects.push import lab_repository
from labs.subjects.tasks.execution_policy import TRUST


def _nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _untagged(bench: Bench) -> None:
    """Somebody took the lab's tag off a role: cleaning leaves what it cannot know to be the lab's."""
    target = bench.target
    name = target.names.role("forgotten")
    bench.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    bench.client("iam").untag_role(RoleName=name, TagKeys=[KIT_TAG])
    clean(bench, lambda _line: None)
    # By hand, as the receipt asks: the next cleaning finds nothing.
    bench.client("iam").delete_role(RoleName=name)


def _past_the_kit(bench: Bench, service: str) -> Any:
    """A client whose calls no ledger sees, as the console's."""
    # The stubs know a client by the service's name, which is known here only at run time.
    make: Callable[..., Any] = bench.target.session.client
    return make(service, endpoint_url=bench.target.endpoint or None)


def _stray(**tags: Callable[[Bench], str]) -> Callable[[Bench], Bench]:
    """A role that was made past the kit, in the console: it has the lab's name and some or none of its tags."""

    def do(bench: Bench) -> Bench:
        solve(bench)
        target = bench.target
        iam = _past_the_kit(bench, "iam")
        name = target.names.role("stray")
        given = [{"Key": key, "Value": value(bench)} for key, value in tags.items()]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=given)

        def once(answer: Mapping[str, Any]) -> Mapping[str, Any]:
            # Seen by the check, it is taken away: this stage's reset only forgets.
            if answer["Role"]["RoleName"] == name:
                iam.delete_role(RoleName=name)
            return answer

        return answering(bench, "iam", "get_role", once)

    return do


def _seen_once(
    service: str, method: str, make: Callable[[Any, str], Any], remove: Callable[[Any, str, Any], Any]
) -> Callable[[Bench], Bench]:
    """Something of another service with the lab's name, made in the console; gone when the check has read it."""

    def do(bench: Bench) -> Bench:
        solve(bench)
        client = _past_the_kit(bench, service)
        name = f"{bench.target.prefix}-stray"
        made = make(client, name)
        there = [True]

        def once(answer: Mapping[str, Any]) -> Mapping[str, Any]:
            if there:
                there.clear()
                remove(client, name, made)
            return answer

        return answering(bench, service, method, once)

    return do


_log_group = _seen_once(
    "logs",
    "list_tags_for_resource",
    lambda logs, name: logs.create_log_group(logGroupName=name),
    lambda logs, name, _made: logs.delete_log_group(logGroupName=name),
)
_parameter = _seen_once(
    "ssm",
    "list_tags_for_resource",
    lambda ssm, name: ssm.put_parameter(Name=name, Type="String", Value="x"),
    lambda ssm, name, _made: ssm.delete_parameter(Name=name),
)
_vpc = _seen_once(
    "ec2",
    "describe_vpcs",
    lambda ec2, name: ec2.create_vpc(
        CidrBlock="10.99.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": NAME_TAG, "Value": name}]}],
    ),
    lambda ec2, _name, made: ec2.delete_vpc(VpcId=made["Vpc"]["VpcId"]),
)


def _by_hand(bench: Bench) -> None:
    """Everything was deleted in the console, and lab.clean() never ran."""
    lab_repository.create(bench)
    _past_the_kit(bench, "ecr").delete_repository(repositoryName=bench.repository_name, force=True)


def _interrupted(bench: Bench) -> None:
    """Ctrl-C at the first line, and no second run."""
    lab_repository.create(bench)

    def stop(_line: str) -> None:
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        clean(bench, stop)


def _receipt(**changes: str) -> Callable[[Bench], None]:
    """A receipt, but one of another account, Region or time."""

    def do(bench: Bench) -> None:
        solve(bench)
        file = receipt_file(bench.home)
        write_json(file, {**(read_json(file) or {}), **changes})

    return do


def _in_another_region(bench: Bench) -> Bench:
    """Something was made while AWS_REGION named another Region, after the cleaning; only the ledger knows.

    The ledger is one of its own, since no cleaning of the local AWS gets to that Region.
    """
    solve(bench)
    folder = TemporaryDirectory()
    target = replace(bench.target, home=Path(folder.name))
    beside = replace(bench, target=target)
    for file, copy in (
        (receipt_file(bench.home), receipt_file(beside.home)),
        (bench.home / "progress.json", beside.home),
    ):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    target.ledger.created(target.ledger.intend("ecr repository", bench.repository_name, "eu-north-1"))

    def keep(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        assert folder.name, "the folder lives as long as the check"
        return answer

    return answering(beside, "iam", "get_role", keep)


def _made_since(bench: Bench) -> None:
    solve(bench)
    lab_repository.create(bench)


WRONG = (
    Wrong("nothing was run", "clean.no_receipt", _nothing),
    Wrong("a role without the lab's tag", "clean.left", _untagged),
    Wrong("a role with the lab's name and no tags", "clean.unclaimed", _stray()),
    Wrong(
        "a role with the kit's tag and no owner",
        "clean.unclaimed",
        _stray(**{KIT_TAG: lambda bench: bench.target.prefix}),
    ),
    Wrong("a role of somebody else's", "clean.pass", _stray(**{OWNER_TAG: lambda _: "bob"})),
    Wrong("a role of another lab", "clean.pass", _stray(**{KIT_TAG: lambda bench: f"{bench.target.prefix}-bob"})),
    Wrong("a log group with the lab's name and no tags", "clean.unclaimed", _log_group),
    Wrong("a parameter with the lab's name and no tags", "clean.unclaimed", _parameter),
    Wrong("a VPC that the console calls as the lab", "clean.unclaimed", _vpc),
    Wrong("everything was deleted by hand", "clean.no_receipt", _by_hand),
    Wrong("the cleaning was interrupted", "clean.no_receipt", _interrupted),
    Wrong("the receipt of another account", "clean.no_receipt", _receipt(account="444455556666")),
    Wrong("the receipt of another Region", "clean.no_receipt", _receipt(region="eu-north-1")),
    Wrong("the receipt of an earlier day", "clean.no_receipt", _receipt(read_at="2026-01-01T00:00:00+00:00")),
    Wrong("something was made in another Region", "clean.elsewhere", _in_another_region),
    Wrong("something was made afterwards", "clean.made_since", _made_since),
)
