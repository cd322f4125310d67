"""ECS put together over the local AWS's other parts."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from labs import iam
from labs.cloud.authorisation.access import LocalAccess
from labs.cloud.authorisation.lookups import StoreLookups
from labs.cloud.contract import Caller, Clock, Trail
from labs.cloud.ecs.api.ecs_api import EcsApi
from labs.cloud.ecs.data_plane.aws_calls import InternalCalls
from labs.cloud.ecs.data_plane.store_network import StoreNetwork
from labs.cloud.ecs.data_plane.task_interfaces import TaskInterfaces
from labs.cloud.ecs.rules.fargate_rules import FargateRules
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.identity.credentials import CredentialStore
from labs.cloud.identity.identities import Identities
from labs.cloud.identity.sessions import Sessions, StsSession
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry import EcrStore
from labs.cloud.state.folder import Identity
from labs.cloud.state.replay import DurableStore
from labs.cloud.store.dispatch import MotoStore
from labs.cloud.store.ec2_reader import Snapshots
from labs.fargate.layer_download import AGENT
from labs.network import Endpoint

if TYPE_CHECKING:
    from labs.cloud.ecs.data_plane.local_sources import StorePermissions
    from labs.cloud.ecs.data_plane.loop import Loop

# How long a task's role session lasts; nobody outside ever holds its key.
_SESSION = timedelta(hours=6)


class Ecs:
    """``api`` answers calls at once; ``start`` begins to run tasks. ``close`` ends what runs and closes the store."""

    def __init__(
        self,
        *,
        identity: Identity,
        clock: Clock,
        store: EcsStore,
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
    ) -> None:
        """What the last process left unfinished is written down now, so the other stores have been brought back."""
        account, region = identity.account, identity.region
        self._identity, self._clock, self._store = identity, clock, store
        self._moto, self._ecr, self._host = moto, ecr, host
        self._identities, self._credentials, self._sessions = identities, credentials, sessions
        self._snapshots = Snapshots(moto, durable.reading)
        self._access, self._lookups, self._trail = access, lookups, trail
        self._calls = InternalCalls(durable, account, region)
        interfaces = TaskInterfaces(durable.write, account, region)
        self._network = StoreNetwork(account, region, interfaces, lambda: moto.load("ec2"))
        rules = FargateRules(
            account=account,
            region=region,
            network=self._network,
            permissions=lambda: self._permissions,
            registry_host=host,
        )
        self.api = EcsApi(store=store, network=self._network, rules=rules, pages=pages)
        if any(not each.is_over for each in store.tasks.values()):
            self._loop.recover()

    @cached_property
    def _permissions(self) -> "StorePermissions":
        from labs.cloud.ecs.data_plane.local_sources import StorePermissions

        return StorePermissions(
            access=self._access,
            identities=self._identities,
            lookups=self._lookups,
            trail=self._trail,
            region=self._identity.region,
            clock=self._clock,
        )

    @cached_property
    def _loop(self) -> "Loop":
        # Here, because what a start needs is a quarter of the local AWS's own start.
        from labs.cloud.ecs.data_plane.delivery import Delivery
        from labs.cloud.ecs.data_plane.life import TaskDependencies
        from labs.cloud.ecs.data_plane.local_sources import StoreLogs, StoreRegistry, StoreSecrets
        from labs.cloud.ecs.data_plane.loop import Loop
        from labs.cloud.ecs.data_plane.planning import StorePlanner
        from labs.cloud.ecs.data_plane.runner_choice import Engines

        account, region = self._identity.account, self._identity.region
        registry = StoreRegistry(self._ecr)
        secret_values = StoreSecrets(self._calls, self._lookups, account)
        planner = StorePlanner(
            account=account,
            region=region,
            host=self._host,
            take=lambda vpc: self._snapshots.take(account, region, vpc),
            permissions=self._permissions,
            registry=registry,
            secrets=secret_values,
            logs=StoreLogs(self._calls),
        )
        # What marks this folder's containers: nobody else's are ever touched.
        state = hashlib.sha256(f"{self._identity.seed}/ecs".encode()).hexdigest()[:12]
        engines = Engines(store=self._store, ecr=self._ecr, host=self._host, state=state)
        return Loop(
            TaskDependencies(
                store=self._store,
                network=self._network,
                planner=planner,
                engines=engines,
                registry=registry,
                secrets=secret_values,
                calls=self._calls,
                delivery=Delivery(),
                puller=self._puller,
            )
        )

    def start(self) -> None:
        """Begin to run tasks; the server answers by now."""
        self._loop.start()

    def _puller(self, role_arn: str, task: str, endpoint: Endpoint | None) -> Caller:
        """The execution role's session that pulls a task's images; the registry asks it for every layer.

        It is the host that pulls here; in the registry's eyes the task does, through ``endpoint``.
        """
        role = self._identities.by_arn(role_arn)
        if role is None:
            # Without a role only images that ask for no credentials were planned.
            return Caller(iam.Principal("", "", iam.PrincipalKind.ANONYMOUS), "")
        now = self._clock()
        session = StsSession(
            access_key_id=f"ASIA{secrets.token_hex(8).upper()}",
            secret=secrets.token_hex(20),
            token=secrets.token_hex(32),
            account=role.account,
            kind="role",
            name=task,
            principal_id=role.id,
            principal_arn=role.arn,
            issued=now,
            expires=now + _SESSION,
        )
        self._sessions.add(session)
        id, vpc = (endpoint.id, endpoint.vpc) if endpoint is not None else ("", "")
        connection = iam.Connection(self._identity.region, user_agent=AGENT, endpoint=id, vpc=vpc)
        caller = self._credentials.caller(session.access_key_id, connection)
        assert caller is not None
        return caller

    def close(self) -> None:
        """End what runs and close the file."""
        if "_loop" in self.__dict__:
            self._loop.close()
        self._store.close()
