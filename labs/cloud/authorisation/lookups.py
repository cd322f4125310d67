"""Names to ARNs, tags and resource policies, read from moto's stores, ECR's and ECS's."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from labs import iam
from labs.cloud.authorisation.ec2_traits import ec2_traits
from labs.cloud.identity.identities import parsed
from labs.cloud.store.read_write_lock import WHOLE

_NOTHING: Mapping[str, str] = {}


class StoreLookups:
    """Implements ``authorisation.Lookups``; ``resource_policy`` gives the policy on a resource itself.

    Looks never make a store: an account or region nobody has used has nothing to find.
    """

    def __init__(
        self,
        repository_policy: Callable[[str], iam.Policy | None],
        repository_tags: Callable[[str], Mapping[str, str]],
        task_definition: Callable[[str], tuple[str, tuple[str, ...]]],
        ecs_tags: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._repository_policy = repository_policy
        self._repository_tags = repository_tags
        self._task_definition = task_definition
        self._ecs_tags = ecs_tags

    def iam_path(self, account: str, kind: str, name: str) -> str:
        """See ``authorisation.Lookups``."""
        backend = _store("iam", account, "aws")
        if backend is None:
            return "/"
        if kind in ("user", "group"):
            found = (backend.users if kind == "user" else backend.groups).get(name)
            return str(found.path) if found is not None else "/"
        held = backend.roles if kind == "role" else backend.instance_profiles if kind == "instance-profile" else {}
        return next((str(entity.path) for entity in list(held.values()) if entity.name == name), "/")

    def secret_arn(self, account: str, region: str, secret: str) -> str:
        """See ``authorisation.Lookups``."""
        found = _secret(account, region, secret)
        return str(found.arn) if found is not None else ""

    def key_arn(self, account: str, region: str, key: str) -> str:
        """See ``authorisation.Lookups``."""
        found = _key(account, region, key)
        return str(found.arn) if found is not None else ""

    def task_definition(self, account: str, region: str, name: str) -> tuple[str, tuple[str, ...]]:
        """See ``authorisation.Lookups``."""
        return self._task_definition(name)

    def profile_role(self, account: str, profile: str) -> str:
        """See ``authorisation.Lookups``."""
        backend = _store("iam", account, "aws")
        name = profile.rsplit("/", 1)[-1]
        held = list(backend.instance_profiles.values()) if backend is not None else ()
        return next((str(role.arn) for found in held if found.name == name for role in found.roles), "")

    def boundary(self, account: str, kind: str, name: str) -> str:
        """See ``authorisation.Lookups``."""
        backend = _store("iam", account, "aws")
        if backend is None:
            return ""
        owner = backend.users.get(name) if kind == "user" else _role(backend, name)
        return str(getattr(owner, "permissions_boundary_arn", None) or "")

    def traits(self, arn: str) -> Mapping[str, str]:
        """See ``authorisation.Lookups``."""
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return _NOTHING
        _, _, service, region, account, rest = parts
        if service == "ec2":
            return ec2_traits(_store("ec2", account, region), region, account, rest)
        if service == "kms" and rest.startswith("key/"):
            return _key_traits(_key(account, region, arn))
        return _NOTHING

    def tags(self, arn: str) -> Mapping[str, str]:
        """See ``authorisation.Lookups``."""
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return _NOTHING
        _, _, service, region, account, rest = parts
        if service == "ecr":
            return self._repository_tags(arn)
        if service == "ec2":
            backend = _store("ec2", account, region)
            # A defaultdict: get() does not add.
            return dict(backend.tags.get(rest.rsplit("/", 1)[-1]) or {}) if backend is not None else _NOTHING
        if service == "iam":
            return _iam_tags(account, rest)
        if service == "secretsmanager":
            return _pairs(getattr(_secret(account, region, arn), "tags", None))
        if service == "ecs":
            return self._ecs_tags(arn)
        if service == "kms":
            key = _key(account, region, arn)
            backend = _store("kms", account, region)
            return dict(backend.tagger.get_tag_dict_for_resource(key.id)) if key is not None else _NOTHING
        if service == "ssm" and rest.startswith("parameter/"):
            return _parameter_tags(_store("ssm", account, region), rest.removeprefix("parameter/"))
        if service == "logs":
            backend = _store("logs", account, region)
            bare = arn.split(":log-stream:", 1)[0]
            return _tagger(backend, bare) or _tagger(backend, f"{bare}:*")
        return _NOTHING

    def has_bucket(self, name: str) -> bool:
        """Whether there is a bucket of that name."""
        return _bucket(name) is not None

    def resource_policy(self, arn: str) -> iam.Policy | None:
        """The resource-based policy that speaks for this ARN; None when there is none."""
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return None
        _, _, service, region, account, rest = parts
        if service == "ecr":
            return self._repository_policy(arn)
        if service == "s3":
            return _bucket_policy(rest.split("/", 1)[0])
        if service == "kms":
            key = _key(account, region, arn)
            return _policy(getattr(key, "policy", None), arn)
        if service == "secretsmanager":
            return _policy(getattr(_secret(account, region, arn), "policy", None), arn)
        return None


def _models(service: str) -> Any:
    """moto's module with a service's stores; None for one that was never called: it is not imported for a look."""
    WHOLE.wait()
    return sys.modules.get(f"moto.{service}.models")


def _store(service: str, account: str, region: str) -> Any:
    """A service's store for an account and region, if there is one already."""
    backends = getattr(_models(service), f"{service}_backends", None)
    regions = backends.get(account) if backends is not None else None
    return dict.get(regions, region) if regions is not None else None


