"""The oracle of expected failures: was *that* principal refused *that* action on *that* resource?

A failure proves little by itself: a typo fails too. The oracle asks two witnesses, the trail and the
client's own words, and tells apart the intended refusal, a success, a failure for another reason, and
no evidence. It claims nothing that neither witness said. Pure: events and text in, a finding out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from labs.verdict.trail import Event, denials
from labs.verdict.words import ClientWords, Trouble, read_words


class Outcome(Enum):
    """What the evidence shows."""

    INTENDED = "the intended refusal, in the trail and in the client's words"
    TRAIL_ONLY = "the intended refusal is in the trail; the client's words are missing"
    WORDS_ONLY = "the client was refused in the expected way; the trail does not show it"
    IT_WORKED = "it worked"
    OTHER_REASON = "it failed for another reason"
    NO_EVIDENCE = "neither the trail nor the client's words show an attempt"


@dataclass(frozen=True)
class Finding:
    """The outcome with its evidence.

    ``denial`` is the event that decided (the intended one, or the other); ``words`` the client's failure;
    ``worked_by`` the principal whose call succeeded, empty when the trail does not say.
    """

    outcome: Outcome
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
) -> Finding:
    """Judge whether ``principal`` was refused ``action`` on ``resource`` since a moment.

    ``principal`` and ``resource`` are ARNs; ``trail`` the service's events, oldest first; ``words`` the
    client's output; ``worked`` the event, if there is one, that shows the whole attempt succeeded.
    The intended refusal wins over later attempts: it has been seen. Otherwise the latest attempt counts.
    """
    start = since.replace(microsecond=0)
    refused = [event for event in denials(trail) if event.at >= start]
    said = read_words(words)
    for event in reversed(refused):
        if (event.principal, event.action, event.resource) == (principal, action, resource):
            heard = said.trouble is Trouble.REFUSED and _about(said, resource)
            return Finding(Outcome.INTENDED if heard else Outcome.TRAIL_ONLY, said, event)
    other = _last_other(refused, principal, action, resource)
    if worked is not None and worked.at >= start and (other is None or other.at <= worked.at):
        return Finding(Outcome.IT_WORKED, said, worked_by=worked.principal)
    if other is not None:
        return Finding(Outcome.OTHER_REASON, said, other)
    if said.trouble is Trouble.REFUSED and _about(said, resource) and said.action in ("", action):
        return Finding(Outcome.WORDS_ONLY, said)
    if said.trouble is not Trouble.NONE:
        return Finding(Outcome.OTHER_REASON, said)
    return Finding(Outcome.NO_EVIDENCE, said)


def _about(said: ClientWords, resource: str) -> bool:
    """Whether the words can be about the resource: they name it, or (older clients) name nothing at all."""
    repository = resource.partition(":repository/")[2]
    return said.names(repository) or not (said.url or said.resource)


def _last_other(refused: Sequence[Event], principal: str, action: str, resource: str) -> Event | None:
    """The last refusal that touches the attempt without being the intended one."""
    for event in reversed(refused):
        ours = event.principal == principal
        same_call = event.action == action and event.resource == resource
        if ours or same_call:
            return event
    return None
