"""A call's parameters against the service's own model: one walk for all services, each refuses in its own words.

SDKs check before they send; what comes past them, moto would store or stumble over. A ``Wording`` says which kinds of
problem a service looks for, and how it refuses each.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.protocols import xml_text
from labs.cloud.protocols.services import ApiService, Protocol


class Constraint(Enum):
    """What can be wrong with a value, by the constraints of botocore's models."""

    TYPE = auto()
    MISSING = auto()
    NOT_ONE = auto()
    ENUM = auto()
    PATTERN = auto()
    TOO_SHORT = auto()
    TOO_LONG = auto()
    TOO_SMALL = auto()
    TOO_LARGE = auto()
    CHARACTER = auto()


@dataclass(frozen=True)
class Problem:
    """One value that breaks a constraint of the model.

    ``path`` is like ``imageIds[0].imageTag``, "" for the parameters as a whole; a member that is missing has its own.
    ``value`` is what was given, its length where that is the problem; ``constraint`` the type's name, the enum's words,
    the pattern, the bound, the character that XML cannot hold, or the members of which just one must be there;
    ``shape`` the model's name of the type; ``pattern`` a string's, where the model has one.
    """

    path: str
    kind: Constraint
    value: Any
    constraint: Any
    shape: str
    pattern: str = ""

    @property
    def name(self) -> str:
        """The member's own name."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The path of the structure that the member belongs to; "" for the parameters as a whole."""
        return self.path.rpartition(".")[0]


Wording = Mapping[Constraint, Callable[[Problem], Exception]]


def refuse_problems(service: str, operation: str, params: Mapping[str, Any], wording: Wording) -> None:
    """Raise the service's refusal of the first problem of a kind in ``wording``. Unknown members are ignored."""
    shape = input_shape(service, operation)
    if shape is None:
        return
    for problem in problems(shape, params, frozenset(wording)):
        raise wording[problem.kind](problem)


def input_shape(service: str, operation: str) -> Any:
    """botocore's shape of an operation's parameters; None when it takes none."""
    from moto.core.utils import get_service_model

    return get_service_model(service).operation_model(operation).input_shape


def known(shape: Any, value: Any) -> Any:
    """The value without members that the model does not know, and without those that are null."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name: known(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members and item is not None
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [known(shape.member, item) for item in value]
    return value


def problems(shape: Any, value: Any, kinds: frozenset[Constraint], path: str = "") -> Iterator[Problem]:
    """Every problem of these kinds, the outermost first. A null member is one left out; nothing is sought below a
    value of the wrong type.

    Source: smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html for null and unknown members.
    """
    if not _is_of(shape.type_name, value):
        if Constraint.TYPE in kinds:
            yield Problem(path, Constraint.TYPE, value, shape.type_name, shape.name)
        return
    yield from (each for each in _own_problems(shape, value, kinds, path) if each.kind in kinds)
    if shape.type_name == "map" and Constraint.CHARACTER in kinds:
        for key in value:
            yield from problems(shape.key, key, kinds & {Constraint.CHARACTER}, f"{path}.key")
    for member, item, place in _members(shape, value, path):
        yield from problems(member, item, kinds, place)


def _members(shape: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Shape, value and path of what a value holds."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield member, value[name], f"{path}.{name}".lstrip(".")
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield shape.member, item, f"{path}[{number}]"
    elif shape.type_name == "map":
        for item in value.values():
            yield shape.value, item, f"{path}.*"


def _own_problems(shape: Any, value: Any, kinds: frozenset[Constraint], path: str) -> Iterator[Problem]:
    kind = shape.type_name
    if kind == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                member = shape.members[name].name
                yield Problem(f"{path}.{name}".lstrip("."), Constraint.MISSING, None, None, member)
        if shape.is_tagged_union and sum(item is not None for item in value.values()) != 1:
            yield Problem(path, Constraint.NOT_ONE, len(value), list(shape.members), shape.name)
    elif kind == "string":
        if shape.enum and value not in shape.enum:
            yield Problem(path, Constraint.ENUM, value, shape.enum, shape.name)
        yield from _bounds(shape, len(value), path, Constraint.TOO_SHORT, Constraint.TOO_LONG)
        if Constraint.CHARACTER in kinds and (character := xml_text.bad_character(value)):
            known_pattern = str(shape.metadata.get("pattern", ""))
            yield Problem(path, Constraint.CHARACTER, value, character, shape.name, known_pattern)
        pattern = shape.metadata.get("pattern") if Constraint.PATTERN in kinds else None
        compiled = _compiled(pattern) if pattern else None
        if compiled is not None and not compiled.fullmatch(value):
            yield Problem(path, Constraint.PATTERN, value, pattern, shape.name)
    elif kind == "list":
        yield from _bounds(shape, len(value), path, Constraint.TOO_SHORT, Constraint.TOO_LONG)
    elif kind in _BITS:
        yield from _bounds(shape, value, path, Constraint.TOO_SMALL, Constraint.TOO_LARGE)


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    r"""A model's pattern, which is Java's, for Python: \w is ASCII's there, and classes of Unicode have names.

    None for one that Python cannot say.
    """
    plain = pattern
    for java, python in _UNICODE.items():
        plain = plain.replace(java, python)
    try:
        return re.compile(plain, re.UNICODE if plain != pattern else re.ASCII)
    except re.error:
        return None


# \w stands for letters and digits: no model that names these classes means ASCII's by it.
_UNICODE = {
    r"\p{L}\p{Z}\p{N}": r"\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}


def _bounds(shape: Any, size: int, path: str, below: Constraint, above: Constraint) -> Iterator[Problem]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield Problem(path, below, size, least, shape.name)
    if most is not None and size > most:
        yield Problem(path, above, size, most, shape.name)


# Whole numbers' bounds, by botocore's type name.
_BITS = {"integer": 31, "long": 63}
# Seconds: a moment that datetime can hold, year 1 to 9999.
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799


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


# What every JSON service says of a value of another type.
JSON_TYPES: Wording = {
    Constraint.TYPE: lambda found: AwsError(
        "SerializationException",
        f"The value of {found.path or 'the request'} is not a {found.constraint}. (simulated wording)",
    )
}


def check_types(service: ApiService, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError(SerializationException) for the first member of a JSON body that is of another type."""
    if service.protocol is Protocol.JSON:
        refuse_problems(service.name, operation, params, JSON_TYPES)


def check_required(service: ApiService, operation: str, params: Mapping[str, Any]) -> None:
    """Raises AwsError for the first required member of an operation that is missing.

    S3 names its resource in the path and ECR checks its members itself. The wording is the one IAM and the JSON
    services give for a null value; EC2's is that of its error code MissingParameter (EC2 API reference, "Error codes").
    """
    if service.protocol is Protocol.REST_XML or service.name == "ecr":
        return
    shape = input_shape(service.name, operation)
    for name in shape.required_members if shape is not None else ():
        if params.get(name) is None:
            raise _missing(service, name)


def _missing(service: ApiService, name: str) -> AwsError:
    if service.protocol is Protocol.EC2:
        return AwsError("MissingParameter", f"The request must contain the parameter {name}")
    code = "ValidationException" if service.protocol is Protocol.JSON else "ValidationError"
    member = name[:1].lower() + name[1:]
    return AwsError(
        code,
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null",
    )
