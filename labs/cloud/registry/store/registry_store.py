"""The store behind the registry and the ECR API: one folder, one account, one region."""

import functools
import json
import secrets
from dataclasses import replace
from pathlib import Path

from labs import iam
from labs.cloud.contract import Clock
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.store.blobs import BlobStore
from labs.cloud.registry.store.database import Database
from labs.cloud.registry.store.images import Images
from labs.cloud.registry.store.lifecycles import Lifecycles
from labs.cloud.registry.store.repositories import Repositories, Repository
from labs.cloud.registry.store.templates import Templates
from labs.cloud.registry.store.tokens import Tokens
from labs.cloud.registry.store.uploads import IDLE_S, Uploads
from labs.cloud.state.room import Room
from labs.cloud.store import principals

# Names of settings; the first, with a repository's name after it, keeps whom the repository's policy names.
_PRINCIPALS = "principals/"
REGISTRY_POLICY = "registry-policy"
POLICY_SCOPE = "REGISTRY_POLICY_SCOPE"


class EcrStore:
    """Everything ECR keeps: ``repositories``, ``images``, ``uploads`` (and layers), ``lifecycles``, ``tokens``,
    settings.

    ``folder`` is the state folder; the store lives in ``folder/registry``. What a method has returned
    survives SIGKILL. Safe for many threads of one process. Raises LabError when the database is damaged.
    """

    def __init__(self, folder: Path, account: str, region: str, clock: Clock, room: Room | None = None) -> None:
        """``room`` is the state folder's; None where only the registry is there."""
        self.account = account
        self.region = region
        self.clock = clock
        root = folder / "registry"
        blobs = BlobStore(root)
        self.database = Database(root / "ecr.sqlite3")
        self.repositories = Repositories(self.database, blobs, account, clock)
        self.room = room or Room(folder / "reserve")
        self.uploads = Uploads(self.database, blobs, account, clock, self.room)
        self.images = Images(self.database, blobs, account, clock)
        self.lifecycles = Lifecycles(self.database, self.repositories, self.images, self.uploads, clock)
        self.templates = Templates(self.database, account, clock)
        self.tokens = Tokens(self.database, clock)
        self._shared = self._shared_policy()
        self._make_signing_key()
        self.room.when_short(self.let_go)

    def arn(self, name: str) -> str:
        """The ARN of a repository, existing or not; one of the mirror has ECR Public's form."""
        if spelling.is_public(name):
            return f"arn:aws:ecr-public::{self.account}:repository/{name.removeprefix(spelling.PUBLIC_PREFIX)}"
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{name}"

    def repository_name(self, arn: str) -> str:
        """The name in a repository ARN of this registry; "" when the ARN is none."""
        prefix = f"arn:aws:ecr:{self.region}:{self.account}:repository/"
        return arn.removeprefix(prefix) if arn.startswith(prefix) else ""

    def resource_policy(self, arn: str) -> iam.Policy | None:
        """The repository policy behind an ARN, for the decision about a call on it; None when there is none."""
        name = self.repository_name(arn)
        return self.policy_of(self.repositories.get(name), name) if name else None

    def policy_of(self, repository: Repository | None, name: str) -> iam.Policy | None:
        """What decides beside identity policies about a repository, also one that is not there: its own policy and,
        under the scope V2, the registry's.
        """
        return self.policy_with(self.policy_text(repository) if repository else None, name)

    def policy_text(self, repository: Repository) -> str | None:
        """Its own policy as of now: who was deleted since, or made again, stands in it by the unique id."""
        ids = self.setting(_PRINCIPALS + repository.name) if repository.policy else ""
        return str(principals.as_of_now(repository.policy, json.loads(ids))) if ids else repository.policy

    def set_policy(self, name: str, text: str) -> None:
        """Give a repository that exists a policy, and keep whom it names."""
        ids = principals.ids_in(text)
        self.set_setting(_PRINCIPALS + name, json.dumps(ids) if ids else None)
        self.repositories.update(name, policy=text)

    def policy_with(self, text: str | None, name: str) -> iam.Policy | None:
        """As ``policy_of``, if ``text`` were the repository's own policy."""
        if spelling.is_public(name):
            return _parsed(text, name) if text else None
        return _together(text or "", self._shared, name)

    def tags(self, arn: str) -> dict[str, str]:
        """The resource tags behind an ARN, for aws:ResourceTag conditions; empty when there are none."""
        name = self.repository_name(arn)
        repository = self.repositories.get(name) if name else None
        return dict(repository.tags) if repository else {}

    def setting(self, name: str, default: str = "") -> str:
        """An account-wide setting."""
        row = self.database.row("SELECT value FROM setting WHERE name = ?", (name,))
        return str(row["value"]) if row is not None else default

    def set_setting(self, name: str, value: str | None) -> None:
        """Keep a setting, or with None forget it."""
        with self.database.write() as write:
            if value is None:
                write.execute("DELETE FROM setting WHERE name = ?", (name,))
            else:
                write.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
        self._shared = self._shared_policy()

    def _shared_policy(self) -> str:
        """The registry's policy where it takes part in every decision, else ""."""
        return self.setting(REGISTRY_POLICY) if self.setting(POLICY_SCOPE, "V2") == "V2" else ""

    def _make_signing_key(self) -> None:
        with self.database.write() as write:
            write.execute("INSERT OR IGNORE INTO setting VALUES ('secret:download-url', ?)", (secrets.token_hex(32),))

    def signing_key(self) -> bytes:
        """The secret behind this registry's download URLs; made once."""
        return bytes.fromhex(self.setting("secret:download-url"))

    def let_go(self, idle_s: float = IDLE_S) -> None:
        """Let go of what a full disk has no room for: half-written layers that nobody continues, SQLite's log."""
        self.uploads.let_go(idle_s)
        self.database.shrink()

    def close(self) -> None:
        """Close the database; the folder can be opened again."""
        self.database.close()


def _together(own: str, shared: str, name: str) -> iam.Policy | None:
    policies = [_parsed(text, name) for text in (own, shared) if text]
    if len(policies) < 2:
        return policies[0] if policies else None
    statements = tuple(statement for policy in policies for statement in policy.statements)
    return replace(policies[0], statements=statements, text="")


@functools.lru_cache(maxsize=256)
def _parsed(text: str, name: str) -> iam.Policy:
    return iam.parse_policy(text, iam.PolicyKind.RESOURCE, name)
