"""Puts the parts of the local AWS together over one state folder."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from labs.cloud import patches
from labs.cloud.apis.provider_keys import ProviderKeys
from labs.cloud.apis.simulate import Simulator
from labs.cloud.apis.sts import StsApi
from labs.cloud.apis.web_identity import WebIdentities
from labs.cloud.authorisation.access import LocalAccess
from labs.cloud.authorisation.authorization_messages import AuthorizationMessages
from labs.cloud.authorisation.guard import Guard
from labs.cloud.authorisation.lookups import StoreLookups
from labs.cloud.contract import AwsError
from labs.cloud.ecs import Ecs
from labs.cloud.ecs.data_plane.aws_calls import InternalCalls
from labs.cloud.ecs.store.ecs_store import EcsStore, roles_of, tagged, tags_of
from labs.cloud.front.backend import Backend
from labs.cloud.front.gateway import Gateway
from labs.cloud.identity.credentials import CredentialStore
from labs.cloud.identity.identities import Identities
from labs.cloud.identity.sessions import Sessions
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry import EcrApi, EcrStore, ExpiryLoop, registry_app
from labs.cloud.state.checkpoint import Checkpoint
from labs.cloud.state.folder import Identity, StateFolder, damaged, unreadable
from labs.cloud.state.journal import Journal
from labs.cloud.state.replay import DurableStore
from labs.cloud.store import determinism, principals
from labs.cloud.store.dispatch import MotoStore, StoreRequest
from labs.cloud.trail.cloudtrail import SqliteTrail
from labs.cloud.wire import memory

log = logging.getLogger("labs.cloud")

ADMIN = "lab-admin"
_ADMIN_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


def utc_now() -> datetime:
    """The machine's time: aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AdminKey:
    """The administrator's access key."""

    access_key_id: str
    secret: str


