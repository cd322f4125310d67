"""Lifecycle policies: the text read as strictly as ECR reads it, and which images its rules expire.

Pure: a text in, rules or a refusal out; rules, images and a time in, the images to expire out. The preview and the
expiry ask the same ``expiring``.
Source: ECR User Guide, "Lifecycle policy properties", "Lifecycle policy evaluation rules" and the examples' results.
"""

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from labs.cloud.registry.rules.registry_errors import EcrError, invalid_parameter, said

T = TypeVar("T")

MAX_RULES = 50  # ECR User Guide, "Amazon ECR service quotas"
MAX_WILDCARDS = 4  # in one tag pattern


class CountType(Enum):
    """What a rule counts: images, or days since a push or a pull."""

    IMAGES = "imageCountMoreThan"
    PUSHED = "sinceImagePushed"
    PULLED = "sinceImagePulled"


@dataclass(frozen=True)
class LifecycleRule:
    """One rule. ``count`` is a number of images or of days. At most one of ``prefixes`` and ``patterns`` is set."""

    priority: int
    tag_status: str
    count_type: CountType
    count: int
    prefixes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    description: str = ""

    def selects(self, tags: Sequence[str]) -> bool:
        """Whether an image with these tags meets the rule's tagging requirements.

        Each prefix, or pattern, of the list must be met by one of the image's tags.
        """
        if self.tag_status != "tagged":
            return self.tag_status == "any" or not tags
        return bool(tags) and all(
            any(fnmatch.fnmatchcase(tag, _escaped(wanted)) for tag in tags)
            for wanted in (*self.patterns, *(f"{prefix}*" for prefix in self.prefixes))
        )


@dataclass(frozen=True)
class LifecycleImage:
    """What the rules look at. ``listed``: an index of the repository refers to it; ``subject``: a digest or ""."""

    digest: str
    pushed: datetime
    tags: tuple[str, ...] = ()
    pulled: datetime | None = None
    listed: bool = False
    subject: str = ""


def expiring(rules: Sequence[LifecycleRule], images: Iterable[LifecycleImage], now: datetime) -> dict[str, int]:
    """The digests of the images to expire, oldest first, and the priority of the rule that expires each.

    A rule counts every image that it selects, also those that an earlier rule expires; it expires only images whose
    tags no earlier rule selects. An image that an index refers to is counted and stays; it can go once the index has
    gone [doc]. An artifact that refers to a subject goes with its subject [doc], and is neither selected nor
    counted [inferred].
    """
    there = sorted((each for each in images if not each.subject), key=lambda each: (each.pushed, each.digest))
    owner: dict[str, int] = {}
    marked: dict[str, int] = {}
    for rule in sorted(rules, key=lambda each: each.priority):
        selected = [each for each in there if rule.selects(each.tags)]
        over = {each.digest for each in _over(rule, selected, now)}
        for image in selected:
            if owner.setdefault(image.digest, rule.priority) == rule.priority and image.digest in over:
                marked[image.digest] = rule.priority
    return {each.digest: marked[each.digest] for each in there if each.digest in marked and not each.listed}


def _over(rule: LifecycleRule, oldest_first: Sequence[LifecycleImage], now: datetime) -> Sequence[LifecycleImage]:
    if rule.count_type is CountType.IMAGES:
        return oldest_first[: max(0, len(oldest_first) - rule.count)]
    before = now - timedelta(days=rule.count)
    pulls = rule.count_type is CountType.PULLED
    return [each for each in oldest_first if ((pulls and each.pulled) or each.pushed) < before]


def _escaped(pattern: str) -> str:
    """Only ``*`` is a wildcard."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


# The text


def read_lifecycle(text: str) -> tuple[LifecycleRule, ...]:
    """The rules of a policy's text, in their order there. EcrError PARAMETER_INVALID for one that ECR refuses."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _failure(said("lifecycle.not_mapped")) from error
    if not isinstance(document, dict):
        raise _failure(said("lifecycle.not_mapped"))
    _only(document, required=("rules",))
    found = _typed(document["rules"], list)
    if not found:
        raise _own("a policy has at least one rule")
    if len(found) > MAX_RULES:
        raise _own(f"a policy has at most {MAX_RULES} rules")
    rules = tuple(_rule(raw) for raw in found)
    _check_together(rules)
    return rules


