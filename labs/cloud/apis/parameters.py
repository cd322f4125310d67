"""Required members: SDKs refuse a call without them, moto would store None.

The wording is the one IAM and the JSON services give for a null value; EC2's is that of its error code
MissingParameter (EC2 API reference, "Error codes").
"""

from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.services import Protocol, Service


def check_required(service: Service, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError for the first required member of an operation that is missing.

    S3 names its resource in the path and ECR checks its members itself.
    """
    if service.protocol is Protocol.REST_XML or service.name == "ecr":
        return
    from moto.core.utils import get_service_model

    shape = get_service_model(service.name).operation_model(operation).input_shape
    for name in shape.required_members if shape is not None else ():
        if params.get(name) is None:
            raise _missing(service, name)


def _missing(service: Service, name: str) -> AwsError:
    if service.protocol is Protocol.EC2:
        return AwsError("MissingParameter", f"The request must contain the parameter {name}")
    code = "ValidationException" if service.protocol is Protocol.JSON else "ValidationError"
    member = name[:1].lower() + name[1:]
    return AwsError(
        code,
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null",
    )
