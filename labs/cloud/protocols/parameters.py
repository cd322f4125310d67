"""Members that are missing or of another type: SDKs refuse such a call, moto would store it or stumble.

The wording is the one IAM and the JSON services give for a null value; EC2's is that of its error code
MissingParameter (EC2 API reference, "Error codes").
"""

import math
from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.protocols.services import ApiService, Protocol


def check_required(service: ApiService, operation: str, params: Mapping[str, Any]) -> None:
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


def check_types(service: ApiService, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError(SerializationException) for the first member of a JSON body that is of another type.

    An unknown member is ignored and null is a member left out, as the AWS JSON protocol has it
    (smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
    """
    if service.protocol is not Protocol.JSON:
        return
    from moto.core.utils import get_service_model

    shape = get_service_model(service.name).operation_model(operation).input_shape
    if shape is not None:
        _check_type(shape, params, "")


# Whole numbers' bounds, by botocore's type name.
_BITS = {"integer": 31, "long": 63}
# Seconds: a moment that datetime can hold, year 1 to 9999.
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799


def _check_type(shape: Any, value: Any, where: str) -> None:
    kind = shape.type_name
    if not _is_of(kind, value):
        raise AwsError(
            "SerializationException", f"The value of {where or 'the request'} is not a {kind}. (simulated wording)"
        )
    if kind == "structure":
        for name, inner in value.items():
            if inner is not None and name in shape.members:
                _check_type(shape.members[name], inner, f"{where}.{name}" if where else name)
    elif kind == "list":
        for number, inner in enumerate(value):
            _check_type(shape.member, inner, f"{where}[{number}]")
    elif kind == "map":
        for inner in value.values():
            _check_type(shape.value, inner, f"{where}.*")


def _is_of(kind: str, value: Any) -> bool:
    if kind in ("structure", "map"):
        return isinstance(value, Mapping)
    if kind == "list":
        return isinstance(value, list)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in _BITS:
        bound = 1 << _BITS[kind]
        return isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound
    if kind in ("float", "double"):
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "timestamp":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return isinstance(value, str) or (number and _EARLIEST <= value <= _LATEST)
    return isinstance(value, str)


def _missing(service: ApiService, name: str) -> AwsError:
    if service.protocol is Protocol.EC2:
        return AwsError("MissingParameter", f"The request must contain the parameter {name}")
    code = "ValidationException" if service.protocol is Protocol.JSON else "ValidationError"
    member = name[:1].lower() + name[1:]
    return AwsError(
        code,
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null",
    )
