"""What ECS says of a call's parameters: how its lists page, and how it refuses what its model does not allow."""

from collections.abc import Mapping
from typing import Any

from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.protocols.paging import PageForm
from labs.cloud.protocols.parameters import (
    JSON_TYPES,
    Constraint,
    Problem,
    Wording,
    input_shape,
    known,
    refuse_problems,
)

# How ECS's list operations page. Neither sentence is known.
PAGE_FORM = PageForm(
    "ecs",
    bad_token=lambda: ecs_errors.refused("list.token"),
    bad_size=lambda most: ecs_errors.refused("list.size", most=most),
)
# botocore's own words, which a client sees that checks before it sends.
_WORDS = {
    Constraint.MISSING: 'Missing required parameter in {0}: "{1.name}"',
    Constraint.NOT_ONE: "Set one of the following keys for tagged union structure {1.path}: {1.constraint}",
    Constraint.TOO_SHORT: "Invalid length for parameter {1.path}, value: {1.value}, valid min length: {1.constraint}",
    Constraint.TOO_SMALL: "Invalid value for parameter {1.path}, value: {1.value}, valid min value: {1.constraint}",
}


def _refusal(found: Problem) -> Exception:
    words = _WORDS[found.kind].format(found.parent or "input", found)
    return ecs_errors.refused("api.parameters", words=words)


_WORDING: Wording = {**JSON_TYPES, **dict.fromkeys(_WORDS, _refusal)}


def checked(operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the operation knows. Raises AwsError for a missing member or a wrong type."""
    shape = input_shape("ecs", operation)
    if shape is None:
        return {}
    refuse_problems("ecs", operation, params, _WORDING)
    made: dict[str, Any] = known(shape, params)
    return made
