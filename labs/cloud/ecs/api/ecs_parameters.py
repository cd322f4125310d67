"""A request against the API's own model: unknown members are dropped as AWS does, wrong types are refused."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.ecs.api import ecs_errors
from labs.cloud.protocols.paging import PageForm

# How ECS's list operations page. Neither sentence is known.
PAGE_FORM = PageForm(
    "ecs",
    bad_token=lambda: ecs_errors.invalid("Invalid token (simulated wording)"),
    bad_size=lambda most: ecs_errors.invalid(f"maxResults must be from 1 to {most} (simulated wording)"),
)


@cache
def _model() -> Any:
    from moto.core.utils import get_service_model

    return get_service_model("ecs")


def checked(operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the operation knows. Raises AwsError for a missing member or a wrong type."""
    shape = _model().operation_model(operation).input_shape
    if shape is None:
        return {}
    known = _known(shape, params)
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(known, shape)
    if report.has_errors():
        first = str(report.generate_report()).splitlines()[0]
        if "Invalid type" in first:
            raise AwsError("SerializationException", f"{first} (simulated wording)")
        raise ecs_errors.client(f"{first} (simulated wording)")
    made: dict[str, Any] = known
    return made


def _known(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name: _known(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members and item is not None
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_known(shape.member, item) for item in value]
    return value
