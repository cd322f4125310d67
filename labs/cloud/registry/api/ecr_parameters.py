"""The parameters of an ECR API call against the service model, in ECR's form of refusal."""

import re
from typing import Any

from labs.cloud.protocols.paging import PageForm
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, invalid_parameter

# How ECR's list operations page; the model has bounded the size before. The sentence's end is not known.
PAGE_FORM = PageForm(
    "ecr", bad_token=lambda: invalid_parameter("nextToken", "is not a token of an earlier answer (simulated wording)")
)

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
}


def service_model() -> Any:
    """botocore's model of ECR: shapes of inputs and outputs."""
    from moto.core.utils import get_service_model

    return get_service_model("ecr")


def check_parameters(operation: str, parameters: dict[str, Any]) -> None:
    """Refuse what the service model does not allow: missing, of the wrong type, too short or long, badly spelt.

    EcrError with InvalidParameterException. The form "Invalid parameter at ..." and the sentence about the regular
    expression are ECR's; the other constraints' sentences are simulated. Unknown members are ignored, as AWS does.
    """
    shape = service_model().operation_model(operation).input_shape
    if shape is not None:
        _check(shape, parameters, "")


def _check(shape: Any, value: Any, path: str) -> None:
    kinds = _TYPES.get(shape.type_name)
    if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        raise EcrError(
            Fault.PARAMETER_INVALID, f"The parameter '{path}' is not a {shape.type_name} (simulated wording)"
        )
    if shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                raise invalid_parameter(f"{path}.{name}".lstrip("."), "must not be null")
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _check(member, value[name], f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        _check_size(shape, len(value), path)
        for index, item in enumerate(value):
            _check(shape.member, item, f"{path}[{index}]")
    elif shape.type_name in ("integer", "long"):
        _check_size(shape, value, path, "value")
    elif shape.type_name == "string":
        _check_text(shape, value, path)


def _check_text(shape: Any, value: str, path: str) -> None:
    if shape.name == "RepositoryName":
        if not spelling.is_repository(value):
            words = f"must satisfy regular expression '{spelling.REPOSITORY_PATTERN}'"
            raise invalid_parameter(path, words, Fault.NAME_INVALID)
        return
    if shape.enum and value not in shape.enum:
        raise invalid_parameter(path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    _check_size(shape, len(value), path)
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        raise invalid_parameter(path, f"must satisfy regular expression '{pattern}'")


def _check_size(shape: Any, size: int, path: str, what: str = "length") -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        raise invalid_parameter(path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        raise invalid_parameter(path, f"Member must have {what} less than or equal to {most}")
