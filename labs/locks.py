"""Who holds a lock file: the holder writes itself down, so that whoever finds the lock can say whose it is."""

import json
import os
import shlex
import sys
from datetime import UTC, datetime


def signature() -> str:
    """One line for the lock file: this process, its command, and the present time in UTC."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return json.dumps({"pid": os.getpid(), "command": shlex.join(sys.argv), "since": now}) + "\n"


def described(text: str) -> str:
    """Who wrote ``signature``, for a sentence: "process 12 (labs cloud --state x, since ...)"."""
    try:
        found = json.loads(text)
        return f"process {int(found['pid'])} ({found['command']}, since {found['since']})"
    except (ValueError, TypeError, KeyError):
        return "another process"
