"""Lifecycle policies at work: a thread that evaluates those that are due, and what CloudTrail has of it.

Source of the event: ECR User Guide, "Logging Amazon ECR actions with AWS CloudTrail", lifecycle policy action.
"""

import logging
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from labs.cloud.contract import Trail, TrailEvent
from labs.cloud.registry.rules.lifecycle import CountType, LifecycleImage, LifecycleRule
from labs.cloud.registry.store.lifecycles import Expiry
from labs.cloud.registry.store.registry_store import EcrStore

log = logging.getLogger("labs.cloud")

_POLL_S = 15.0
# "For lifecycle policy actions where 10 or more images are expired Amazon ECR sends multiple events".
_IMAGES_EACH = 9
_TAGS_EACH = 100
_SPELLED = {
    CountType.IMAGES: "Image count more than",
    CountType.PUSHED: "Since image pushed",
    CountType.PULLED: "Since image pulled",
}


class ExpiryLoop:
    """``start`` it once the server answers; ``close`` it before the store."""

    def __init__(self, store: EcrStore, trail: Trail) -> None:
        self._store = store
        self._trail = trail
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ecr-lifecycle", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._closing.wait(_POLL_S):
            try:
                self.run_due()
            except Exception as error:  # whatever it is, the next round may go better
                log.exception("lifecycle policies were not evaluated: %s", type(error).__name__)

    def run_due(self) -> None:
        """Evaluate every policy that is due, and record what it expired."""
        for name in self._store.lifecycles.due():
            with self._store.room.freeing():
                done = self._store.lifecycles.expire(name)
            for event in _events(self._store, done) if done else ():
                self._trail.record(event)


def _events(store: EcrStore, done: Expiry) -> Iterator[TrailEvent]:
    policy = {
        "lifecycleEventRules": [_rule(rule) for rule in done.rules],
        "lastEvaluatedAt": int(done.before * 1000),
        "policyVersion": 1,
        "policyId": str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"{store.arn(done.repository.name)}/{done.repository.lifecycle}")
        ),
    }
    for start in range(0, len(done.gone), _IMAGES_EACH):
        images = done.gone[start : start + _IMAGES_EACH]
        yield TrailEvent(
            caller=None,
            event_source="ecr.amazonaws.com",
            event_name="PolicyExecutionEvent",
            region=store.region,
            request={},
            resources=(store.arn(done.repository.name),),
            read_only=True,
            service_details={
                "repositoryName": done.repository.name,
                "lifecycleEventPolicy": policy,
                "lifecycleEventImageActions": [_action(image, priority) for image, priority in images],
            },
        )


def _rule(rule: LifecycleRule) -> dict[str, Any]:
    selection: dict[str, Any] = {"tagStatus": rule.tag_status.capitalize(), "tagPrefixList": list(rule.prefixes)}
    if rule.patterns:
        selection["tagPatternList"] = list(rule.patterns)
    selection |= {"countType": _SPELLED[rule.count_type], "countNumber": rule.count}
    if rule.count_type is not CountType.IMAGES:
        selection["countUnit"] = "Days"
    return {
        "rulePriority": rule.priority,
        "description": rule.description,
        "lifecycleEventSelection": selection,
        "action": "expire",
    }


def _action(image: LifecycleImage, priority: int | None) -> dict[str, Any]:
    shown = {
        "digest": image.digest,
        "tagStatus": "Tagged" if image.tags else "Untagged",
        "tagList": list(image.tags[:_TAGS_EACH]),
        "pushedAt": int(image.pushed.timestamp() * 1000),
    }
    return {"lifecycleEventImage": shown, **({} if priority is None else {"rulePriority": priority})}
