"""Which operation a request asks for, and with which parameters."""

from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.protocols.services import ApiService, Protocol
from labs.cloud.wire.request import HttpRequest, json_object


def operation_of(service: ApiService, request: HttpRequest) -> str:
    """The operation's name. Raises AwsError when there is none, or AWS has no such operation."""
    if service.protocol is Protocol.JSON:
        prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
        if not name or prefix != service.target:
            raise AwsError("UnknownOperationException", "The X-Amz-Target header names no operation of this service.")
    elif service.protocol is Protocol.REST_XML:
        return _s3_operation(request)
    else:
        name = request.form.get("Action") or request.query_values.get("Action", "")
        if not name:
            raise AwsError("MissingAction", "The request must contain the parameter Action")
    if name not in _model(service.name).operation_names:
        shown = "".join(c for c in name[:64] if c.isprintable())
        if service.protocol is Protocol.JSON:
            raise AwsError("UnknownOperationException", f"There is no operation {shown}.")
        version = str(_model(service.name).api_version)
        raise AwsError(
            "InvalidAction", f"The action {shown} is not valid for this web service (version {version})", 400
        )
    return name


def parameters_of(service: ApiService, operation: str, request: HttpRequest) -> Mapping[str, Any]:
    """The operation's members by their own names. Raises AwsError for a body that cannot be read."""
    if service.protocol is Protocol.JSON:
        return json_object(request.body)
    if service.protocol is Protocol.REST_XML:
        return _s3_parameters(request)
    from moto.core.parse import PROTOCOL_PARSERS, RequestParserError

    model = _model(service.name).operation_model(operation)
    parser: Any = PROTOCOL_PARSERS[service.protocol.value](model, map_type=dict)
    try:
        values = {**request.query_values, **request.form}
        parsed = parser.parse(
            {
                "method": request.method,
                "values": values,
                "headers": request.headers,
                "body": request.body,
                "url_path": request.path,
                "url_params": {},
            }
        )
    except (RequestParserError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AwsError("MalformedQueryString", "A parameter of the request cannot be read.") from error
    return dict(parsed)


def _model(name: str) -> Any:
    from moto.core.utils import get_service_model

    return get_service_model(name)


def s3_bucket_and_key(path: str) -> tuple[str, str]:
    """Bucket and key of a path-style request, decoded."""
    from urllib.parse import unquote

    bucket, _, key = path.lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


# What the sub-resource in the query makes of a request; S3 API reference, one page an operation.
_S3_SUBRESOURCES = {
    "accelerate": "AccelerateConfiguration",
    "acl": "Acl",
    "analytics": "AnalyticsConfiguration",
    "cors": "Cors",
    "encryption": "Encryption",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "legal-hold": "LegalHold",
    "lifecycle": "LifecycleConfiguration",
    "location": "Location",
    "logging": "Logging",
    "metrics": "MetricsConfiguration",
    "notification": "NotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "OwnershipControls",
    "policy": "Policy",
    "policyStatus": "PolicyStatus",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "Replication",
    "requestPayment": "RequestPayment",
    "retention": "Retention",
    "tagging": "Tagging",
    "torrent": "Torrent",
    "versioning": "Versioning",
    "website": "Website",
}
_S3_UNPREFIXED = {"publicAccessBlock"}
_S3_OBJECT_ONLY = {"LegalHold", "Retention", "Torrent"}
_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head"}


def _s3_operation(request: HttpRequest) -> str:
    bucket, key = s3_bucket_and_key(request.path)
    query, method = request.query_values, request.method
    if method not in ("GET", "PUT", "DELETE", "HEAD", "POST"):
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    if not bucket:
        if method != "GET":
            raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
        return "ListBuckets"
    for name, noun in _S3_SUBRESOURCES.items():
        if name in query and method in _VERBS:
            return _s3_subresource(_VERBS[method], name, noun, bool(key))
    return _s3_object(method, query, request.headers) if key else _s3_bucket(method, query)


def _s3_subresource(verb: str, name: str, noun: str, has_key: bool) -> str:
    if name in _S3_UNPREFIXED or noun == "ObjectLockConfiguration":
        return f"{verb}{noun}"
    if has_key or noun in _S3_OBJECT_ONLY:
        return f"{verb}Object{noun}"
    if verb == "Delete" and noun == "LifecycleConfiguration":
        return "DeleteBucketLifecycle"
    return f"{verb}Bucket{noun}"


def _s3_bucket(method: str, query: Mapping[str, str]) -> str:
    if method == "GET":
        if "uploads" in query:
            return "ListMultipartUploads"
        if "versions" in query:
            return "ListObjectVersions"
        return "ListObjectsV2" if query.get("list-type") == "2" else "ListObjects"
    if method == "POST":
        return "DeleteObjects" if "delete" in query else "PostObject"
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}[method]


def _s3_object(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    if method == "GET":
        if "attributes" in query:
            return "GetObjectAttributes"
        return "ListParts" if "uploadId" in query else "GetObject"
    if method == "PUT":
        if "uploadId" in query:
            return "UploadPartCopy" if "x-amz-copy-source" in headers else "UploadPart"
        return "CopyObject" if "x-amz-copy-source" in headers else "PutObject"
    if method == "DELETE":
        return "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
    if method == "POST":
        if "uploads" in query:
            return "CreateMultipartUpload"
        if "uploadId" in query:
            return "CompleteMultipartUpload"
        if "restore" in query:
            return "RestoreObject"
        return "SelectObjectContent" if "select" in query else "PostObject"
    return "HeadObject"


def _s3_parameters(request: HttpRequest) -> dict[str, Any]:
    bucket, key = s3_bucket_and_key(request.path)
    parameters: dict[str, Any] = {}
    if bucket:
        parameters["bucketName"] = bucket
    if key:
        parameters["key"] = key
    for name, value in request.query_values.items():
        if not name.startswith("X-Amz-"):
            parameters[name] = value
    if "x-amz-copy-source" in request.headers:
        parameters["x-amz-copy-source"] = request.headers["x-amz-copy-source"]
    return parameters
