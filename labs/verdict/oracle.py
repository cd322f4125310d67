"""The oracle of expected failures: was *that* principal refused *that* action on *that* resource?

A failure proves little by itself: a typo fails too. The oracle asks two witnesses, the trail and the
client's own words, and tells apart the intended refusal, a success, a failure for another reason, and
no evidence. It claims nothing that neither witness said. Pure: events and text in, a finding out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from labs.verdict.client_output import ClientTrouble, ClientWords, read_words
from labs.verdict.trail import Event, denials


class OracleOutcome(Enum):
    """What the evidence shows."""

    INTENDED = "the intended refusal, in the trail and in the client's words"
    TRAIL_ONLY = "the intended refusal is in the trail; the client's words are missing"
    WORDS_ONLY = "the client was refused in the expected way; the trail does not show it"
    IT_WORKED = "it worked"
    OTHER_REASON = "it failed for another reason"
    NO_EVIDENCE = "neither the trail nor the client's words show an attempt"


@dataclass(frozen=True)
class OracleAnswer:
    """The outcome with its evidence.

    ``denial`` is the event that decided (the intended one, or the other); ``words`` the client's failure;
    ``worked_by`` the principal whose call succeeded, empty when the trail does not say.
    """

    outcome: OracleOutcome
    words: ClientWords
    denial: Event | None = None
    worked_by: str = ""


def expect_denied(
    principal: str,
    action: str,
    resource: str,
    since: datetime,
    trail: Sequence[Event],
    words: str,
    *,
    worked: Event | None = None,
) -> OracleAnswer:
    """Judge whether ``principal`` was refused ``action`` on ``resource`` since a moment.

    ``principal`` and ``resource`` are ARNs; ``trail`` the service's events, oldest first; ``words`` the
    client's output; ``worked`` the event, if there is one, that shows the whole attempt succeeded.
    The intended refusal wins over later attempts: it has been seen. Otherwise the latest attempt counts.
    """
    start = since.replace(microsecond=0)
    events = [event for event in trail if event.at >= start]
    refused = denials(events)
    said = read_words(words)
    intended = _intended(events, (principal, action, resource))
    if intended is not None:
        heard = said.trouble is ClientTrouble.REFUSED and _about(said, resource)
        return OracleAnswer(OracleOutcome.INTENDED if heard else OracleOutcome.TRAIL_ONLY, said, intended)
    other = _last_other(refused, principal, action, resource)
    if worked is not None and worked.at >= start and (other is None or other.at <= worked.at):
        return OracleAnswer(OracleOutcome.IT_WORKED, said, worked_by=worked.principal)
    if other is not None:
        return OracleAnswer(OracleOutcome.OTHER_REASON, said, other)
    if said.trouble is ClientTrouble.REFUSED and _about(said, resource) and said.action in ("", action):
        return OracleAnswer(OracleOutcome.WORDS_ONLY, said)
    if said.trouble is not ClientTrouble.NONE:
        return OracleAnswer(OracleOutcome.OTHER_REASON, said)
    return OracleAnswer(OracleOutcome.NO_EVIDENCE, said)


def _intended(events: Sequence[Event], wanted: tuple[str, str, str]) -> Event | None:
    """The last refusal that is the intended one, and not the echo of another.

    containerd 2.3.3 and later answers a refused HEAD with a GET of the same URL, to learn why (pusher.go,
    withGETErrorBody). For a layer that GET needs another action than the HEAD: when the call just before was refused
    for its own reason, the GET's refusal says nothing.
    """
    found, before = None, None
    for event in events:
        if event.principal != wanted[0]:
            continue
        if event.denied and (event.principal, event.action, event.resource) == wanted:
            if before is None or not before.denied:
                found = event
        else:
            before = event
    return found


def _about(said: ClientWords, resource: str) -> bool:
    """Whether the words can be about the resource: they name it, or (older clients) name nothing at all."""
    repository = resource.partition(":repository/")[2]
    return said.names(repository) or not (said.url or said.resource)


def _last_other(refused: Sequence[Event], principal: str, action: str, resource: str) -> Event | None:
    """The last refusal that touches the attempt without being the intended one."""
    for event in reversed(refused):
        ours, same_call = event.principal == principal, (event.action, event.resource) == (action, resource)
        # Ours on the same call was an echo: the refusal before it is the one to name.
        if ours != same_call:
            return event
    return None
