"""What ECR says of a call's parameters: how its lists page, and how it refuses what its model does not allow."""

from typing import Any

from labs.cloud.protocols.paging import PageForm
from labs.cloud.protocols.parameters import Constraint, Problem, Wording, refuse_problems
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, invalid_parameter

# How ECR's list operations page; the model has bounded the size before. The sentence's end is not known.
PAGE_FORM = PageForm(
    "ecr", bad_token=lambda: invalid_parameter("nextToken", "is not a token of an earlier answer (simulated wording)")
)
# The form "Invalid parameter at ..." and the sentence about the regular expression are ECR's; the others are simulated.
_CONSTRAINTS = {
    Constraint.MISSING: "must not be null",
    Constraint.ENUM: "Member must satisfy enum value set: [{}]",
    Constraint.PATTERN: "must satisfy regular expression '{}'",
    Constraint.TOO_SHORT: "Member must have length greater than or equal to {}",
    Constraint.TOO_LONG: "Member must have length less than or equal to {}",
    Constraint.TOO_SMALL: "Member must have value greater than or equal to {}",
    Constraint.TOO_LARGE: "Member must have value less than or equal to {}",
}


def _wrong_type(found: Problem) -> Exception:
    words = f"The parameter '{found.path}' is not a {found.constraint} (simulated wording)"
    return EcrError(Fault.PARAMETER_INVALID, words)


def _refusal(found: Problem) -> Exception:
    if found.shape == "RepositoryName" and found.kind is not Constraint.MISSING:
        words = _CONSTRAINTS[Constraint.PATTERN].format(spelling.REPOSITORY_PATTERN)
        return invalid_parameter(found.path, words, Fault.NAME_INVALID)
    shown = ", ".join(found.constraint) if found.kind is Constraint.ENUM else found.constraint
    return invalid_parameter(found.path, _CONSTRAINTS[found.kind].format(shown))


_WORDING: Wording = {Constraint.TYPE: _wrong_type, **dict.fromkeys(_CONSTRAINTS, _refusal)}


def check_parameters(operation: str, parameters: dict[str, Any]) -> None:
    """Refuse what the service model does not allow: missing, of the wrong type, too short or long, badly spelt.

    EcrError with InvalidParameterException.
    """
    refuse_problems("ecr", operation, parameters, _WORDING)
