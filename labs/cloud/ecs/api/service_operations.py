"""Services: create, update, delete, describe, list. The loop keeps their tasks."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.ecs.api import views
from labs.cloud.ecs.api.clusters import ClusterOperations, short_name
from labs.cloud.ecs.api.definitions import DefinitionOperations
from labs.cloud.ecs.api.ecs_parameters import PAGE_FORM
from labs.cloud.ecs.api.task_operations import launch_of, platform_version
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.rules.event_texts import say
from labs.cloud.ecs.rules.fargate_rules import FargateRules
from labs.cloud.ecs.rules.scheduler import with_deployment
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.ecs.store.records import Deployment, EcsService
from labs.cloud.protocols.paging import Pages

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ECHOED = ("enableECSManagedTags", "enableExecuteCommand", "healthCheckGracePeriodSeconds", "propagateTags")


class ServiceOperations:
    """The operations on services."""

    def __init__(
        self,
        *,
        store: EcsStore,
        rules: FargateRules,
        clusters: ClusterOperations,
        definitions: DefinitionOperations,
        pages: Pages,
    ) -> None:
        self._store = store
        self._pages = pages
        self._rules = rules
        self._clusters = clusters
        self._definitions = definitions

    def create_service(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """CreateService."""
        store = self._store
        cluster = self._clusters.active(params)
        name = params.get("serviceName", "")
        if not _NAME.fullmatch(name):
            raise ecs_errors.refused("scheduler.name")
        _only_replicas(params)
        definition = self._definitions.usable(params.get("taskDefinition", ""))
        desired = params.get("desiredCount", 1)
        if not 0 <= desired <= 5000:
            raise ecs_errors.refused("scheduler.count")
        launch = launch_of(params)
        self._rules.run(definition, params)
        token = params.get("clientToken") or ""
        now = store.now()
        with store.change():
            there = store.services.get(f"{cluster.name}/{name}")
            if there is not None and there.status == "ACTIVE":
                if token and there.client_token == token:
                    return {"service": views.service(there, store, True)}
                raise ecs_errors.refused("scheduler.not_idempotent")
            if there is not None and there.status == "DRAINING":
                raise ecs_errors.refused("scheduler.draining")
            deployment = Deployment(
                id=_deployment_id(),
                definition=definition.arn,
                status="PRIMARY",
                created=now,
                updated=now,
                desired=desired,
                network=params["networkConfiguration"],
                platform_version=platform_version(params),
                launch=_launch(launch, params),
            )
            made = EcsService(
                name=name,
                arn=store.arn(f"service/{cluster.name}/{name}"),
                cluster=cluster.name,
                created=now,
                created_by=caller.principal.arn,
                desired=desired,
                definition=definition.arn,
                configuration=_configuration(params.get("deploymentConfiguration") or {}, {}),
                deployments=(_in_progress(deployment),),
                client_token=token,
                given={key: params[key] for key in _ECHOED if key in params},
                tags=views.tag_map(params.get("tags")),
            )
            store.save(made)
        return {"service": views.service(made, store, True)}

    def update_service(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """UpdateService: a new deployment when what runs changes, or is forced."""
        store = self._store
        cluster = self._clusters.active(params)
        key = f"{cluster.name}/{short_name(params.get('service', ''))}"
        _only_replicas(params)
        if params.get("taskDefinition"):
            params = {**params, "taskDefinition": self._definitions.usable(params["taskDefinition"]).arn}
        if not 0 <= params.get("desiredCount", 0) <= 5000:
            raise ecs_errors.refused("scheduler.count")
        with store.change():
            found = store.services.get(key)
            if found is None:
                raise ecs_errors.refused("scheduler.not_found")
            if found.status != "ACTIVE":
                raise ecs_errors.refused("scheduler.inactive")
            network = params.get("networkConfiguration") or found.primary.network
            definition = self._definitions.find(params.get("taskDefinition") or found.definition)
            self._rules.run(definition, {**params, "networkConfiguration": network})
            changed = self._updated(found, params)
            store.save(changed)
        return {"service": views.service(changed, store)}

    def _updated(self, found: EcsService, params: Mapping[str, Any]) -> EcsService:
        now = self._store.now()
        changed = replace(
            found,
            desired=params.get("desiredCount", found.desired),
            configuration=_configuration(params.get("deploymentConfiguration") or {}, found.configuration),
            given={**found.given, **{key: params[key] for key in _ECHOED if key in params}},
        )
        primary = changed.primary
        fresh = replace(
            primary,
            id=_deployment_id(),
            definition=params.get("taskDefinition") or primary.definition,
            network=params.get("networkConfiguration") or primary.network,
            platform_version=platform_version(params),
            launch=_launch(launch_of(params), params) if params.get("capacityProviderStrategy") else primary.launch,
            created=now,
            updated=now,
            desired=changed.desired,
            rollout="IN_PROGRESS",
            failed_tasks=0,
            failures=0,
            next_start=0,
            steady_since=0,
            digests={},
        )
        same = (fresh.definition, fresh.network, fresh.launch) == (primary.definition, primary.network, primary.launch)
        if same and not params.get("forceNewDeployment"):
            if changed.desired == found.desired:
                return changed
            return replace(
                with_deployment(changed, replace(primary, desired=changed.desired, updated=now, next_start=0)),
                steady=False,
            )
        older = tuple(replace(each, status="ACTIVE") for each in changed.deployments)
        return replace(
            changed,
            definition=fresh.definition,
            deployments=(_in_progress(fresh), *older),
            steady=False,
            impaired=False,
        )

    def delete_service(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DeleteService: DRAINING until its tasks have stopped."""
        store = self._store
        cluster = self._clusters.active(params)
        key = f"{cluster.name}/{short_name(params.get('service', ''))}"
        with store.change():
            found = store.services.get(key)
            if found is None:
                raise ecs_errors.refused("scheduler.not_found")
            if found.status != "ACTIVE":
                raise ecs_errors.refused("scheduler.inactive")
            if found.desired > 0 and not params.get("force"):
                raise ecs_errors.refused("scheduler.scaled")
            gone = replace(found, status="DRAINING", desired=0)
            gone = replace(gone, deployments=tuple(replace(each, desired=0) for each in gone.deployments))
            store.save(gone)
        return {"service": views.service(gone, store)}

    def describe_services(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DescribeServices: up to ten."""
        cluster = self._clusters.active(params)
        wanted = params.get("services") or []
        if not wanted:
            raise ecs_errors.refused("scheduler.none_asked")
        if len(wanted) > 10:
            raise ecs_errors.refused("scheduler.too_many_asked")
        found, failures = [], []
        for given in wanted:
            record = self._store.services.get(f"{cluster.name}/{short_name(given)}")
            if record is None:
                arn = self._store.arn(f"service/{cluster.name}/{short_name(given)}")
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(views.service(record, self._store, "TAGS" in (params.get("include") or ())))
        return {"services": found, "failures": failures}

    def list_services(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListServices: those that are not gone; ten to a page unless asked otherwise."""
        cluster = self._clusters.active(params)
        fargate = params.get("launchType", "FARGATE") == "FARGATE"
        found = [
            each.arn
            for each in list(self._store.services.values())
            if each.cluster == cluster.name and each.status != "INACTIVE" and fargate
        ]
        shown, following = self._pages.page(
            PAGE_FORM, "ListServices", params, sorted(found), lambda arn: [arn], usual=10
        )
        return {"serviceArns": shown, **following}


def _deployment_id() -> str:
    return f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"


def _in_progress(deployment: Deployment) -> Deployment:
    return replace(deployment, rollout_reason=say("rollout.in_progress", deployment=deployment.id))


def _launch(launch: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    if "capacityProviderName" in launch:
        return {"capacityProviderStrategy": params["capacityProviderStrategy"]}
    return dict(launch)


def _only_replicas(params: Mapping[str, Any]) -> None:
    """AwsError for what the local AWS does not do."""
    controller = (params.get("deploymentController") or {}).get("type", "ECS")
    strategy = (params.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    if controller != "ECS" or strategy != "ROLLING":
        raise ecs_errors.refused("scheduler.controller")
    if params.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise ecs_errors.refused("scheduler.daemon")
    if params.get("loadBalancers") or params.get("serviceRegistries") or params.get("serviceConnectConfiguration"):
        raise ecs_errors.refused("scheduler.not_served")


def _configuration(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    made = {**defaults, **before, **given}
    least, most = made["minimumHealthyPercent"], made["maximumPercent"]
    if not 0 <= least <= 100 or not 100 <= most <= 200 or (least == 100 and most == 100):
        raise ecs_errors.refused("scheduler.percents")
    return made
