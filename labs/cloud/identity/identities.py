"""The users, roles and policies in moto's IAM store, read as values.

Reads take no lock: each is one step on a dictionary. What is worked out from several is cached for as long
as no IAM call has changed anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from labs import iam
from labs.cloud.store.read_write_lock import WHOLE


@dataclass(frozen=True)
class Key:
    """A user's access key."""

    access_key_id: str
    secret: str
    account: str
    user: str
    active: bool


@dataclass(frozen=True)
class Entity:
    """A user or a role. ``id`` is its unique id; ``tags`` its IAM tags. ``trust`` and ``max_session`` are a role's."""

    kind: iam.PrincipalKind
    arn: str
    id: str
    name: str
    account: str
    tags: Mapping[str, str]
    trust: str = ""
    max_session: int = 3600


@dataclass(frozen=True)
class Held:
    """What limits and what allows an identity, of itself and by its groups.

    ``sources`` are IAM's ids of the policies, as its simulators give them: the name of a managed policy,
    ``user_NAME_POLICY`` and the like for an inline one.
    """

    identity: tuple[iam.Policy, ...] = ()
    boundary: iam.Policy | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class OidcProvider:
    """An OpenID Connect provider. ``url`` has no scheme; ``clients`` are the audiences it is registered for."""

    arn: str
    url: str
    clients: tuple[str, ...]
    thumbprints: tuple[str, ...]


@lru_cache(maxsize=4096)
def _parsed(text: str, kind: iam.PolicyKind, name: str, arn: str) -> iam.Policy:
    return iam.parse_policy(text, kind, name, arn=arn)


def parsed(text: str, kind: iam.PolicyKind, name: str, arn: str = "") -> iam.Policy:
    """A stored policy, parsed once. One that does not parse allows nothing."""
    try:
        return _parsed(text, kind, name, arn)
    except iam.MalformedPolicy:
        return iam.Policy(kind, name, "2012-10-17", ())


class Identities:
    """Looks identities up in every account's store."""

    def __init__(self) -> None:
        self._generation = 0
        self._held: dict[str, tuple[int, Held]] = {}
        self._entities: dict[str, tuple[int, Entity | None]] = {}

    def changed(self) -> None:
        """Something in IAM changed: forget what was worked out before."""
        self._generation += 1
        self._held.clear()
        self._entities.clear()

    def key(self, access_key_id: str) -> Key | None:
        """A user's access key, active or not; None when no account has it."""
        for account, backend in _backends():
            key = backend.access_keys.get(access_key_id)
            if key is not None and key.user_name and key.user_name in backend.users:
                secret = str(key.secret_access_key)
                return Key(
                    access_key_id=access_key_id,
                    secret=secret,
                    account=account,
                    user=str(key.user_name),
                    active=key.status == "Active",
                )
        return None

    def first_key(self, account: str, name: str) -> Key | None:
        """A user's first active key."""
        user = _backend(account).users.get(name)
        for key in list(user.access_keys) if user is not None else ():
            if key.status == "Active":
                return Key(
                    access_key_id=key.access_key_id,
                    secret=str(key.secret_access_key),
                    account=account,
                    user=name,
                    active=True,
                )
        return None

    def user(self, account: str, name: str) -> Entity | None:
        """A user by name."""
        return self._entity(f"user/{account}/{name}", lambda: _find_user(account, name))

    def role(self, account: str, name: str) -> Entity | None:
        """A role by name (its last path component)."""
        return self._entity(f"role/{account}/{name}", lambda: _find_role(account, name))

    def by_arn(self, arn: str) -> Entity | None:
        """The user or role of an IAM ARN, None when there is none (or another path)."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[2] != "iam" or "/" not in parts[5]:
            return None
        name = parts[5].rsplit("/", 1)[-1]
        found = self.role(parts[4], name) if parts[5].startswith("role/") else self.user(parts[4], name)
        return found if found is not None and found.arn == arn else None

    def held(self, arn: str) -> Held:
        """The policies of a user or role; nothing when it does not exist."""
        generation = self._generation
        cached = self._held.get(arn)
        if cached is not None and cached[0] == generation:
            return cached[1]
        held = _gather(arn)
        self._held[arn] = (generation, held)
        return held

    def oidc_provider(self, account: str, url: str) -> OidcProvider | None:
        """The account's OpenID Connect provider of a URL without its scheme, None when it has none."""
        found = _backend(account).open_id_providers.get(f"arn:aws:iam::{account}:oidc-provider/{url}")
        if found is None:
            return None
        clients, thumbprints = tuple(found.client_id_list or ()), tuple(found.thumbprint_list or ())
        return OidcProvider(str(found.arn), str(found.url), clients, thumbprints)

    def policy_document(self, account: str, arn: str) -> str | None:
        """The default version of a managed policy, AWS's own included; None when there is none."""
        backend = _backend(account)
        if arn.startswith("arn:aws:iam::aws:policy/"):
            from labs.cloud.patches.iam import ensure_managed

            ensure_managed(backend, arn)
        policy = backend.managed_policies.get(arn)
        return _default_document(policy) if policy is not None else None

    def _entity(self, name: str, find: Callable[[], Entity | None]) -> Entity | None:
        generation = self._generation
        cached = self._entities.get(name)
        if cached is not None and cached[0] == generation:
            return cached[1]
        entity = find()
        self._entities[name] = (generation, entity)
        return entity


