"""ARNs that AWS accepts in a policy and that no resource has: the wrong partition, the wrong form.

Source: IAM User Guide, reference-arns (partitions); Service Authorization Reference,
list_amazonelasticcontainerregistry (``arn:PARTITION:ecr:REGION:ACCOUNT:repository/NAME``); ECR API reference,
CreateRepository (the pattern of a name).
"""

import re
from collections.abc import Iterator

from labs.iam.findings import LintCode, LintFinding

# A Region's name says its partition.
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
_KIND = "repository/"
_NAME = re.compile(r"[a-z0-9._/*?-]*")
_ACCOUNT = re.compile(r"[\d*?]{1,12}")


def findings(path: str, resource: str) -> Iterator[LintFinding]:
    """The findings about an ARN of six parts."""
    arn, partition, service, region, account, rest = resource.split(":", 5)
    yield from _partition(path, resource, partition, region)
    if service == "ecr":
        plain = re.sub(r"\$\{[^{}]*\}", "*", rest)
        head = f"{arn}:{partition}:{service}:{region}:{account}:"
        yield from _repository(path, resource, head, rest, plain)
        if account and account != "*" and not (_ACCOUNT.fullmatch(account) and ("*" in account or len(account) == 12)):
            message = f"'{account}' in '{resource}' is not an account: it has twelve digits."
            yield LintFinding(LintCode.MALFORMED_ARN, path, resource, message)
        for part, what in ((region, "Region"), (account, "account")):
            if not part:
                message = f"'{resource}' has no {what}; the ARN of a repository has both Region and account."
                yield LintFinding(LintCode.MALFORMED_ARN, path, resource, message)


def _partition(path: str, resource: str, partition: str, region: str) -> Iterator[LintFinding]:
    if "*" in partition or _REGION.fullmatch(region) is None:
        return
    right = next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")
    if partition != right:
        suggestion = resource.replace(f":{partition}:", f":{right}:", 1)
        message = f"'{resource}': the Region {region} is in the partition {right}, not in {partition}."
        yield LintFinding(LintCode.OTHER_PARTITION, path, resource, message, suggestion)


def _repository(path: str, resource: str, head: str, rest: str, plain: str) -> Iterator[LintFinding]:
    """What follows the account must be able to be ``repository/NAME``."""
    before = re.split("[*?]", plain, maxsplit=1)[0]
    if before.startswith(_KIND) or (before != plain and _KIND.startswith(before)):
        name = rest.removeprefix(_KIND)
        tag = re.split("[:@]", name, maxsplit=1)
        if len(tag) > 1 and "${" not in name:
            message = (
                f"'{resource}' ends with a tag or digest; permissions are on the repository, for all of its images."
            )
            yield LintFinding(LintCode.MALFORMED_ARN, path, resource, message, f"{head}{_KIND}{tag[0]}")
        elif rest.startswith(_KIND) and (not name or _NAME.fullmatch(plain.removeprefix(_KIND)) is None):
            message = f"'{resource}' names no repository: a name has lower-case letters, digits and . _ - /."
            yield LintFinding(LintCode.MALFORMED_ARN, path, resource, message)
        return
    name = re.split("[:@]", re.sub("^(repository|repo|repositories)[:/]", "", rest), maxsplit=1)[0]
    message = f"'{resource}' is not the ARN of a repository: after the account comes repository/NAME."
    yield LintFinding(LintCode.MALFORMED_ARN, path, resource, message, f"{head}{_KIND}{name}" if name else "")