def _policy(text: Any, name: str) -> iam.Policy | None:
    if not text:
        return None
    document = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return parsed(document, iam.PolicyKind.RESOURCE, name)


def _secret(account: str, region: str, secret: str) -> Any:
    backend = _store("secretsmanager", account, region)
    if backend is None:
        return None
    for found in list(dict.values(backend.secrets)):
        if secret in (found.name, found.arn) or (secret.startswith("arn:") and found.arn.rsplit("-", 1)[0] == secret):
            return found
    return None


def _key(account: str, region: str, key: str) -> Any:
    backend = _store("kms", account, region)
    if backend is None:
        return None
    name = key.split(":", 5)[-1] if key.startswith("arn:") else key
    if name.startswith("alias/"):
        return next((found for found in list(backend.keys.values()) if name in found.aliases), None)
    return backend.keys.get(name.removeprefix("key/"))


def _bucket(name: str) -> Any:
    """A bucket of any account; None when there is none."""
    module = _models("s3")
    for regions in list(module.s3_backends.values()) if module else ():
        backend = dict.get(regions, "aws")
        found = backend.buckets.get(name) if backend is not None else None
        if found is not None:
            return found
    return None


def _bucket_policy(name: str) -> iam.Policy | None:
    found = _bucket(name)
    return _policy(found.policy, name) if found is not None else None


def _iam_tags(account: str, rest: str) -> Mapping[str, str]:
    backend = _store("iam", account, "aws")
    if backend is None:
        return _NOTHING
    name = rest.rsplit("/", 1)[-1]
    if rest.startswith("user/"):
        user = backend.users.get(name)
        return _pairs(user.tags if user is not None else None)
    if rest.startswith("role/"):
        return next((_pairs(role.tags) for role in list(backend.roles.values()) if role.name == name), _NOTHING)
    if rest.startswith("policy/"):
        policy = backend.managed_policies.get(f"arn:aws:iam::{account}:{rest}")
        return _pairs(policy.get_tags() if policy is not None else None)
    return _NOTHING


def _role(backend: Any, name: str) -> Any:
    return next((role for role in list(backend.roles.values()) if role.name == name), None)


def _key_traits(key: Any) -> Mapping[str, str]:
    if key is None:
        return _NOTHING
    return {
        "kms:KeyOrigin": str(key.origin),
        "kms:KeySpec": str(key.key_spec),
        "kms:KeyUsage": str(key.key_usage),
        "kms:MultiRegion": str(bool(key.multi_region)).lower(),
    }


def _parameter_tags(backend: Any, name: str) -> Mapping[str, str]:
    held = backend._resource_tags.get("Parameter") if backend is not None else None
    # A name that begins with a slash has it in the store, and not in the ARN.
    return dict(held.get(f"/{name}") or held.get(name) or {}) if held is not None else _NOTHING


def _tagger(backend: Any, arn: str) -> Mapping[str, str]:
    return dict(backend.tagger.get_tag_dict_for_resource(arn)) if backend is not None else _NOTHING


def _pairs(raw: Any) -> Mapping[str, str]:
    pairs = {}
    for item in raw or ():
        key, value = item.get("Key", item.get("key")), item.get("Value", item.get("value"))
        if key is not None:
            pairs[str(key)] = str(value or "")
    return pairs
