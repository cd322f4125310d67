"""Tags: how a create call takes them, and reading the forms in which AWS gives them."""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Tags = Mapping[str, str]


class TagForm(Enum):
    """How a create call takes tags; the names are those of the API references' examples."""

    NONE = "none"
    PAIRS = "a list of {Key, Value}"
    LOWER_PAIRS = "a list of {key, value}"
    MAP = "an object"
    SPECIFICATION = "a list of {ResourceType, Tags}"
    WORDS = "words in a description, for what has no tags of its own"


@dataclass(frozen=True)
class Tagging:
    """Where a create call takes its tags: ``param``, or for SPECIFICATION the resource type."""

    form: TagForm = TagForm.NONE
    param: str = ""

    def put(self, params: MutableMapping[str, Any], tags: Tags) -> None:
        """Put ``tags`` into a request, over whatever it held under those keys."""
        if self.form is TagForm.PAIRS:
            params[self.param] = _merged(params.get(self.param), tags, "Key", "Value")
        elif self.form is TagForm.LOWER_PAIRS:
            params[self.param] = _merged(params.get(self.param), tags, "key", "value")
        elif self.form is TagForm.MAP:
            params[self.param] = {**(params.get(self.param) or {}), **tags}
        elif self.form is TagForm.SPECIFICATION:
            self._specify(params, tags)
        elif self.form is TagForm.WORDS:
            words = " ".join(f"{key}={value}" for key, value in tags.items())
            params[self.param] = f"{params.get(self.param) or ''} [{words}]".lstrip()

    def _specify(self, params: MutableMapping[str, Any], tags: Tags) -> None:
        given = list(params.get("TagSpecifications") or [])
        mine = [pair for each in given if each.get("ResourceType") == self.param for pair in each.get("Tags") or []]
        others = [each for each in given if each.get("ResourceType") != self.param]
        specification = {"ResourceType": self.param, "Tags": _merged(mine, tags, "Key", "Value")}
        params["TagSpecifications"] = [*others, specification]


NO_TAGS = Tagging()


def _merged(given: Iterable[Mapping[str, str]] | None, tags: Tags, key: str, value: str) -> list[Mapping[str, str]]:
    kept = [pair for pair in given or [] if pair.get(key) not in tags]
    return [*kept, *({key: name, value: word} for name, word in tags.items())]


def in_words(description: str) -> Tags:
    """The tags that WORDS has put behind a description; none of its own where there are none."""
    words = description.rpartition("[")[2].removesuffix("]") if description.endswith("]") else ""
    return dict(word.split("=", 1) for word in words.split(" ") if "=" in word)


def plain(tags: Iterable[Mapping[str, object]]) -> Tags:
    """The tags in a list of {Key, Value} or {key, value}."""
    return {str(tag.get("Key", tag.get("key", ""))): str(tag.get("Value", tag.get("value", ""))) for tag in tags}
