"""Task definitions: register, deregister, describe, list. What was registered is kept and echoed whole."""

import copy
import re
from dataclasses import replace
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.ecs.api import views
from labs.cloud.ecs.api.ecs_parameters import PAGE_FORM
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.rules.fargate_rules import FargateRules
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.ecs.store.records import TaskDefinition
from labs.cloud.protocols.paging import Pages

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
# What ECS fills in for each container, whether or not it was given.
_CONTAINER = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}


class DefinitionOperations:
    """The operations on task definitions."""

    def __init__(self, store: EcsStore, rules: FargateRules, pages: Pages) -> None:
        self._store = store
        self._rules = rules
        self._pages = pages

    def find(self, name: str) -> TaskDefinition:
        """By family, family:revision or ARN; AwsError when it is not there."""
        found = self._store.definition(name)
        if found is None:
            raise ecs_errors.refused("definition.not_described")
        return found

    def usable(self, name: str) -> TaskDefinition:
        """A revision that can be run; AwsError when it is not there or was deregistered."""
        found = self._store.definition(name)
        if found is None:
            raise ecs_errors.refused("definition.not_found")
        if found.status != "ACTIVE":
            raise ecs_errors.refused("definition.inactive")
        return found

    def register_task_definition(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """RegisterTaskDefinition: the next revision of the family."""
        family = params.get("family", "")
        if not _FAMILY.fullmatch(family):
            raise ecs_errors.refused("definition.family")
        self._rules.register(params)
        store = self._store
        with store.change():
            revision = self._last_revision(family) + 1
            made = TaskDefinition(
                family=family,
                revision=revision,
                arn=store.arn(f"task-definition/{family}:{revision}"),
                status="ACTIVE",
                registered=store.now(),
                registered_by=caller.principal.arn,
                document=_document(params, self._rules.fits_fargate(params)),
                tags=views.tag_map(params.get("tags")),
            )
            store.save(made)
        return {"taskDefinition": views.definition(made), "tags": views.tag_list(made.tags)}

    def _last_revision(self, family: str) -> int:
        """The highest number ever given: a deleted revision's is not given again."""
        there = [each.revision for each in self._store.revisions(family)]
        return max(0, int(self._store.setting(f"revision:{family}", "0")), *there)

    def deregister_task_definition(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DeregisterTaskDefinition: INACTIVE; tasks and services that use it go on."""
        name = params.get("taskDefinition", "")
        if ":" not in name.rsplit("/", 1)[-1]:
            raise ecs_errors.refused("definition.no_revision")
        with self._store.change():
            found = self._store.definition(name)
            if found is None:
                raise ecs_errors.refused("definition.does_not_exist")
            if found.status == "ACTIVE":
                found = replace(found, status="INACTIVE", deregistered=self._store.now())
                self._store.save(found)
        return {"taskDefinition": views.definition(found)}

    def delete_task_definitions(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DeleteTaskDefinitions: only what was deregistered, and is used by nothing any more, goes."""
        gone, failures = [], []
        with self._store.change():
            for name in params.get("taskDefinitions") or []:
                found = self._store.definition(name)
                if found is None:
                    failures.append({"arn": name, "reason": "The specified task definition does not exist."})
                    continue
                if found.status == "ACTIVE":
                    words = (
                        "The specified task definition is still in ACTIVE status. "
                        "Please deregister the target and try again."
                    )
                    failures.append({"arn": found.arn, "reason": words})
                    continue
                shown = views.definition(replace(found, status="DELETE_IN_PROGRESS"))
                if self._is_used(found):
                    self._store.save(replace(found, status="DELETE_IN_PROGRESS"))
                else:
                    self._store.set_setting(f"revision:{found.family}", str(self._last_revision(found.family)))
                    self._store.forget(found)
                gone.append(shown)
        return {"taskDefinitions": gone, "failures": failures}

    def _is_used(self, record: TaskDefinition) -> bool:
        tasks = any(each.definition == record.arn and not each.is_over for each in self._store.tasks.values())
        return tasks or any(
            deployment.definition == record.arn
            for service in self._store.services.values()
            for deployment in service.deployments
        )

    def describe_task_definition(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DescribeTaskDefinition."""
        found = self.find(params.get("taskDefinition", ""))
        shown: dict[str, Any] = {"taskDefinition": views.definition(found)}
        if "TAGS" in (params.get("include") or ()):
            shown["tags"] = views.tag_list(found.tags)
        return shown

    def list_task_definitions(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListTaskDefinitions: by family and revision."""
        status = params.get("status") or "ACTIVE"
        family = params.get("familyPrefix")
        found = [
            each
            for each in list(self._store.definitions.values())
            if each.status == status and (family is None or each.family == family)
        ]
        descending = params.get("sort") == "DESC"
        found.sort(key=_place, reverse=descending)
        shown, following = self._pages.page(
            PAGE_FORM, "ListTaskDefinitions", params, found, _place, descending=descending
        )
        return {"taskDefinitionArns": [each.arn for each in shown], **following}

    def list_task_definition_families(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListTaskDefinitionFamilies: a family is ACTIVE while one of its revisions is."""
        status, prefix = params.get("status") or "ACTIVE", params.get("familyPrefix") or ""
        every = list(self._store.definitions.values())
        active = {each.family for each in every if each.status == "ACTIVE"}
        known = {each.family for each in every}
        chosen = active if status == "ACTIVE" else known - active if status == "INACTIVE" else known
        found = sorted(each for each in chosen if each.startswith(prefix))
        shown, following = self._pages.page(
            PAGE_FORM, "ListTaskDefinitionFamilies", params, found, lambda family: [family]
        )
        return {"families": shown, **following}


def _place(definition: TaskDefinition) -> tuple[str, int]:
    return definition.family, definition.revision


def _document(params: dict[str, Any], fits_fargate: bool) -> dict[str, Any]:
    made = {
        key: copy.deepcopy(value)
        for key, value in params.items()
        if key not in ("family", "tags", "containerDefinitions", "inferenceAccelerators")
    }
    made.setdefault("volumes", [])
    made.setdefault("placementConstraints", [])
    made["compatibilities"] = ["EC2", "FARGATE"] if fits_fargate else ["EC2"]
    containers = []
    for given in params.get("containerDefinitions") or []:
        container = {**copy.deepcopy(_CONTAINER), **copy.deepcopy(given)}
        for mapping in container["portMappings"]:
            if "containerPort" in mapping:
                mapping.setdefault("hostPort", mapping["containerPort"])
            mapping.setdefault("protocol", "tcp")
        if "healthCheck" in container:
            # API reference, HealthCheck: the defaults.
            container["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **container["healthCheck"]}
        containers.append(container)
    made["containerDefinitions"] = containers
    return made
