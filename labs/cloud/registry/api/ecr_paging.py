"""nextToken: an opaque word for where the next page begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from labs.cloud.registry.rules.registry_errors import invalid_parameter

T = TypeVar("T")

DEFAULT_PAGE = 100  # API reference: "If this parameter is not used, then ... returns up to 100 results"


def page(items: Sequence[T], parameters: dict[str, Any], most: int = DEFAULT_PAGE) -> tuple[list[T], dict[str, str]]:
    """The wanted page and ``{"nextToken": ...}``, or ``{}`` on the last one. EcrError for a strange token."""
    start = _start(parameters.get("nextToken"))
    end = start + int(parameters.get("maxResults") or most)
    following = {"nextToken": _token(end)} if end < len(items) else {}
    return list(items[start:end]), following


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page:{position}".encode()).decode()


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, _, position = base64.b64decode(token.encode(), b"-_", validate=True).decode().partition(":")
        if word == "page" and position.isascii() and position.isdigit() and len(position) < 10:
            return int(position)
    except (binascii.Error, UnicodeError):
        pass
    raise invalid_parameter("nextToken", "is not a token of an earlier answer (simulated wording)")
