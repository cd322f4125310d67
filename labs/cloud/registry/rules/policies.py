"""What ECR refuses in a repository's policy and in the registry's, beyond what IAM's grammar does.

Sources: awsdocs/amazon-ecr-user-guide#20 (Resource), cloudposse/terraform-aws-ecr#67 (GetAuthorizationToken),
pulumi/pulumi-aws#2326 (actions of the registry's policy), hashicorp/terraform-provider-aws#39064 (principals) [field];
ECR User Guide, "Extended registry policy scope" (V1 and V2) [doc].
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from labs import iam
from labs.cloud.apis.principal_names import is_service
from labs.cloud.registry.rules.registry_errors import EcrError, invalid_parameter, said

# Whether an ARN of this account's users and roles, or a unique id, names one that is there.
Exists = Callable[[str], bool]

# All that a registry's policy may name under the scope V1.
V1_ACTIONS = ("ecr:batchimportupstreamimage", "ecr:createrepository", "ecr:replicateimage")
_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:iam::(\*|\d{12}):(root|user/.+|role/.+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)/.+|A(ID|RO)A[A-Z0-9]{12,}"
)


def check_repository_policy(text: str, exists: Exists) -> iam.Policy:
    """The policy as it decides. EcrError PARAMETER_INVALID in ECR's words."""
    policy = _parsed(text, "repository.policy")
    for statement in _statements(text):
        _refuse("Resource" in statement or "NotResource" in statement, "repository.policy")
        for action in _listed(statement, "Action"):
            token = action.lower() == "ecr:getauthorizationtoken"
            _refuse(token or not _is_of_ecr(action), "repository.policy")
        _check_principals(statement, exists, "repository.policy")
    return policy


def check_registry_policy(text: str, exists: Exists, scope: str) -> iam.Policy:
    """As ``check_repository_policy``, for the registry's policy under a scope, V1 or V2."""
    policy = _parsed(text, "registry.policy")
    for statement in _statements(text):
        for action in _listed(statement, "Action"):
            _refuse(not _is_of_ecr(action), "registry.policy")
            _refuse(scope == "V1" and action.lower() not in V1_ACTIONS, "registry.policy")
        _check_principals(statement, exists, "registry.policy")
    return policy


def locks_out() -> EcrError:
    """A policy after which its author could set no other one, without ``force``."""
    why = "it would keep you from setting another policy: force sets it all the same; simulated wording"
    return invalid_parameter("PolicyText", f"{said('repository.policy')} ({why})")


def _parsed(text: str, words: str) -> iam.Policy:
    try:
        return iam.parse_policy(text, iam.PolicyKind.RESOURCE)
    except iam.MalformedPolicy as error:
        raise invalid_parameter("PolicyText", said(words)) from error


def _statements(text: str) -> Iterator[Mapping[str, Any]]:
    found = json.loads(text)["Statement"]
    yield from found if isinstance(found, list) else [found]


def _listed(statement: Mapping[str, Any], element: str) -> list[str]:
    """The texts of an element or of its negation."""
    found = statement.get(element, statement.get(f"Not{element}", []))
    return [found] if isinstance(found, str) else list(found)


def _is_of_ecr(action: str) -> bool:
    return action == "*" or action.lower().startswith("ecr:")


def _check_principals(statement: Mapping[str, Any], exists: Exists, words: str) -> None:
    given = statement.get("Principal", statement.get("NotPrincipal"))
    named = given.get("AWS", []) if isinstance(given, dict) else []
    for principal in [named] if isinstance(named, str) else named:
        _refuse(_PRINCIPAL.fullmatch(principal) is None, words)
        if not exists(principal):
            raise invalid_parameter("PolicyText", said("repository.no_principal"))
    services = given.get("Service", []) if isinstance(given, dict) else []
    for service in [services] if isinstance(services, str) else services:
        _refuse(not is_service(service), words)


def _refuse(wrong: bool, words: str) -> None:
    if wrong:
        raise invalid_parameter("PolicyText", said(words))
