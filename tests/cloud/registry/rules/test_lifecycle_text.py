"""Lifecycle policies as text: what AWS's page says of them, property by property."""

import copy
import json

import pytest

from labs.cloud.registry.rules.lifecycle import CountType, LifecycleRule, read_lifecycle
from labs.cloud.registry.rules.registry_errors import EcrError

EXPIRE = {"type": "expire"}
COUNT = {"countType": "imageCountMoreThan", "countNumber": 2}
AGE = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
SCHEMA = "instance failed to match exactly one schema (matched 0 out of 2)"
OWN = "(simulated wording)"


def rule(priority=1, /, action=EXPIRE, **selection):
    return {"rulePriority": priority, "selection": {"tagStatus": "any", **COUNT, **selection}, "action": action}


def without(name, **more):
    made = copy.deepcopy(rule(**more))
    for place in (made, made["selection"]):
        place.pop(name, None)
    return made


def tagged(priority=1, /, **lists):
    return rule(priority, tagStatus="tagged", **lists)


GOOD = {
    "any by count": [rule()],
    "untagged by age": [rule(tagStatus="untagged", **AGE)],
    "pulled long ago": [rule(**{**AGE, "countType": "sinceImagePulled"})],
    "tagged by prefix": [tagged(tagPrefixList=["prod"])],
    "tagged by several prefixes": [tagged(tagPrefixList=["prod", "web"])],
    "tagged by pattern": [tagged(tagPatternList=["*prod*"])],
    "four wildcards": [tagged(tagPatternList=["*test*1*2*3", "test*1*2*3*"])],
    "the storage class standard": [rule(storageClass="standard")],
    "a description": [{**rule(), "description": "keep two"}],
    "gaps between the priorities": [tagged(3, tagPrefixList=["a"]), rule(1000)],
    "in another order": [rule(7), tagged(2, tagPrefixList=["a"])],
    "prefixes in one rule, patterns in another": [tagged(1, tagPrefixList=["a"]), tagged(2, tagPatternList=["a*"])],
    "all three kinds": [tagged(1, tagPrefixList=["a"]), rule(2, tagStatus="untagged"), rule(3)],
    "fifty rules": [tagged(number, tagPrefixList=[f"v{number}"]) for number in range(1, 51)],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_policy_that_the_page_allows_is_read(name):
    assert len(read_lifecycle(json.dumps({"rules": GOOD[name]}))) == len(GOOD[name])


BAD = {
    "no JSON": ("{", "Could not map policyString into LifecyclePolicy."),
    "nested too deeply": ("[" * 20_000, "Could not map policyString into LifecyclePolicy."),
    "a list": ("[]", "Could not map policyString into LifecyclePolicy."),
    "no rules": ("{}", 'object has missing required properties (["rules"])'),
    "another property": ({"rules": [rule()], "Version": 1}, 'not allowed by the schema: (["Version"])'),
    "rules that are none": (
        {"rules": {}},
        'instance type (object) does not match any allowed primitive type (allowed: ["array"])',
    ),
    "an empty list of rules": ([], OWN),
    "fifty-one rules": ([tagged(number, tagPrefixList=[f"v{number}"]) for number in range(1, 52)], OWN),
    "a rule that is a text": (
        ["x"],
        'instance type (string) does not match any allowed primitive type (allowed: ["object"])',
    ),
    "no priority": ([without("rulePriority")], 'missing required properties (["rulePriority"])'),
    "no action": ([without("action")], 'missing required properties (["action"])'),
    "no selection": ([without("selection")], 'missing required properties (["selection"])'),
    "no tagStatus": ([without("tagStatus")], 'missing required properties (["tagStatus"])'),
    "no countType": ([without("countType")], 'missing required properties (["countType"])'),
    "no countNumber": ([without("countNumber")], 'missing required properties (["countNumber"])'),
    "a property of a rule misspelt": ([{**rule(), "descripton": "x"}], 'not allowed by the schema: (["descripton"])'),
    "a property of a selection misspelt": ([rule(tagPrefixes=["a"])], 'not allowed by the schema: (["tagPrefixes"])'),
    "the action delete": ([rule(action={"type": "delete"})], 'instance value ("delete") not found in enum'),
    "the action Expire": ([rule(action={"type": "Expire"})], 'instance value ("Expire") not found in enum'),
    "an action that is a text": ([rule(action="expire")], "instance type (string)"),
    "an action without a type": ([rule(action={})], 'missing required properties (["type"])'),
    "a target for expire": ([rule(action={**EXPIRE, "targetStorageClass": None})], SCHEMA),
    "a transition to nowhere": ([rule(action={"type": "transition"})], SCHEMA),
    "a transition to the archive": ([rule(action={"type": "transition", "targetStorageClass": "archive"})], OWN),
    "images of the archive": ([rule(storageClass="archive")], OWN),
    "another storage class": ([rule(storageClass="glacier")], "not found in enum"),
    "an unknown tagStatus": ([rule(tagStatus="ANY")], 'instance value ("ANY") not found in enum'),
    "tagged without a list": ([tagged()], "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED."),
    "tagged with an empty list": ([tagged(tagPrefixList=[])], "Must specify tagPrefixList or tagPatternList"),
    "tagged with both lists": ([tagged(tagPrefixList=["a"], tagPatternList=["a*"])], OWN),
    "untagged with prefixes": ([rule(tagStatus="untagged", tagPrefixList=["a"])], OWN),
    "untagged with patterns": ([rule(tagStatus="untagged", tagPatternList=["a"])], OWN),
    "any with prefixes": ([rule(tagPrefixList=["a"])], OWN),
    "a list that is a text": ([tagged(tagPrefixList="prod")], "instance type (string)"),
    "a prefix that is a number": ([tagged(tagPrefixList=[1])], "instance type (integer)"),
    "an empty prefix": ([tagged(tagPrefixList=[""])], OWN),
    "six wildcards": ([tagged(tagPatternList=["test*1*2*3*4*5*6"])], OWN),
    "an unknown countType": ([rule(countType="imageCount")], SCHEMA),
    "an age without a unit": ([rule(countType="sinceImagePushed")], SCHEMA),
    "an age since a pull without a unit": ([rule(countType="sinceImagePulled")], SCHEMA),
    "an age in hours": ([rule(**{**AGE, "countUnit": "hours"})], SCHEMA),
    "a count with a unit": ([rule(countUnit="days")], SCHEMA),
    "a count with the unit null": ([rule(countUnit=None)], SCHEMA),
    "since a transition": ([rule(**{**AGE, "countType": "sinceImageTransitioned"})], OWN),
    "a countNumber of 0": (
        [rule(countNumber=0)],
        "numeric instance is lower than the required minimum (minimum: 1, found: 0)",
    ),
    "a negative countNumber": ([rule(countNumber=-3)], "(minimum: 1, found: -3)"),
    "a countNumber with a fraction": ([rule(countNumber=1.5)], "instance type (number)"),
    "a countNumber as a text": ([rule(countNumber="3")], "instance type (string)"),
    "a countNumber of true": ([rule(countNumber=True)], "instance type (boolean)"),
    "a priority of 0": ([rule(0)], "(minimum: 1, found: 0)"),
    "a priority as a text": ([rule("1")], "instance type (string)"),
    "a description that is a number": ([{**rule(), "description": 5}], "instance type (integer)"),
    "one priority twice": ([tagged(1, tagPrefixList=["a"]), rule(1)], OWN),
    "untagged twice": (
        [rule(1, tagStatus="untagged"), rule(2, tagStatus="untagged")],
        "Only one rule can select Untagged images per storage class",
    ),
    "any before another": (
        [rule(1), tagged(2, tagPrefixList=["a"])],
        "Rule for tagStatus=ANY must have the lowest priority per storage class",
    ),
    "any twice": ([rule(1), rule(2)], "Rule for tagStatus=ANY must have the lowest priority per storage class"),
    "one list of prefixes twice": ([tagged(1, tagPrefixList=["a"]), tagged(2, tagPrefixList=["a"])], OWN),
}


@pytest.mark.parametrize("name", BAD)
def test_a_policy_that_ecr_refuses_is_refused(name):
    given, words = BAD[name]
    text = given if isinstance(given, str) else json.dumps(given if isinstance(given, dict) else {"rules": given})
    with pytest.raises(EcrError) as refused:
        read_lifecycle(text)
    start = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation "
    assert refused.value.message.startswith(f"{start}failure: ")
    assert words in refused.value.message
    assert refused.value.fault.api_code == "InvalidParameterException"


def test_a_rule_is_read_with_all_that_it_says():
    read = read_lifecycle(json.dumps({"rules": [{**tagged(4, tagPrefixList=["prod"], **AGE), "description": "old"}]}))
    assert read == (LifecycleRule(4, "tagged", CountType.PUSHED, 14, ("prod",), (), "old"),)
