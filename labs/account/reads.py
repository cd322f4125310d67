"""One read of the account: AWS's answer, nothing where it says that there is nothing, or why it cannot be had."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from labs.failures import RAISED, code_of, denied, explain
from labs.fargate.findings import Finding, FindingStatus
from labs.fargate.sources import CannotRead


def ask(doing: str, client: Any, method: str, absent: tuple[str, ...] = (), **parameters: Any) -> Any:
    """What ``client.method(**parameters)`` answers; None for one of the ``absent`` error codes.

    CannotRead otherwise, in AWS's words; a refusal always names the action, for example ``ecs:DescribeTasks``.
    """
    try:
        return getattr(client, method)(**parameters)
    except ClientError as error:
        if code_of(error) in absent:
            return None
        raise CannotRead(f"{doing}: {_words(error, client, method)}") from error
    except RAISED as error:
        raise CannotRead(explain(error, doing).what) from error


def pages(
    doing: str, client: Any, method: str, key: str, most: int, absent: tuple[str, ...] = (), **parameters: Any
) -> list[Any]:
    """The items under ``key`` of all pages, at most so many; none for one of the ``absent`` codes. CannotRead as in
    ``ask``."""
    found: list[Any] = []
    try:
        for page in client.get_paginator(method).paginate(**parameters):
            found += page[key]
            if len(found) >= most:
                break
    except ClientError as error:
        if code_of(error) in absent:
            return []
        raise CannotRead(f"{doing}: {_words(error, client, method)}") from error
    except RAISED as error:
        raise CannotRead(explain(error, doing).what) from error
    return found[:most]


def _words(error: ClientError, client: Any, method: str) -> str:
    said = str(error.response.get("Error", {}).get("Message", "")) or code_of(error)
    action = f"{client.meta.service_model.signing_name}:{client.meta.method_to_api_mapping[method]}"
    if denied(error) and action not in said:
        return f"not authorized to perform: {action}. {said}"
    return said


def unread(step: str, error: CannotRead, next_action: str = "") -> Finding:
    """The finding for a read that failed."""
    return Finding(
        FindingStatus.CANNOT_CHECK, step, f"Cannot check: {error}", (str(error),), next_action, why=str(error)
    )
