"""Clusters: create, describe, delete; "default" is like any other and must be created first."""

import re
from dataclasses import replace
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.ecs.api import views
from labs.cloud.ecs.api.ecs_parameters import PAGE_FORM
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.ecs.store.records import Cluster
from labs.cloud.protocols.paging import Pages

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ECHOED = (
    "settings",
    "configuration",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
)


def short_name(given: str) -> str:
    """A cluster's name, given by name or ARN."""
    return given.rsplit("/", 1)[-1] if given.startswith("arn:") else given


class ClusterOperations:
    """The operations on clusters."""

    def __init__(self, store: EcsStore, pages: Pages) -> None:
        self._store = store
        self._pages = pages

    def active(self, params: dict[str, Any]) -> Cluster:
        """The cluster that a call names ("default" when none); AwsError when it is not there."""
        found = self._store.clusters.get(short_name(params.get("cluster") or "default"))
        if found is None or found.status != "ACTIVE":
            raise ecs_errors.refused("cluster.not_found")
        return found

    def create_cluster(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """CreateCluster: again with the same name, the cluster that is there."""
        name = params.get("clusterName") or "default"
        if not _NAME.fullmatch(name):
            raise ecs_errors.refused("cluster.name")
        store = self._store
        with store.change():
            found = store.clusters.get(name)
            if found is None or found.status != "ACTIVE":
                given = {key: params[key] for key in _ECHOED if key in params}
                given.setdefault("settings", [{"name": "containerInsights", "value": "disabled"}])
                found = Cluster(name, store.arn(f"cluster/{name}"), store.now(), given=given)
                found = replace(found, tags=views.tag_map(params.get("tags")))
                store.save(found)
        return {"cluster": views.cluster(found, store)}

    def delete_cluster(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DeleteCluster: refused while services or tasks are in it."""
        store = self._store
        with store.change():
            found = self.active(params)
            services = [each for each in store.services.values() if each.cluster == found.name]
            if any(each.status != "INACTIVE" for each in services):
                raise ecs_errors.refused("cluster.has_services")
            if any(each.cluster == found.name and not each.is_over for each in store.tasks.values()):
                raise ecs_errors.refused("cluster.has_tasks")
            gone = replace(found, status="INACTIVE")
            store.save(gone)
        return {"cluster": views.cluster(gone, store)}

    def describe_clusters(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DescribeClusters."""
        found, failures = [], []
        for given in params.get("clusters") or ["default"]:
            record = self._store.clusters.get(short_name(given))
            if record is None:
                arn = self._store.arn(f"cluster/{short_name(given)}")
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(views.cluster(record, self._store, params.get("include") or ()))
        return {"clusters": found, "failures": failures}

    def list_clusters(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListClusters."""
        active = sorted(each.arn for each in list(self._store.clusters.values()) if each.status == "ACTIVE")
        shown, following = self._pages.page(PAGE_FORM, "ListClusters", params, active, lambda arn: [arn])
        return {"clusterArns": shown, **following}

    def update_cluster(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """UpdateCluster, UpdateClusterSettings and PutClusterCapacityProviders: what is given is echoed."""
        with self._store.change():
            found = self.active(params)
            given = {key: params[key] for key in _ECHOED if key in params}
            found = replace(found, given={**found.given, **given})
            self._store.save(found)
        return {"cluster": views.cluster(found, self._store)}
