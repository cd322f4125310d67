"""nextToken of the list operations: a place in a sorted list."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from labs.cloud.ecs.api import ecs_errors


def page(arns: Sequence[str], params: dict[str, Any], member: str, most: int = 100) -> dict[str, Any]:
    """One page of ARNs under ``member``. Raises AwsError for a token that is not ours."""
    size = params.get("maxResults") or most
    if not 1 <= size <= most:
        raise ecs_errors.invalid(f"maxResults must be from 1 to {most} (simulated wording)")
    start = 0
    token = params.get("nextToken")
    if token:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("at:"))
        except (ValueError, binascii.Error, UnicodeError) as error:
            raise ecs_errors.invalid("Invalid token (simulated wording)") from error
    answer: dict[str, Any] = {member: list(arns[start : start + size])}
    if start + size < len(arns):
        answer["nextToken"] = base64.urlsafe_b64encode(f"at:{start + size}".encode()).decode()
    return answer
