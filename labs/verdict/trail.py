"""What the trail says: CloudTrail events as plain values, and the one call that reads them."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from labs.errors import LabError

# AWS's sentence for a denied call (IAM user guide, "Troubleshoot access denied error messages").
SENTENCE = re.compile(
    r"User: (?P<principal>\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: (?P<resource>\S+))?(?P<suffix> (?:because|with) [^\n\"}]*)?"
)
# CloudTrail API reference, LookupEvents: two requests a second for an account and Region, fifty events a page.
_APART_S = 0.5
# More events than a room of thirty makes in one stage; reading them takes a minute.
_PAGE_LIMIT = 120


@dataclass(frozen=True)
class Event:
    """One recorded call.

    ``action`` is the IAM action (for a denial: the one AWS's sentence names); ``resource`` an ARN or "*" or
    empty; ``error`` the error code, empty when the call was allowed; ``at`` has whole seconds, as in CloudTrail.
    ``tag`` and ``role`` are those of the request, where it names one. ``key`` is the id of the access key that signed
    it, ``issued`` the id of the one that it was answered with (AssumeRole and its like), ``subject`` the ``sub`` of the
    web identity that asked.
    """

    at: datetime
    principal: str
    action: str
    resource: str
    error: str = ""
    message: str = ""
    tag: str = ""
    role: str = ""
    key: str = ""
    issued: str = ""
    subject: str = ""

    @property
    def denied(self) -> bool:
        """Whether IAM refused it (and not, say, a missing repository)."""
        return self.error in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "DENIED"} or bool(
            self.error and SENTENCE.search(self.message)
        )


def parse_event(raw: Mapping[str, Any]) -> Event:
    """Read one entry of a ``lookup_events`` answer; its ``CloudTrailEvent`` is a JSON text."""
    detail = json.loads(raw.get("CloudTrailEvent") or "{}")
    identity = detail.get("userIdentity") or {}
    service = str(detail.get("eventSource") or raw.get("EventSource") or "").removesuffix(".amazonaws.com")
    name = str(detail.get("eventName") or raw.get("EventName") or "")
    request = detail.get("requestParameters") or {}
    resources = [str(r.get("ARN") or r.get("arn") or "") for r in detail.get("resources") or [] if isinstance(r, dict)]
    principal, action, resource = str(identity.get("arn") or ""), f"{service}:{name}", next(iter(resources), "")
    message = str(detail.get("errorMessage") or "")
    said = SENTENCE.search(message)
    if said:
        principal, action = said["principal"], said["action"]
        resource = said["resource"] or resource
    at = raw.get("EventTime") or datetime.fromisoformat(str(detail.get("eventTime")))
    tag, role = (str(request.get(key) or "") if isinstance(request, dict) else "" for key in ("imageTag", "roleName"))
    error = str(detail.get("errorCode") or "")
    issued = ((detail.get("responseElements") or {}).get("credentials") or {}).get("accessKeyId")
    subject = identity.get("userName") if identity.get("type") == "WebIdentityUser" else ""
    # A store may keep fractions: cut here, so that every comparison is of like with like.
    return Event(
        at.astimezone(UTC).replace(microsecond=0), principal, action, resource, error, message, tag, role,
        key=str(identity.get("accessKeyId") or ""), issued=str(issued or ""), subject=str(subject or ""),
    )  # fmt: skip


def read_trail(cloudtrail: Any, since: datetime, source: str = "ecr.amazonaws.com") -> tuple[Event, ...]:
    """Every recorded call to one service since a moment, oldest first.

    ``cloudtrail`` is a boto3 client; its errors are passed on. CloudTrail keeps whole seconds, so the
    second in which ``since`` falls is read too. LabError where there are more events than can be read: an event that
    was left out may be the one that a check is about.
    """
    start = since.replace(microsecond=0)
    # The newest come first; within one second that order is all there is.
    events = reversed([parse_event(raw) for raw in _pages(cloudtrail, start, source)])
    return tuple(sorted((event for event in events if event.at >= start), key=lambda event: event.at))


def _pages(cloudtrail: Any, start: datetime, source: str) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "EventSource", "AttributeValue": source}],
        "StartTime": start,
    }
    for _ in range(_PAGE_LIMIT):
        _pace.wait(cloudtrail)
        answer = cloudtrail.lookup_events(**request)
        yield from answer.get("Events", ())
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]
    raise LabError(
        f"CloudTrail has more than {_PAGE_LIMIT * 50} events of {source} since {start:%Y-%m-%d %H:%M} UTC: "
        "too many to look through.",
        "do the step of the stage again, so that the look begins later, and check again",
        id="trail-too-long",
    )


@dataclass
class _Pace:
    """Half a second between two looks of this process into CloudTrail; what answers on loopback limits nobody."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _free_at: float = 0.0

    def wait(self, cloudtrail: Any) -> None:
        """Until the next look may be sent."""
        host = urlsplit(str(cloudtrail.meta.endpoint_url)).hostname or ""
        if host in ("localhost", "127.0.0.1", "::1"):
            return
        now = self.clock()
        if now < self._free_at:
            self.sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + _APART_S


_pace = _Pace()


def denials(events: Sequence[Event]) -> tuple[Event, ...]:
    """Those that IAM refused."""
    return tuple(event for event in events if event.denied)
