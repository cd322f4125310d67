"""The walk over botocore's model: what it finds, in which order, and that each service tells it in its own words."""

import pytest

from labs.cloud.contract import AwsError
from labs.cloud.ecs.api.ecs_parameters import checked
from labs.cloud.protocols.parameters import JSON_TYPES, Constraint, input_shape, problems, refuse_problems
from labs.cloud.registry.api.ecr_parameters import check_parameters
from labs.cloud.registry.rules.registry_errors import EcrError

ALL = frozenset(Constraint)


def found(service, operation, params, kinds=ALL):
    """Path, kind and constraint of each problem."""
    return [
        (each.path, each.kind, each.constraint) for each in problems(input_shape(service, operation), params, kinds)
    ]


def test_every_problem_is_found_with_its_path():
    params = {
        "repositoryName": "A",
        "imageIds": [{"imageTag": ""}, {"imageDigest": 7}, None],
        "filter": {"tagStatus": "NEW"},
        "maxResults": 1001,
        "unknown": object(),
    }
    paths = {(path, kind) for path, kind, _ in found("ecr", "DescribeImages", params)}
    assert paths == {
        ("repositoryName", Constraint.TOO_SHORT),
        ("repositoryName", Constraint.PATTERN),
        ("imageIds[0].imageTag", Constraint.TOO_SHORT),
        ("imageIds[1].imageDigest", Constraint.TYPE),
        ("imageIds[2]", Constraint.TYPE),
        ("filter.tagStatus", Constraint.ENUM),
        ("maxResults", Constraint.TOO_LARGE),
    }


def test_only_the_kinds_that_are_asked_for_are_found():
    params = {"repositoryName": "A", "maxResults": "many"}
    assert found("ecr", "DescribeImages", params, frozenset({Constraint.TYPE})) == [
        ("maxResults", Constraint.TYPE, "integer")
    ]
    assert found("ecr", "DescribeImages", params, frozenset()) == []


def test_null_is_a_member_left_out():
    assert found("ecr", "DescribeImages", {"repositoryName": None}) == [("repositoryName", Constraint.MISSING, None)]
    assert found("ecr", "DescribeImages", {"repositoryName": "lab/app", "maxResults": None}) == []


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            {"containerDefinitions": []},
            "ClientException",
            'Missing required parameter in input: "family" (simulated wording)',
        ),
        (
            {"family": "f", "containerDefinitions": [], "volumes": [{"efsVolumeConfiguration": {}}]},
            "ClientException",
            'Missing required parameter in volumes[0].efsVolumeConfiguration: "fileSystemId" (simulated wording)',
        ),
        (
            {"family": "f", "containerDefinitions": [], "tags": [{"key": ""}]},
            "ClientException",
            "Invalid length for parameter tags[0].key, value: 0, valid min length: 1 (simulated wording)",
        ),
        (
            {"family": "f", "containerDefinitions": {}},
            "SerializationException",
            "The value of containerDefinitions is not a list. (simulated wording)",
        ),
    ],
)
def test_ecs_refuses_in_its_own_words(params, code, message):
    with pytest.raises(AwsError) as refusal:
        checked("RegisterTaskDefinition", params)
    assert (refusal.value.code, refusal.value.message) == (code, message)


def test_ecs_drops_what_it_does_not_know():
    given = {"family": "f", "containerDefinitions": [{"name": "a", "colour": 1}], "cpu": None, "unknown": 1}
    assert checked("RegisterTaskDefinition", given) == {"family": "f", "containerDefinitions": [{"name": "a"}]}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'"),
        (
            {"repositoryName": "lab/app", "maxResults": 0},
            (
                "Invalid parameter at 'maxResults' failed to satisfy constraint: "
                "'Member must have value greater than or equal to 1'"
            ),
        ),
        (
            {"repositoryName": "lab/app", "filter": {"tagStatus": "NEW"}},
            (
                "Invalid parameter at 'filter.tagStatus' failed to satisfy constraint: "
                "'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]'"
            ),
        ),
        ({"repositoryName": []}, "The parameter 'repositoryName' is not a string (simulated wording)"),
    ],
)
def test_ecr_refuses_in_its_own_words(params, words):
    with pytest.raises(EcrError) as refusal:
        check_parameters("DescribeImages", params)
    assert refusal.value.as_aws().message == words


@pytest.mark.parametrize("name", ["a", "A", "lab//app", "a" * 257, "lab/app\n"])
def test_ecr_says_the_same_of_every_bad_repository_name(name):
    with pytest.raises(EcrError) as refusal:
        check_parameters("DescribeImages", {"repositoryName": name})
    assert "failed to satisfy constraint: 'must satisfy regular expression '" in refusal.value.as_aws().message


def test_other_json_services_say_it_with_the_path():
    with pytest.raises(AwsError, match=r"The value of Filters\[0\]\.Values is not a list\. \(simulated wording\)"):
        refuse_problems("ssm", "DescribeParameters", {"Filters": [{"Key": "Name", "Values": "x"}]}, JSON_TYPES)
