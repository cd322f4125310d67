"""``labs policy``: what a policy may ever allow, beyond what is wanted or than another policy allows."""

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from labs import iam
from labs.errors import LabError
from labs.iam import MalformedPolicy, Policies, Policy, PolicyKind
from labs.subjects.policies import as_written
from labs.subjects.push.role_policies import malformed, text_of
from labs.ui import policy_access, text

KINDS = {
    "identity": PolicyKind.IDENTITY,
    "trust": PolicyKind.TRUST,
    "resource": PolicyKind.RESOURCE,
    "endpoint": PolicyKind.ENDPOINT,
}
EXAMPLES = {
    "labs policy check push-policy.json": "everything it may allow",
    "labs policy check push-policy.json --wanted right.json": "what is beyond, and what is missing",
    "labs policy check trust.json --account 111122223333": "whom a trust policy lets in",
    "labs policy diff old.json new.json": "what each allows and the other does not",
}
EXITS = {
    0: "nothing beyond and nothing missing; diff: both allow the same",
    1: "something beyond or missing; diff: they differ",
    2: "it cannot be told, or a file cannot be read",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``labs policy``."""
    parser.epilog = "Nothing is asked of AWS. What it decides, and its limits: docs/policy-analysis.md."
    parser.add_argument(
        "what", choices=("check", "diff"), metavar="{check,diff}", help="judge one policy, or compare two"
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a policy; diff: two of one kind")
    parser.add_argument("--wanted", metavar="FILE", type=Path, help="check: a policy of all that it should allow")
    parser.add_argument("--kind", choices=tuple(KINDS), help="the kind of policy (default: found by its elements)")
    parser.add_argument("--account", default="", metavar="ID", help="whose policy it is (default: found in its ARNs)")


def run(args: argparse.Namespace) -> int:
    """0, 1 or 2: see EXITS."""
    wanted = 1 if args.what == "check" else 2
    if len(args.files) != wanted or (args.what == "diff" and args.wanted):
        raise LabError(
            "check judges one file, diff compares two, and --wanted goes with check.",
            "labs policy check FILE --wanted FILE, or labs policy diff FILE FILE",
            id="policy-wrong-files",
        )
    if args.account and not (len(args.account) == 12 and args.account.isdigit()):
        raise LabError(
            f"'{args.account}' is not an account's number.", "give its twelve digits", id="policy-wrong-account"
        )
    texts = {path: _text(path) for path in [*args.files, *([args.wanted] if args.wanted else [])]}
    kind = KINDS[args.kind] if args.kind else as_written.kind_of(next(iter(texts.values())))
    policies = {path: as_written.alone(_read(path, one, kind)) for path, one in texts.items()}
    account = args.account or _account(texts.values())
    scene = iam.Scene(account=account, now=datetime.now(UTC))
    if args.what == "diff":
        return _diff(args.files[0], args.files[1], policies, scene)
    return _check(args.files[0], args.wanted, policies, scene)


def _check(file: Path, wanted: Path | None, policies: dict[Path, Policies], scene: iam.Scene) -> int:
    if wanted is None:
        found = iam.analyse(policies[file], scene)
        print(f"{file} may allow:" if found else f"{file} allows nothing.")
        _print(found, file)
        return 0 if all(each.certain for each in found) else 2
    beyond = iam.excess(policies[file], policies[wanted], scene)
    lacks = iam.lacking(policies[file], policies[wanted], scene)
    print(f"{file} may allow more than {wanted}:" if beyond else f"{file} allows nothing beyond {wanted}.")
    _print(beyond, file)
    print(f"Missing of {wanted}:" if lacks else f"Nothing of {wanted} is missing.")
    for lack in lacks:
        print(text.hanging("  ", policy_access.lack_line(lack)))
        if lack.witness is not None:
            print(
                text.hanging("    for instance ", policy_access.request_line(lack.witness, _asks_who(policies[file])))
            )
    if any(each.certain for each in beyond) or any(not each.unclear for each in lacks):
        return 1
    return 2 if beyond or lacks else 0


def _diff(one: Path, other: Path, policies: dict[Path, Policies], scene: iam.Scene) -> int:
    codes = []
    for more, less in ((one, other), (other, one)):
        found = iam.excess(policies[more], policies[less], scene)
        print(f"{more} may allow, and {less} does not:" if found else f"{more} allows nothing that {less} does not.")
        _print(found, more)
        codes.append(1 if any(each.certain for each in found) else 2 if found else 0)
    return 1 if 1 in codes else max(codes)


def _print(found: Sequence[iam.Access], file: Path) -> None:
    for access in found:
        place = access.place
        print(text.hanging(f"  {file}:{place.line}:{place.column}: ", policy_access.access_line(access)))
        if access.witness is not None:
            who = place.kind is not PolicyKind.IDENTITY
            print(text.hanging("    for instance ", policy_access.request_line(access.witness, who)))


def _asks_who(policies: Policies) -> bool:
    return not policies.identity


def _text(path: Path) -> str:
    try:
        return text_of(path)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise LabError(f"{path} cannot be read: {reason}.", "give a policy's file", id="policy-file-unread") from error


def _read(path: Path, document: str, kind: PolicyKind) -> Policy:
    try:
        return iam.parse_policy(document, kind, str(path))
    except MalformedPolicy as error:
        raise LabError(f"{path}: {malformed(error)}", "fix it there", id="policy-file-malformed") from error


def _account(documents: Iterable[str]) -> str:
    """The account that stands first in an ARN of a resource, "" when none does."""
    for document in documents:
        for statement in as_written.statements(document):
            for arn in as_written.listed(statement.get("Resource")):
                parts = arn.split(":", 5)
                if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit():
                    return parts[4]
    return ""
