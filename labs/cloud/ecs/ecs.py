"""ECS put together over the local AWS's other parts."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from labs import iam
from labs.cloud.authorisation.access import LocalAccess
from labs.cloud.authorisation.lookups import StoreLookups
from labs.cloud.contract import Caller, Clock, Trail
from labs.cloud.ecs.api.ecs_api import EcsApi
from labs.cloud.ecs.data_plane.aws_calls import InnerCalls
from labs.cloud.ecs.data_plane.task_network import StoreNetwork
from labs.cloud.ecs.rules.fargate_rules import Judge
from labs.cloud.ecs.store.ecs_store import EcsStore, tags_of
from labs.cloud.ecs.store.records import TaskDefinition
from labs.cloud.identity.credentials import CredentialStore
from labs.cloud.identity.identities import Identities
from labs.cloud.identity.sessions import Sessions, StsSession
from labs.cloud.patches.ec2.task_interfaces import TaskInterfaces
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry import EcrStore
from labs.cloud.state.folder import Identity
from labs.cloud.state.replay import DurableStore
from labs.cloud.store.dispatch import MotoStore
from labs.cloud.store.ec2_reader import Snapshots

if TYPE_CHECKING:
    from labs.cloud.ecs.data_plane.local_sources import StorePermissions
    from labs.cloud.ecs.data_plane.loop import Loop

# How long a task's role session lasts; nobody outside ever holds its key.
_SESSION = timedelta(hours=6)


class Ecs:
    """The store is there at once; ``connect`` gives it the rest, ``start`` begins to run tasks."""

    def __init__(self, folder: Path, identity: Identity, clock: Clock) -> None:
        self._identity = identity
        self._clock = clock
        self.store = EcsStore(folder, identity.account, identity.region, clock)

    def connect(
        self,
        durable: DurableStore,
        moto: MotoStore,
        access: LocalAccess,
        identities: Identities,
        credentials: CredentialStore,
        sessions: Sessions,
        lookups: StoreLookups,
        trail: Trail,
        ecr: EcrStore,
        host: Callable[[], str],
        pages: Pages,
    ) -> EcsApi:
        """Everything that decides and runs. What the last process left unfinished is written down now."""
        account, region = self._identity.account, self._identity.region
        self._moto, self._ecr, self._host = moto, ecr, host
        self._identities, self._credentials, self._sessions = identities, credentials, sessions
        self._snapshots = Snapshots(moto, durable.reading)
        self._access, self._lookups, self._trail = access, lookups, trail
        self._calls = InnerCalls(durable, account, region)
        interfaces = TaskInterfaces(durable.write, account, region)
        self._network = StoreNetwork(account, region, interfaces, lambda: moto.load("ec2"))
        judge = Judge(account, region, self._network, lambda: self._permissions, host)
        if any(not each.is_over for each in self.store.tasks.values()):
            self._loop.recover()
        return EcsApi(store=self.store, network=self._network, judge=judge, pages=pages)

    @cached_property
    def _permissions(self) -> "StorePermissions":
        from labs.cloud.ecs.data_plane.local_sources import StorePermissions

        return StorePermissions(self._access, self._identities, self._lookups, self._trail, self._identity.region)

    @cached_property
    def _loop(self) -> "Loop":
        # Here, because what a start needs is a quarter of the local AWS's own start.
        from labs.cloud.ecs.data_plane.delivery import Delivery
        from labs.cloud.ecs.data_plane.life import Parts
        from labs.cloud.ecs.data_plane.local_sources import StoreLogs, StoreRegistry, StoreSecrets
        from labs.cloud.ecs.data_plane.loop import Loop
        from labs.cloud.ecs.data_plane.runner_choice import Engines
        from labs.cloud.ecs.rules.planning import StorePlanner

        account, region = self._identity.account, self._identity.region
        registry = StoreRegistry(self._ecr)
        secret_values = StoreSecrets(self._calls, self._lookups, account)
        planner = StorePlanner(
            account,
            region,
            self._host,
            lambda vpc: self._snapshots.take(account, region, vpc),
            self._permissions,
            registry,
            secret_values,
            StoreLogs(self._calls),
        )
        # What marks this folder's containers: nobody else's are ever touched.
        state = hashlib.sha256(f"{self._identity.seed}/ecs".encode()).hexdigest()[:12]
        engines = Engines(self.store, self._ecr, self._host, state)
        return Loop(
            Parts(
                self.store,
                self._network,
                planner,
                engines,
                registry,
                secret_values,
                self._calls,
                Delivery(),
                self._puller,
            )
        )

    def start(self) -> None:
        """Begin to run tasks; the server answers by now."""
        self._loop.start()

    def _puller(self, role_arn: str, task: str) -> Caller:
        """The execution role's session that pulls a task's images; the registry asks it for every layer."""
        role = self._identities.by_arn(role_arn)
        if role is None:
            # Without a role only images that ask for no credentials were planned.
            return Caller(iam.Principal("", "", iam.PrincipalKind.ANONYMOUS), "")
        now = self._clock()
        session = StsSession(
            f"ASIA{secrets.token_hex(8).upper()}",
            secrets.token_hex(20),
            secrets.token_hex(32),
            role.account,
            "role",
            task,
            role.id,
            role.arn,
            now,
            now + _SESSION,
        )
        self._sessions.add(session)
        caller = self._credentials.caller(session.access_key_id, user_agent="amazon-ecs-agent")
        assert caller is not None
        return caller

    def task_definition(self, name: str) -> tuple[str, tuple[str, ...]]:
        """ARN and role ARNs of a task definition; ("", ()) when there is none."""
        found: TaskDefinition | None = self.store.definition(name) if name else None
        if found is None:
            return "", ()
        roles = (found.document.get("taskRoleArn"), found.document.get("executionRoleArn"))
        return found.arn, tuple(str(each) for each in roles if each)

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags behind an ECS ARN."""
        return tags_of(self.store, arn)

    def tagged(self) -> Iterable[tuple[str, Mapping[str, str]]]:
        """ARN and tags of everything that is still there, for the tagging API."""
        store = self.store
        yield from ((each.arn, each.tags) for each in list(store.clusters.values()) if each.status == "ACTIVE")
        yield from ((each.arn, each.tags) for each in list(store.services.values()) if each.status != "INACTIVE")
        yield from ((each.arn, each.tags) for each in list(store.definitions.values()) if each.status == "ACTIVE")
        yield from ((each.arn, each.tags) for each in list(store.tasks.values()) if not each.is_over)

    def close(self) -> None:
        """End what runs and close the file."""
        if "_loop" in self.__dict__:
            self._loop.close()
        self.store.close()
