"""The edge of both doors, the AWS APIs' and the registry's: whatever breaks inside, the client gets an answer."""

import logging
import traceback
from http import HTTPStatus

log = logging.getLogger("labs.cloud")


def log_fault(what: str, error: Exception) -> None:
    """One line for a fault of ours: its type and place. Its text may quote the request, so it stays out of the log."""
    place = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__)[-4:]))
    log.error("%s failed: %s at %s", what, type(error).__name__, place)


def status_line(status: int) -> str:
    """WSGI's status line; a number that HTTP has no phrase for (moto's own) gets "Status"."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Status"
