"""Tags of clusters, services, tasks and task definitions, and the account's settings."""

from dataclasses import replace
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.ecs.api import views
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.store.ecs_store import EcsStore, record_of
from labs.cloud.ecs.store.records import Record

MAX_TAGS = 50
# ECS API reference, Setting: the names, and what they are for a new account.
_SETTINGS = {
    "serviceLongArnFormat": "enabled",
    "taskLongArnFormat": "enabled",
    "containerInstanceLongArnFormat": "enabled",
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "fargateFIPSMode": "disabled",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "tagResourceAuthorization": "on",
    "defaultLogDriverMode": "non-blocking",
}


class TagOperations:
    """TagResource and its kin, and the account settings."""

    def __init__(self, store: EcsStore) -> None:
        self._store = store

    def _found(self, params: dict[str, Any]) -> Record:
        arn = params.get("resourceArn", "")
        record = record_of(self._store, arn)
        if record is None:
            raise ecs_errors.refused("tags.no_resource", arn=arn)
        return record

    def tag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """TagResource."""
        with self._store.change():
            record = self._found(params)
            tags = {**record.tags, **views.tag_map(params.get("tags"))}
            check_tags(tags)
            self._store.save(replace(record, tags=tags))
        return {}

    def untag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """UntagResource."""
        with self._store.change():
            record = self._found(params)
            gone = set(params.get("tagKeys") or ())
            self._store.save(replace(record, tags={k: v for k, v in record.tags.items() if k not in gone}))
        return {}

    def list_tags_for_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListTagsForResource."""
        return {"tags": views.tag_list(self._found(params).tags)}

    def list_account_settings(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListAccountSettings: the effective ones; ARNs are always long."""
        names = [params["name"]] if params.get("name") else sorted(_SETTINGS)
        return {"settings": [self._setting(caller, name) for name in names if name in _SETTINGS]}

    def put_account_setting(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """PutAccountSetting and PutAccountSettingDefault: kept and echoed, and without effect."""
        name = params.get("name", "")
        if name not in _SETTINGS:
            raise ecs_errors.refused("tags.setting", name=name)
        self._store.set_setting(f"account:{name}", params.get("value", ""))
        return {"setting": self._setting(caller, name)}

    def delete_account_setting(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DeleteAccountSetting: back to the default."""
        name = params.get("name", "")
        self._store.set_setting(f"account:{name}", _SETTINGS.get(name, ""))
        return {"setting": self._setting(caller, name)}

    def _setting(self, caller: Caller, name: str) -> dict[str, Any]:
        value = self._store.setting(f"account:{name}", _SETTINGS.get(name, ""))
        return {"name": name, "value": value, "principalArn": caller.principal.arn, "type": "user"}


def check_tags(tags: dict[str, str]) -> None:
    """AwsError for too many tags, or keys that AWS keeps to itself."""
    if len(tags) > MAX_TAGS:
        raise ecs_errors.refused("tags.too_many", most=MAX_TAGS)
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise ecs_errors.refused("tags.malformed", key=key[:128])
