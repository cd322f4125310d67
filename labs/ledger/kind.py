"""What a kind of resource is: how requests name it, how it is tagged, found, kept apart and removed.

The kinds themselves are in ``kinds.py`` of the subject or stage that makes them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jmespath  # type: ignore[import-untyped]
from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.ledger.names import KIT_TAG, Names
from labs.ledger.tagging import NO_TAGS, Tagging, Tags


@dataclass(frozen=True)
class Blockers:
    """What stands in the way of a removal: ``words`` for people, and whether it is only a matter of time."""

    words: str
    passing: bool


@dataclass(frozen=True)
class CostChange:
    """A call that changes what a resource costs.

    ``named_by`` are the parameters of its id, ``facts`` the JMESPath of what changes; a fact ``+x`` adds to the list
    ``x`` of the ledger's facts, ``-x`` takes from it.
    """

    named_by: tuple[str, ...]
    facts: str

    def facts_of(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What changes."""
        return {name: value for name, value in jmespath.search(self.facts, dict(params)).items() if value is not None}


def found_with_parent(_client: Any, _names: Names) -> Iterator[str]:
    """What has no tags of its own is found and removed with its parent."""
    return iter(())


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One kind of resource. Operations and parameters are spelled as in the service's API reference.

    In requests and answers:
    ``creates``, ``deletes``: the operations that make it and take it away.
    ``named_by``: the request parameters that name it, in order; the id is their values joined by ``/``. Where they are
    alternatives (the three destinations of a route) the absent ones are left out.
    ``answer``: where the account makes the id, the JMESPath of the ids in the answer; ``named_by`` is then only what
    must carry the lab's prefix.
    ``arn``: a pattern of the ARNs that may stand for a name; its group 1 is the name. ``defaults``: what a parameter
    means that the request leaves out.
    ``deleted_by``: the parameters of the deletes, where they are others; ``refused`` the JMESPath of the ids that a
    delete answered with 200 did not delete.
    ``prefixed``: the first of ``named_by`` must begin with the lab's prefix.
    ``parents``: parameters with ids of resources that must be the lab's own; ``whose(client, id)`` are the tags that
    say whose one of them is, None where that cannot be said.
    ``overwrite``: the parameter with which a create call replaces what is there; it takes no tags then.
    ``content``: calls that begin like a create call and make only content of this kind, which goes with it; each with
    the parameter that names the resource. ``harmless``: calls that begin so and leave nothing behind.
    ``facts``: the JMESPath of what a bill needs of the request; ``changes`` the calls that change it.
    ``described(client, id)``: a thing that is there in the shape of its create request, for the facts of one that was
    found and not made through the ledger.

    In the account:
    ``tags(client, id)`` are the tags there now; None, or an error whose code ends with one of ``absent``, says that
    there is no such resource. A kind without tags of its own answers with its parent's.
    ``found(client, names)``: the ids that may be the lab's, by name or by the kit's tag. ``claimed(client, names)``:
    those whose kit's tag is one of ``names``, with their tags, where the account is asked for both in one call.
    ``remove(client, id)`` removes it with what it holds; it may return before the account is done.
    ``blockers(client, id)`` says what keeps it from going, ``busy`` are the error codes of a delete that may pass.
    ``ended(client, id)``: when it came to its end by itself, None while it lasts.
    ``uses``: the names of the kinds that it uses; it goes before them. ``slow``: AWS takes long to remove it, so it is
    removed together with the other slow ones. ``wait_s``: how long its removal may take.
    """

    name: str
    service: str
    creates: tuple[str, ...]
    tags: Callable[[Any, str], Tags | None]
    remove: Callable[[Any, str], None]
    found: Callable[[Any, Names], Iterator[str]] = found_with_parent
    claimed: Callable[[Any, Names], Iterator[tuple[str, Tags]]] | None = None
    deletes: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()
    answer: str = ""
    arn: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    deleted_by: tuple[str, ...] = ()
    refused: str = ""
    prefixed: bool = False
    parents: tuple[str, ...] = ()
    whose: Callable[[Any, str], Tags | None] | None = None
    overwrite: str = ""
    tagging: Tagging = NO_TAGS
    content: Mapping[str, str] = field(default_factory=dict)
    harmless: tuple[str, ...] = ()
    facts: str = ""
    changes: Mapping[str, CostChange] = field(default_factory=dict)
    described: Callable[[Any, str], Mapping[str, Any]] | None = None
    absent: tuple[str, ...] = ()
    blockers: Callable[[Any, str], Blockers] | None = None
    busy: tuple[str, ...] = ()
    ended: Callable[[Any, str], datetime | None] | None = None
    uses: tuple[str, ...] = ()
    slow: bool = False
    wait_s: float = 60.0

    def id_of(self, params: Mapping[str, Any]) -> str:
        """The id that a create request names; empty where the account makes it."""
        return "" if self.answer else self.joined(params, self.named_by)

    def name_in(self, params: Mapping[str, Any]) -> str:
        """What must carry the lab's prefix."""
        return self.joined(params, self.named_by[:1]) if self.prefixed else ""

    def ids_from(self, answer: Mapping[str, Any]) -> list[str]:
        """The ids in the answer to a create call; empty for a kind that is named by its request."""
        return self._ids(self.answer, answer)

    def ids_deleted(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> list[str]:
        """The ids that a delete request, answered with ``answer``, has taken away."""
        names = self.deleted_by or self.named_by
        value = params.get(names[0]) if len(names) == 1 else None
        ids = [self.short(each) for each in value] if isinstance(value, list) else [self.joined(params, names)]
        kept = self._ids(self.refused, answer)
        return [id for id in ids if id and id not in kept]

    def facts_of(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What a bill needs of a request, without what the request does not say."""
        found = jmespath.search(self.facts, dict(params)) if self.facts else {}
        return {name: value for name, value in (found or {}).items() if value is not None}

    def joined(self, params: Mapping[str, Any], names: tuple[str, ...]) -> str:
        """The id that these parameters of a request make."""
        given = {**self.defaults, **{name: value for name, value in params.items() if value is not None}}
        values = [self.short(str(given[name])) for name in names if name in given]
        if self.arn and len(values) > 1 and "/" in values[-1]:
            # An ARN that names the parent too.
            return values[-1]
        return "/".join(values)

    def short(self, value: str) -> str:
        """The name in an ARN of this kind; anything else as it is."""
        found = re.fullmatch(self.arn, value) if self.arn else None
        return found[1] if found else value

    def _ids(self, path: str, answer: Mapping[str, Any]) -> list[str]:
        found = jmespath.search(path, dict(answer)) if path else []
        return [self.short(str(each)) for each in (found if isinstance(found, list) else [found]) if each]

    def means_absent(self, code: str) -> bool:
        """Whether an error code says that there is no such resource."""
        return code.endswith(self.absent)

    def tags_now(self, client: Any, id: str) -> Tags | None:
        """The tags of a resource as the account has them now; None when it does not exist. Raises ClientError."""
        try:
            return self.tags(client, id)
        except ClientError as error:
            if self.means_absent(code_of(error)):
                return None
            raise

    def delete(self, client: Any, id: str) -> bool:
        """Remove a resource; False where the account says that it, or what it held, is already gone.

        Raises ClientError.
        """
        try:
            self.remove(client, id)
        except ClientError as error:
            if not self.means_absent(code_of(error)):
                raise
            return False
        return True

    def own(self, client: Any, names: Names) -> Iterator[tuple[str, Tags]]:
        """Everything of this kind in the account whose kit's tag is one of ``names``, with its tags.

        As ``tagged``, in fewer calls; what has the lab's name and somebody else's tag may be missing. Raises
        ClientError.
        """
        yield from (self.claimed or self.tagged)(client, names)

    def tagged(self, client: Any, names: Names) -> Iterator[tuple[str, Tags]]:
        """Everything of this kind in the account that the kit's tag and ``names`` claim, with its tags.

        Raises ClientError.
        """
        for id in self.found(client, names):
            now = self.tags_now(client, id)
            if now is not None and KIT_TAG in now:
                yield id, now
