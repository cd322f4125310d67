"""What S3 refuses of a bucket's name and of its policy, and the store under it does not.

Sources: S3 user guide, "General purpose bucket naming rules"; S3 API reference, "Error responses"; what PutBucketPolicy
said to people, as quoted in public issues.
"""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from labs import iam
from labs.aws_texts import texts
from labs.cloud.contract import AwsError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_BUCKET, _OBJECT = "arn:${Partition}:s3:::${BucketName}", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_bucket(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError(InvalidBucketName) for a name that no new bucket can have."""
    name = str(params.get("bucketName", ""))
    if (service, operation) == ("s3", "CreateBucket") and (not _NAME.fullmatch(name) or _ADDRESS.fullmatch(name)):
        raise _refused("bucket.name")


def check_bucket_policy(policy: iam.Policy, bucket: str) -> None:
    """Raises AwsError(MalformedPolicy) for actions and resources that a bucket's policy cannot speak of."""
    for statement in policy.statements:
        if not all(map(_is_action, statement.actions.written)):
            raise _refused("bucket.policy_action")
        if not all(_is_inside(each, bucket) for each in (statement.resources.written if statement.resources else ())):
            raise _refused("bucket.policy_resource")
        if statement.resources is not None and not _fit(statement.actions.written, statement.resources.written):
            raise _refused("bucket.policy_unfit")


def _is_action(pattern: str) -> bool:
    prefix, _, name = pattern.lower().partition(":")
    # With the first policy, not with every start: it is a large file.
    from labs.iam.analysis import catalogue

    return pattern == "*" or (prefix == "s3" and bool(catalogue.services()["s3"].matching(name)))


def _fit(actions: Sequence[str], resources: Sequence[str]) -> bool:
    """Whether each action applies to one of the resources at least; of a wildcard, one action that it matches."""
    meant = {_BUCKET: any(map(_may_be_bucket, resources)), _OBJECT: any(map(_may_be_object, resources))}
    return all(any(meant.get(form, True) for form in _forms(each)) for each in actions)


def _forms(pattern: str) -> set[str]:
    """The forms of the ARNs that the actions of a pattern are about."""
    from labs.iam.analysis import catalogue

    names = catalogue.services()["s3"].matching(pattern.lower().rpartition(":")[2])
    return {catalogue.form_of(f"s3:{name}") for name in names}


def _may_be_bucket(resource: str) -> bool:
    return "/" not in resource.split(":", 5)[5]


def _may_be_object(resource: str) -> bool:
    return any(each in resource.split(":", 5)[5] for each in "/*?")


def _is_inside(resource: str, bucket: str) -> bool:
    """Whether a resource may be the bucket, or an object in it; ``*`` alone is neither."""
    parts = resource.split(":", 5)
    return len(parts) == 6 and parts[2] == "s3" and fnmatchcase(bucket, parts[5].partition("/")[0])


def _refused(id: str) -> AwsError:
    text = texts("s3_errors")[id]
    return AwsError(text.code, text.say(), text.status)
