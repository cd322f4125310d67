"""What a kind of resource is: how its requests name it, tag it and say that it went. The kinds are in ``kinds.py``."""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import jmespath  # type: ignore[import-untyped]

# The resource part of the ARNs that requests and answers may carry instead of a name.
_ECS_ARN = re.compile(r"arn:[^:]+:ecs:[^:]*:[^:]*:(?:cluster|service|task|task-definition)/(.+)")
_SECRET_ARN = re.compile(r"arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)-\w{6}")


class TagForm(Enum):
    """How a create call takes tags; the names are those of the API references' examples."""

    NONE = "none"
    PAIRS = "a list of {Key, Value}"
    LOWER_PAIRS = "a list of {key, value}"
    MAP = "an object"
    SPECIFICATION = "a list of {ResourceType, Tags}"


@dataclass(frozen=True)
class Tagging:
    """Where a create call takes its tags: ``param``, or for SPECIFICATION the resource type."""

    form: TagForm = TagForm.NONE
    param: str = ""

    def put(self, params: MutableMapping[str, Any], tags: Mapping[str, str]) -> None:
        """Put ``tags`` into a request, over whatever it held under those keys."""
        if self.form is TagForm.PAIRS:
            params[self.param] = _merged(params.get(self.param), tags, "Key", "Value")
        elif self.form is TagForm.LOWER_PAIRS:
            params[self.param] = _merged(params.get(self.param), tags, "key", "value")
        elif self.form is TagForm.MAP:
            params[self.param] = {**(params.get(self.param) or {}), **tags}
        elif self.form is TagForm.SPECIFICATION:
            self._specify(params, tags)

    def _specify(self, params: MutableMapping[str, Any], tags: Mapping[str, str]) -> None:
        given = list(params.get("TagSpecifications") or [])
        mine = [pair for each in given if each.get("ResourceType") == self.param for pair in each.get("Tags") or []]
        others = [each for each in given if each.get("ResourceType") != self.param]
        specification = {"ResourceType": self.param, "Tags": _merged(mine, tags, "Key", "Value")}
        params["TagSpecifications"] = [*others, specification]


def _merged(
    given: list[Mapping[str, str]] | None, tags: Mapping[str, str], key: str, value: str
) -> list[Mapping[str, str]]:
    kept = [pair for pair in given or [] if pair.get(key) not in tags]
    return [*kept, *({key: name, value: word} for name, word in tags.items())]


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    ``creates``, ``deletes``: the operations that make it and take it away.
    ``named_by``: the request parameters that name it, in order; the id is their values joined by ``/``. Where they are
    alternatives (the three destinations of a route) the absent ones are left out.
    ``answer``: where the account makes the id, the JMESPath of the ids in the answer; ``named_by`` is then only what
    must carry the lab's prefix.
    ``deleted_by``: the parameters of the deletes, where they are others; ``refused`` the JMESPath of the ids that a
    delete answered with 200 did not delete.
    ``prefixed``: the first of ``named_by`` must begin with the lab's prefix.
    ``parents``: parameters with EC2 ids that must be the lab's own.
    ``overwrite``: the parameter with which a create call replaces what is there; it takes no tags then.
    ``absent``: the error codes that mean there is no such resource. ``wait_s``: how long its removal may take.
    ``facts``: the JMESPath of what a bill needs of the request.
    """

    name: str
    service: str
    creates: tuple[str, ...]
    deletes: tuple[str, ...]
    named_by: tuple[str, ...] = ()
    answer: str = ""
    deleted_by: tuple[str, ...] = ()
    refused: str = ""
    prefixed: bool = False
    parents: tuple[str, ...] = ()
    overwrite: str = ""
    tagging: Tagging = Tagging()
    absent: frozenset[str] = frozenset()
    wait_s: float = 60.0
    facts: str = ""

    def id_of(self, params: Mapping[str, Any]) -> str:
        """The id that a create request names; empty where the account makes it."""
        return "" if self.answer else self.joined(params, self.named_by)

    def name_in(self, params: Mapping[str, Any]) -> str:
        """What must carry the lab's prefix."""
        return self.joined(params, self.named_by[:1]) if self.prefixed else ""

    def ids_from(self, answer: Mapping[str, Any]) -> list[str]:
        """The ids in the answer to a create call; empty for a kind that is named by its request."""
        return _ids(self.answer, answer)

    def ids_deleted(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> list[str]:
        """The ids that a delete request, answered with ``answer``, has taken away."""
        names = self.deleted_by or self.named_by
        value = params.get(names[0]) if len(names) == 1 else None
        ids = [short(each) for each in value] if isinstance(value, list) else [self.joined(params, names)]
        kept = _ids(self.refused, answer)
        return [id for id in ids if id and id not in kept]

    def facts_of(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What a bill needs of a request, without what the request does not say."""
        found = jmespath.search(self.facts, dict(params)) if self.facts else {}
        return {name: value for name, value in (found or {}).items() if value is not None}

    def means_absent(self, code: str) -> bool:
        """Whether an error code says that there is no such resource. All of EC2's end so (EC2 error code reference)."""
        return code in self.absent or (self.service == "ec2" and code.endswith("NotFound"))

    def joined(self, params: Mapping[str, Any], names: tuple[str, ...]) -> str:
        """The id that these parameters of a request make."""
        values = [short(str(params[name])) for name in names if params.get(name) is not None]
        if self.service == "ecs" and values and "/" in values[-1]:
            # An ARN of a service or task: it names the cluster too.
            return values[-1]
        if self.service == "ecs" and "cluster" in names and not params.get("cluster"):
            values.insert(0, "default")
        return "/".join(values)


def _ids(path: str, answer: Mapping[str, Any]) -> list[str]:
    found = jmespath.search(path, dict(answer)) if path else []
    return [short(str(each)) for each in (found if isinstance(found, list) else [found]) if each]


def short(value: str) -> str:
    """The name in the ARNs of ECS and Secrets Manager; anything else as it is."""
    found = _ECS_ARN.fullmatch(value) or _SECRET_ARN.fullmatch(value)
    return found[1] if found else value


@dataclass(frozen=True)
class CostChange:
    """A call that changes what a resource of ``kind`` costs.

    ``named_by`` are the parameters of its id, ``facts`` the JMESPath of what changes; a fact ``+x`` adds to the list
    ``x`` of the ledger's facts, ``-x`` takes from it.
    """

    kind: Kind
    named_by: tuple[str, ...]
    facts: str

    def id_of(self, params: Mapping[str, Any]) -> str:
        """The id of the resource that a request changes."""
        return self.kind.joined(params, self.named_by)

    def facts_of(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What changes."""
        return {name: value for name, value in jmespath.search(self.facts, dict(params)).items() if value is not None}