def _backends() -> list[tuple[str, Any]]:
    from moto.iam.models import iam_backends

    WHOLE.wait()
    return [(account, regions["aws"]) for account, regions in list(iam_backends.items())]


def _backend(account: str) -> Any:
    from moto.iam.models import iam_backends

    WHOLE.wait()
    return iam_backends[account]["aws"]


def _tags(raw: Any) -> dict[str, str]:
    return {str(tag["Key"]): str(tag["Value"]) for tag in raw or ()}


def _find_user(account: str, name: str) -> Entity | None:
    user = _backend(account).users.get(name)
    if user is None:
        return None
    return Entity(
        kind=iam.PrincipalKind.USER, arn=user.arn, id=user.id, name=user.name, account=account, tags=_tags(user.tags)
    )


def _find_role(account: str, name: str) -> Entity | None:
    for role in list(_backend(account).roles.values()):
        if role.name == name:
            return Entity(
                kind=iam.PrincipalKind.ROLE,
                arn=role.arn,
                id=role.id,
                name=role.name,
                account=account,
                tags=_tags(role.tags),
                trust=role.assume_role_policy_document,
                max_session=int(role.max_session_duration or 3600),
            )
    return None


def _gather(arn: str) -> Held:
    parts = arn.split(":", 5)
    if len(parts) != 6 or "/" not in parts[5]:
        return Held()
    backend = _backend(parts[4])
    name = parts[5].rsplit("/", 1)[-1]
    owners: list[Any] = []
    if parts[5].startswith("role/"):
        owners = [role for role in list(backend.roles.values()) if role.name == name]
    elif name in backend.users:
        user = backend.users[name]
        owners = [user, *(group for group in list(backend.groups.values()) if user in group.users)]
    if not owners or owners[0].arn != arn:
        return Held()
    policies, sources = [], []
    kinds = ["role" if parts[5].startswith("role/") else "user", *["group"] * len(owners[1:])]
    for kind, owner in zip(kinds, owners, strict=True):
        inline, attached = _inline(owner), _attached(owner, iam.PolicyKind.IDENTITY)
        policies += [*inline, *attached]
        sources += [f"{kind}_{owner.name}_{policy.name}" for policy in inline] + [policy.name for policy in attached]
    boundary = None
    boundary_arn = getattr(owners[0], "permissions_boundary_arn", None)
    if boundary_arn:
        document = _default_document(backend.managed_policies.get(boundary_arn))
        # A boundary that is gone allows nothing.
        nothing = '{"Version":"2012-10-17","Statement":[]}'
        boundary = parsed(document or nothing, iam.PolicyKind.BOUNDARY, boundary_arn, boundary_arn)
    return Held(tuple(policies), boundary, tuple(sources))


def _inline(owner: Any) -> list[iam.Policy]:
    return [parsed(_text(document), iam.PolicyKind.IDENTITY, name) for name, document in list(owner.policies.items())]


def _attached(owner: Any, kind: iam.PolicyKind) -> list[iam.Policy]:
    return [
        parsed(_default_document(policy) or "{}", kind, policy.name, policy.arn)
        for policy in list(owner.managed_policies.values())
    ]


def _default_document(policy: Any) -> str | None:
    if policy is None:
        return None
    for version in list(policy.versions):
        if version.version_id == policy.default_version_id:
            return _text(version.document)
    return None


def _text(document: Any) -> str:
    return document if isinstance(document, str) else str(document)
