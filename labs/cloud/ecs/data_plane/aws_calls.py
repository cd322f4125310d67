"""AWS calls that ECS makes inside this process, straight to the store: whether they are allowed was decided before."""

import json
from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.protocols import answers
from labs.cloud.protocols.services import BY_NAME, Protocol, is_read_only
from labs.cloud.state.replay import DurableStore
from labs.cloud.store.dispatch import StoreRequest
from labs.cloud.wire.answer import HttpAnswer


class InternalCalls:
    """One account's calls in one region; those that change something are as durable as anybody's."""

    def __init__(self, store: DurableStore, account: str, region: str) -> None:
        self._store = store
        self._account = account
        self._region = region

    def json(self, service: str, operation: str, params: Mapping[str, Any], region: str = "") -> dict[str, Any]:
        """One call of a JSON service. Raises AwsError."""
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{BY_NAME[service].target}.{operation}",
        }
        answer = self._run(service, operation, headers, json.dumps(params).encode(), region)
        made: dict[str, Any] = json.loads(answer.body or b"{}")
        return made

    def _run(self, service: str, operation: str, headers: Mapping[str, str], body: bytes, region: str) -> HttpAnswer:
        request = StoreRequest(
            service=service,
            operation=operation,
            account=self._account,
            region=region or self._region,
            access_key_id="",
            method="POST",
            path="/",
            query="",
            headers=headers,
            body=body,
        )
        read = is_read_only(service, operation)
        answer = self._store.read(request) if read else self._store.write(request)
        if answer.status >= 400:
            code, message = answers.read_error(Protocol.JSON, answer)
            raise AwsError(code, message, answer.status)
        return answer
