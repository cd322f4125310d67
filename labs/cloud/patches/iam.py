"""moto's IAM: AWS-managed policies on demand, permissions boundaries of users."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from labs.cloud.store import determinism
from labs.cloud.store.principals import anchor

_PREFIX = "arn:aws:iam::aws:policy/"


def apply() -> None:
    """Apply every patch of IAM."""
    from moto.iam import models, responses

    anchor(models.Role, "assume_role_policy_document")
    _documents_are_read_before()
    _ids_with_prefixes()
    _boundaries_of_users(responses.IamResponse)
    _managed_policies_on_demand(responses.IamResponse)


def _documents_are_read_before() -> None:
    """moto refuses an inline policy without a Version, AWS takes it as 2008-10-17; labs.iam has read each document."""
    from moto.iam import models

    module: Any = models
    for name in ("IAMPolicyDocumentValidator", "IAMTrustPolicyDocumentValidator"):
        setattr(module, name, _Read)


class _Read:
    """In place of moto's validators."""

    def __init__(self, document: str) -> None:
        pass

    def validate(self) -> None:
        """Nothing is left to refuse."""


def _ids_with_prefixes() -> None:
    """Users' and groups' unique ids are random lower-case letters in moto; AWS's tell the kind (AIDA, AGPA)."""
    from moto.iam import models
    from moto.iam.utils import random_access_key

    kinds: list[tuple[Any, str]] = [(models.User, "AIDA"), (models.Group, "AGPA"), (models.InstanceProfile, "AIPA")]
    for kind, prefix in kinds:

        def init(self: Any, *args: Any, _original: Any = kind.__init__, _prefix: str = prefix, **kwargs: Any) -> None:
            _original(self, *args, **kwargs)
            self.id = f"{_prefix}{random_access_key()}A"

        kind.__init__ = init


def _managed_policies_on_demand(response: Any) -> None:
    """moto has all of AWS's managed policies or none. Here each is made when a request names it."""
    original = response.call_action

    def call_action(self: Any) -> Any:
        parameters = dict(self.params) if self.automated_parameter_parsing and hasattr(self, "params") else {}
        for name in ("PolicyArn", "PermissionsBoundary"):
            arn = parameters.get(name)
            if isinstance(arn, str) and arn.startswith(_PREFIX):
                ensure_managed(self.backend, arn)
        if self._get_action() == "ListPolicies" and parameters.get("Scope") != "Local":
            ensure_managed(self.backend, "")
        return original(self)

    response.call_action = call_action


def ensure_managed(backend: Any, arn: str) -> None:
    """Put one of AWS's managed policies (all of them for "") into an account's store, always with the same id."""
    if arn and arn in backend.managed_policies:
        return
    from moto.iam.models import AWSManagedPolicy

    for name, data in _managed(arn.rsplit("/", 1)[-1]):
        with determinism.fixed(f"managed policy {name}", determinism.present()):
            policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
        backend.managed_policies.setdefault(policy.arn, policy)
        if policy not in backend.aws_managed_policies:
            backend.aws_managed_policies.append(policy)


def _managed(wanted: str) -> Iterator[tuple[str, Any]]:
    """Name and data of one of AWS's managed policies, of all for ""; nothing for a name that AWS does not have."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data as text

    _let_go_of_managed()
    if not wanted:
        yield from json.loads(text).items()
        return
    place = text.find(f'\n "{wanted}":{{')
    if place >= 0:
        yield wanted, json.JSONDecoder().raw_decode(text, text.index("{", place))[0]


def _let_go_of_managed() -> None:
    """The text of all managed policies is 5 MB; the next import reads it again."""
    import moto.iam
    from moto.iam import models

    vars(moto.iam).pop("aws_managed_policies", None)
    vars(models).pop("aws_managed_policies_data", None)
    sys.modules.pop("moto.iam.aws_managed_policies", None)


def _boundaries_of_users(response: Any) -> None:
    """moto has permissions boundaries for roles only."""
    from moto.core.responses import EmptyResult
    from moto.iam.exceptions import NoSuchEntity
    from moto.iam.models import User

    def permissions_boundary(self: Any) -> dict[str, str] | None:
        arn = getattr(self, "permissions_boundary_arn", None)
        if not arn:
            return None
        return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}

    def set_boundary(self: Any, user: Any, arn: str) -> None:
        if arn not in self.backend.managed_policies:
            raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
        user.permissions_boundary_arn = arn

    def put_user_permissions_boundary(self: Any) -> Any:
        user = self.backend.get_user(self._get_param("UserName"))
        set_boundary(self, user, self._get_param("PermissionsBoundary"))
        return EmptyResult()

    def delete_user_permissions_boundary(self: Any) -> Any:
        self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = None
        return EmptyResult()

    original = response.create_user

    def create_user(self: Any) -> Any:
        arn = self._get_param("PermissionsBoundary")
        if arn and arn not in self.backend.managed_policies:
            raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
        result = original(self)
        if arn:
            self.backend.get_user(self._get_param("UserName")).permissions_boundary_arn = arn
        return result

    user_class: Any = User
    user_class.permissions_boundary = property(permissions_boundary)
    response.put_user_permissions_boundary = put_user_permissions_boundary
    response.delete_user_permissions_boundary = delete_user_permissions_boundary
    response.create_user = create_user