class LocalAws:
    """The local AWS as one WSGI application. ``close`` it to let the state folder go."""

    def __init__(
        self, path: Path, account: str | None = None, region: str | None = None, *, referenced_layer_rule: bool = True
    ) -> None:
        """Take the state folder and bring back what it holds. Raises LabError for a folder that cannot be used."""
        self.folder = StateFolder.open(path)
        try:
            self._assemble(path, account, region, referenced_layer_rule)
        except BaseException:
            self.folder.close()
            raise

    def _assemble(self, path: Path, account: str | None, region: str | None, referenced_layer_rule: bool) -> None:
        self.identity = self.folder.identity(account, region)
        self.host = ""
        moto = MotoStore(patches.prepare)
        determinism.set_origin(self.identity.seed, self.identity.born)
        moto.load("iam")
        if self.identity.port and not (path / "journal").exists():
            raise damaged(path / "journal", "it is missing")
        self._journal = Journal(path / "journal")
        sessions, identities = Sessions(), Identities()
        pages = Pages(self.identity.seed)
        checkpoint = Checkpoint(path / "checkpoint", self.identity.seed)
        self._store = DurableStore(
            moto=moto,
            sessions=sessions,
            journal=self._journal,
            checkpoint=checkpoint,
            on_iam_change=identities.changed,
            room=self.folder.room,
        )
        self._credentials = CredentialStore(identities, sessions)
        self._trail = SqliteTrail(path / "trail.sqlite3", utc_now, pages)
        try:
            self._ecr = EcrStore(path, self.identity.account, self.identity.region, utc_now, self.folder.room)
        except (sqlite3.Error, OSError) as error:
            raise unreadable(path / "registry", error, path) from error
        ecs_store = EcsStore(path, self.identity.account, self.identity.region, utc_now, self.folder.room)
        replayed = self._store.replay()
        sessions.forget_old()
        identities.changed()
        log.info("state %s: %d calls carried out again", path, replayed)
        self.admin = self._administrator(identities)
        access = LocalAccess(identities, self._credentials, utc_now)
        lookups = StoreLookups(
            repository_policy=self._ecr.resource_policy,
            repository_tags=self._ecr.tags,
            task_definition=partial(roles_of, ecs_store),
            ecs_tags=partial(tags_of, ecs_store),
        )
        messages = AuthorizationMessages(self.identity.seed)
        sts = StsApi(
            access=access,
            identities=identities,
            credentials=self._credentials,
            messages=messages,
            keep=self._store.open_session,
            clock=utc_now,
        )
        self._ecs = Ecs(
            identity=self.identity,
            clock=utc_now,
            store=ecs_store,
            durable=self._store,
            moto=moto,
            access=access,
            identities=identities,
            credentials=self._credentials,
            sessions=sessions,
            lookups=lookups,
            trail=self._trail,
            ecr=self._ecr,
            host=self._registry_host,
            pages=pages,
        )
        backend = Backend(
            store=self._store,
            moto=moto,
            sts=sts,
            web_identities=WebIdentities(identities, ProviderKeys(path / "identity-providers"), utc_now),
            simulator=Simulator(identities, pages),
            trail=self._trail,
            ecr=EcrApi(
                self._ecr,
                registry_host=self._registry_host,
                pages=pages,
                access=access,
                exists=partial(_exists, identities, self.identity.account),
                key_arn=partial(self._key_arn, moto),
            ),
            ecs=self._ecs.api,
            repositories=partial(_tagged, ecs_store, self._ecr),
            region=self.identity.region,
        )
        self._gateway = Gateway(
            credentials=self._credentials,
            guard=Guard(access, lookups, messages),
            backend=backend,
            trail=self._trail,
            clock=utc_now,
        )
        self._registry = registry_app(
            self._ecr,
            access,
            self._trail,
            account=self.identity.account,
            region=self.identity.region,
            registry_host=self._registry_host,
            referenced_layer_needs_download=referenced_layer_rule,
        )
        self._expiry = ExpiryLoop(self._ecr, self._trail)
        memory.settle()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """``/v2/`` is the registry's, everything else the AWS APIs'."""
        path = environ.get("PATH_INFO", "")
        if (path == "/v2" or path.startswith("/v2/")) and "AWS4-HMAC-SHA256" not in environ.get(
            "HTTP_AUTHORIZATION", ""
        ):
            return self._registry(environ, start_response)
        return self._gateway(environ, start_response)

    def _registry_host(self) -> str:
        return self.host

    def remember_port(self, port: int) -> None:
        """Image names carry the port: the next start uses it again."""
        if port != self.identity.port:
            self.identity = replace(self.identity, port=port)
            self.folder.save(self.identity)

    def start(self) -> None:
        """Begin to run tasks; the start has written what it had to."""
        if not self.folder.room.take():
            self._ecr.let_go(0)
            self.folder.room.take()
        self._expiry.start()
        self._ecs.start()

    def close(self) -> None:
        """End what runs, close the files and let the folder go."""
        self._ecs.close()
        self._expiry.close()
        self._trail.close()
        self._ecr.close()
        self._journal.close()
        self.folder.close()

    def _key_arn(self, moto: MotoStore, key: str) -> str:
        moto.load("kms")
        calls = InternalCalls(self._store, self.identity.account, self.identity.region)
        try:
            found = calls.json("kms", "DescribeKey", {"KeyId": key})["KeyMetadata"]
        except AwsError:
            return ""
        return str(found["Arn"]) if found["KeyState"] == "Enabled" else ""

    def _administrator(self, identities: Identities) -> AdminKey:
        """The user ``lab-admin`` and its key, made where they are missing."""
        account = self.identity.account
        if identities.user(account, ADMIN) is None:
            self._iam("CreateUser", UserName=ADMIN)
            self._iam("AttachUserPolicy", UserName=ADMIN, PolicyArn=_ADMIN_POLICY)
        key = identities.first_key(account, ADMIN)
        if key is None:
            self._iam("CreateAccessKey", UserName=ADMIN)
            key = identities.first_key(account, ADMIN)
        assert key is not None
        return AdminKey(key.access_key_id, key.secret)

    def _iam(self, action: str, **parameters: str) -> None:
        body = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
        self._store.write(
            StoreRequest(
                service="iam",
                operation=action,
                account=self.identity.account,
                region="us-east-1",
                access_key_id="",
                method="POST",
                path="/",
                query="",
                headers={"content-type": "application/x-www-form-urlencoded"},
                body=body,
            )
        )


def _exists(identities: Identities, account: str, principal: str) -> bool:
    """Whether a principal can be named in a policy: of other accounts nobody here knows better."""
    if principals.is_unique_id(principal):
        return bool(principals.arn_of(principal))
    parts = principal.split(":", 5)
    if len(parts) < 6 or parts[4] != account or parts[5] == "root":
        return True
    kind, _, name = parts[5].partition("/")
    if parts[2] == "sts":
        return kind != "assumed-role" or identities.role(account, name.partition("/")[0]) is not None
    return identities.by_arn(principal) is not None


def _tagged(ecs: EcsStore, ecr: EcrStore) -> Iterable[tuple[str, Mapping[str, str]]]:
    """ARN and tags of every repository, a page at a time, and of what ECS has."""
    yield from tagged(ecs)
    after = ""
    while page := ecr.repositories.page(after):
        for repository in page:
            yield ecr.arn(repository.name), repository.tags
        after = page[-1].name


__all__ = ["ADMIN", "AdminKey", "Identity", "LocalAws", "utc_now"]