def _rule(raw: object) -> LifecycleRule:
    rule = _typed(raw, dict)
    _only(rule, required=("action", "rulePriority", "selection"), optional=("description",))
    priority = _number(rule["rulePriority"])
    description = _typed(rule.get("description", ""), str)
    _check_action(_typed(rule["action"], dict))
    selection = _typed(rule["selection"], dict)
    _only(
        selection,
        required=("countNumber", "countType", "tagStatus"),
        optional=("countUnit", "storageClass", "tagPatternList", "tagPrefixList"),
    )
    status = _one_of(selection["tagStatus"], ("any", "tagged", "untagged"))
    if _one_of(selection.get("storageClass", "standard"), ("archive", "standard")) == "archive":
        raise _no_archive()
    patterns, prefixes = (_tags(selection, status, name) for name in ("tagPatternList", "tagPrefixList"))
    if status == "tagged" and not patterns and not prefixes:
        raise _failure(said("lifecycle.no_tags"))
    if patterns and prefixes:
        raise _own("a rule has a tagPatternList or a tagPrefixList, not both")
    return LifecycleRule(
        priority, status, _count_type(selection), _number(selection["countNumber"]), prefixes, patterns, description
    )


def _check_action(action: Mapping[str, Any]) -> None:
    _only(action, required=("type",), optional=("targetStorageClass",))
    if _one_of(action["type"], ("expire", "transition")) == "transition":
        if action.get("targetStorageClass") != "archive":
            raise _failure(said("lifecycle.no_schema"))
        raise _no_archive()
    if "targetStorageClass" in action:
        raise _failure(said("lifecycle.no_schema"))


def _count_type(selection: Mapping[str, Any]) -> CountType:
    """The unit is there with an age, and only with an age."""
    if selection["countType"] == "sinceImageTransitioned":
        raise _no_archive()
    if selection["countType"] not in [each.value for each in CountType]:
        raise _failure(said("lifecycle.no_schema"))
    found = CountType(selection["countType"])
    if ("countUnit" in selection) is (found is CountType.IMAGES) or selection.get("countUnit", "days") != "days":
        raise _failure(said("lifecycle.no_schema"))
    return found


def _tags(selection: Mapping[str, Any], status: str, name: str) -> tuple[str, ...]:
    if name not in selection:
        return ()
    found = tuple(_typed(each, str) for each in _typed(selection[name], list))
    if status != "tagged":
        raise _own(f"{name} goes only with the tagStatus tagged")
    if not all(found):
        raise _own(f"{name} holds an empty text")
    if name == "tagPatternList" and any(each.count("*") > MAX_WILDCARDS for each in found):
        raise _own(f"a pattern of tagPatternList has at most {MAX_WILDCARDS} wildcards (*)")
    return found


def _check_together(rules: Sequence[LifecycleRule]) -> None:
    priorities = [each.priority for each in rules]
    if len(set(priorities)) < len(priorities):
        raise _own("each rule has a rulePriority of its own")
    if sum(each.tag_status == "untagged" for each in rules) > 1:
        raise _failure(said("lifecycle.untagged_twice"))
    if any(each.tag_status == "any" and each.priority < max(priorities) for each in rules):
        raise _failure(said("lifecycle.any_first"))
    lists = [frozenset((*each.prefixes, *(f"{each}*" for each in each.patterns))) for each in rules if each.prefixes]
    if len(set(lists)) < len(lists):
        raise _own("each rule has a tagPrefixList of its own")


_TYPES = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean", float: "number"}


def _typed(value: object, wanted: type[T]) -> T:
    if isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
        return value
    raise _failure(said("lifecycle.type", found=_TYPES.get(type(value), "null"), allowed=_TYPES[wanted]))


def _only(value: Mapping[str, Any], required: Sequence[str], optional: Sequence[str] = ()) -> None:
    missing = [name for name in required if name not in value]
    if missing:
        raise _failure(said("lifecycle.missing", names=json.dumps(missing)))
    unknown = [name for name in value if name not in (*required, *optional)]
    if unknown:
        raise _failure(said("lifecycle.not_allowed", names=json.dumps(unknown)))


def _one_of(value: object, allowed: Sequence[str]) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    raise _failure(said("lifecycle.enum", value=json.dumps(value)[:200], allowed=json.dumps(allowed)))


def _number(value: object) -> int:
    found = _typed(value, int)
    if found < 1:
        raise _failure(said("lifecycle.minimum", found=found))
    return found


def _failure(why: str) -> EcrError:
    return invalid_parameter("LifecyclePolicyText", f"Lifecycle policy validation failure: {why}")


def _own(why: str) -> EcrError:
    """A rule of the page whose words in ECR's mouth are not known."""
    return _failure(f"{why} (simulated wording)")


def _no_archive() -> EcrError:
    return _own("the local AWS has no archive; on AWS this rule can be right")
