"""S3: the action behind each operation, on the bucket or on the object. A task's environmentFiles are objects.

Source: Amazon S3 user guide, "Required permissions for Amazon S3 API operations".
"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from labs.cloud.authorisation import request_conditions, s3_deletes
from labs.cloud.authorisation.question import RequiredAction
from labs.cloud.contract import Context
from labs.cloud.wire.request import ApiCall

_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
}
_VERSIONED = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
_LISTS = ("prefix", "delimiter", "max-keys")
_HEADERS = (
    "if-match",
    "if-none-match",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
)
# Every key that a request may have; condition_keys.json is made from it and says which action has which.
KEYS = {
    "s3:authType",
    "s3:signatureversion",
    "s3:versionid",
    "s3:x-amz-content-sha256",
    *(f"s3:{name}" for name in (*_LISTS, *_HEADERS)),
}


def checks(call: ApiCall) -> Sequence[RequiredAction]:
    """What an S3 call must be allowed."""
    return [replace(check, context=_known(check)) for check in _checks(call)]


def _known(check: RequiredAction) -> Context:
    return request_conditions.known("s3", check.action.removeprefix("s3:"), check.context)


def _checks(call: ApiCall) -> Sequence[RequiredAction]:
    bucket, key = str(call.params.get("bucketName", "")), str(call.params.get("key", ""))
    context = _context(call)
    if not bucket:
        return [RequiredAction("s3:ListAllMyBuckets", "*", context)]
    if call.operation == "DeleteObjects":
        return [_deletion(each, bucket, context) for each in s3_deletes.read(call.http.body).named]
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    if call.operation in ("CopyObject", "UploadPartCopy"):
        source = unquote(str(call.params.get("x-amz-copy-source", ""))).lstrip("/").split("?", 1)[0]
        return [
            RequiredAction("s3:GetObject", f"arn:aws:s3:::{source}", context),
            RequiredAction("s3:PutObject", resource, context),
        ]
    action = _ACTIONS.get(call.operation, call.operation)
    if call.params.get("versionId"):
        action = _VERSIONED.get(action, action)
    wanted = [RequiredAction(f"s3:{action}", resource, context)]
    if action == "PutObject" and call.http.headers.get("x-amz-tagging"):
        wanted.append(RequiredAction("s3:PutObjectTagging", resource, context))
    if action == "PutObject" and call.http.headers.get("x-amz-acl"):
        wanted.append(RequiredAction("s3:PutObjectAcl", resource, context))
    return wanted


def _deletion(named: s3_deletes.Named, bucket: str, context: request_conditions.Keys) -> RequiredAction:
    """What deleting one object of a list needs, as if it were asked for alone."""
    resource = f"arn:aws:s3:::{bucket}/{named.key}"
    if not named.version:
        return RequiredAction("s3:DeleteObject", resource, context)
    return RequiredAction("s3:DeleteObjectVersion", resource, {**context, "s3:versionid": named.version})


def _context(call: ApiCall) -> request_conditions.Keys:
    context = request_conditions.of_request(call)
    context |= {"s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256"}
    if "X-Amz-Signature" in call.http.query_values:
        context["s3:authType"] = "REST-QUERY-STRING"
    for name in _LISTS:
        if name in call.params:
            context[f"s3:{name}"] = str(call.params[name])
    for name in (*_HEADERS, "x-amz-content-sha256"):
        if name in call.http.headers:
            context[f"s3:{name}"] = call.http.headers[name]
    if call.params.get("versionId"):
        context["s3:versionid"] = str(call.params["versionId"])
    return context
