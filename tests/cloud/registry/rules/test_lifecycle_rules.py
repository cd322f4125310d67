"""Which images a lifecycle policy expires: the examples of AWS's page, and its rules one by one."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from labs.cloud.registry.rules.lifecycle import CountType, LifecycleImage, LifecycleRule, expiring

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def image(digest, days, *tags, pulled=None, **more):
    """An image pushed (and pulled) so many days ago."""
    last = None if pulled is None else NOW - timedelta(days=pulled)
    return LifecycleImage(digest, NOW - timedelta(days=days), tags, last, **more)


def count(priority, number, *prefixes, status="tagged", patterns=()):
    return LifecycleRule(priority, status, CountType.IMAGES, number, prefixes, patterns)


def age(priority, days, *prefixes, status="tagged", kind=CountType.PUSHED):
    return LifecycleRule(priority, status, kind, days, prefixes)


# ECR User Guide, "Examples of lifecycle policies": rules, images, what the page says expires.
BETA_AND_PROD = [image("A", 10, "beta-1", "prod-1"), image("B", 9, "beta-2", "prod-2"), image("C", 8, "beta-3")]
PAGE = {
    "several rules, A": ([count(1, 1, "prod"), count(2, 1, "beta")], BETA_AND_PROD, {"A": 1}),
    "several rules, B": ([count(1, 1, "beta"), count(2, 1, "prod")], BETA_AND_PROD, {"A": 1, "B": 1}),
    "several tags in one rule, A": (
        [age(1, 5, "alpha", "beta")],
        [
            image("A", 12, "alpha-1"),
            image("B", 11, "beta-1"),
            image("C", 10, "alpha-2", "beta-2"),
            image("D", 4, "alpha-3"),
            image("E", 3, "beta-3"),
            image("F", 2, "alpha-4", "beta-4"),
        ],
        {"C": 1},
    ),
    "several tags in one rule, B": (
        [count(1, 1, "alpha", "beta")],
        [
            image("A", 10, "alpha-1", "beta-1", "gamma-1"),
            image("B", 9, "alpha-2", "beta-2"),
            image("C", 8, "alpha-3", "beta-3", "gamma-2"),
        ],
        {"A": 1, "B": 1},
    ),
    "prod older than 14 days": (
        [age(1, 14, "prod")],
        [image("A", 15, "prod1"), image("B", 13, "prod2"), image("C", 15, "dev1"), image("D", 15)],
        {"A": 1},
    ),
    "one untagged image kept": (
        [count(1, 1, status="untagged")],
        [image("A", 3), image("B", 2), image("C", 4, "v1"), image("D", 1)],
        {"A": 1, "B": 1},
    ),
}
OWN = {
    "as many as allowed": ([count(1, 3, status="any")], BETA_AND_PROD, {}),
    "no images": ([count(1, 1, status="any")], [], {}),
    "no rule selects it": ([count(1, 1, "gamma")], BETA_AND_PROD, {}),
    "an earlier rule keeps what a later one would expire": (
        [count(1, 5, "prod"), age(2, 1, status="any")],
        [image("A", 9, "prod-1"), image("B", 9, "dev-1"), image("C", 9)],
        {"B": 2, "C": 2},
    ),
    "rules in another order": ([age(2, 1, status="any"), count(1, 5, "prod")], [image("A", 9, "prod")], {}),
    "a pattern in the middle": (
        [count(1, 1, patterns=("*prod*",))],
        [image("A", 3, "repo-production"), image("B", 2, "prod-team"), image("C", 1, "dev")],
        {"A": 1},
    ),
    "a pattern without a wildcard": (
        [count(1, 1, patterns=("prod",))],
        [image("A", 3, "prod1"), image("B", 2, "prod")],
        {},
    ),
    "all patterns, each by any tag": (
        [count(1, 1, patterns=("*a*", "b*"))],
        [image("A", 3, "b1", "xa"), image("B", 2, "a2"), image("C", 1, "ba")],
        {"A": 1},
    ),
    "all images by count": (
        [count(1, 1, "alpha"), count(2, 1, "beta"), count(3, 1, status="any")],
        [image("A", 4, "alpha-1"), image("B", 3, "beta-1"), image("C", 2), image("D", 1, "alpha-2")],
        {"A": 1, "C": 3},
    ),
    "all images by age": (
        [count(1, 1, "alpha"), age(2, 1, status="any")],
        [image("A", 5, "alpha-1"), image("B", 4, "beta-1"), image("C", 3), image("D", 2, "alpha-2")],
        {"A": 1, "B": 2, "C": 2},
    ),
    "a prefix is no pattern": ([age(1, 1, "a.")], [image("A", 5, "a.1"), image("B", 5, "ab1")], {"A": 1}),
    "a question mark and a bracket are themselves": (
        [LifecycleRule(1, "tagged", CountType.PUSHED, 1, (), ("v?", "[v]*"))],
        [image("A", 5, "v1")],
        {},
    ),
    "older than, not as old as": ([age(1, 2, status="any")], [image("A", 2), image("B", 2.001)], {"B": 1}),
    "pulled lately": (
        [age(1, 7, status="any", kind=CountType.PULLED)],
        [image("A", 30, pulled=1), image("B", 30, pulled=8), image("C", 30), image("D", 3)],
        {"B": 1, "C": 1},
    ),
    "images of an index are counted and stay": (
        [count(1, 1, status="any")],
        [image("child 1", 3, listed=True), image("child 2", 3, listed=True), image("index", 2, "v1"), image("new", 1)],
        {"index": 1},
    ),
    "images whose index has gone": (
        [age(1, 1, status="untagged")],
        [image("child", 3), image("other", 3, listed=True)],
        {"child": 1},
    ),
    "artifacts follow their subject": (
        [count(1, 1, status="any")],
        [image("A", 3, "v1"), image("signature", 9, subject="A")],
        {},
    ),
    "pushed at the same moment": ([count(1, 1, status="any")], [image("B", 2), image("A", 2)], {"A": 1}),
}


@pytest.mark.parametrize("name", PAGE)
def test_the_examples_of_awss_page(name):
    rules, images, expected = PAGE[name]
    assert expiring(rules, images, NOW) == expected


@pytest.mark.parametrize("name", OWN)
def test_a_rule_of_awss_page(name):
    rules, images, expected = OWN[name]
    found = expiring(rules, images, NOW)
    assert found == expected
    assert list(found) == sorted(found, key=lambda digest: next(i.pushed for i in images if i.digest == digest))


@pytest.mark.parametrize("seed", range(50))
def test_what_holds_of_any_policy(seed):
    """One rule an image; never by a rule that comes after one which selects it; never an image of an index."""
    draw = random.Random(seed)
    names = ["a", "b", "ab", "prod", ""]
    images = [
        image(
            f"{number:03}", draw.random() * 40, *draw.sample(names[:4], draw.randint(0, 3)), listed=draw.random() < 0.2
        )
        for number in range(30)
    ]
    kinds = [
        lambda n: count(n, draw.randint(1, 9), draw.choice(names[:4])),
        lambda n: age(n, draw.randint(1, 30), *draw.sample(names[:4], 2)),
        lambda n: count(n, draw.randint(1, 9), patterns=("*a*",)),
        lambda n: count(n, draw.randint(1, 9), status="untagged"),
    ]
    rules = [draw.choice(kinds)(number) for number in draw.sample(range(1, 90), 4)] + [count(90, 25, status="any")]
    found = expiring(rules, images, NOW)
    by_digest = {each.digest: each for each in images}
    for digest, priority in found.items():
        assert not by_digest[digest].listed
        selecting = [rule.priority for rule in rules if rule.selects(by_digest[digest].tags)]
        assert priority == min(selecting)
    shuffled = draw.sample(images, len(images))
    assert expiring(draw.sample(rules, len(rules)), shuffled, NOW) == found
    # What is left satisfies every rule by count, as far as nothing else keeps it.
    for rule in rules:
        kept = [each for each in images if rule.selects(each.tags) and each.digest not in found]
        free = [
            each
            for each in kept
            if not each.listed and min(r.priority for r in rules if r.selects(each.tags)) == rule.priority
        ]
        if rule.count_type is CountType.IMAGES:
            assert len(free) <= rule.count
