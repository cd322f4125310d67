"""Repository creation templates: kept and described as ECR does, and obeyed by a push (create on push)."""

import json

import pytest

from labs.cloud.registry.rules.creation_templates import CREATE_ON_PUSH, CreationTemplate, template_for
from tests.cloud.registry.lab_registry import OCI_MANIFEST, digest_of, image_manifest
from tests.push_actions import SIX

PULL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
)


@pytest.fixture
def template(registry):
    """Make a template: template(prefix, more members); by default for create on push."""

    def make(prefix, **more):
        given = {"appliedFor": [CREATE_ON_PUSH], **more}
        return registry.call("CreateRepositoryCreationTemplate", prefix=prefix, **given)["repositoryCreationTemplate"]

    return make


def there(registry, name):
    return registry.store.repositories.get(name) is not None


def described(registry, name):
    return registry.call("DescribeRepositories", repositoryNames=[name])["repositories"][0]


# Which template a name has.

NAMES = {
    "below the prefix": ("prod/app", ["prod"], "prod"),
    "further below it": ("prod/team/app", ["prod"], "prod"),
    "the prefix itself": ("prod", ["prod"], None),
    "a name that only begins so": ("production/app", ["prod"], None),
    "the longest prefix": ("prod/team/app", ["prod", "prod/team", "ROOT"], "prod/team"),
    "ROOT where no other fits": ("other", ["prod", "ROOT"], "ROOT"),
    "ROOT is the last": ("prod/app", ["ROOT", "prod"], "prod"),
    "a longer name than ROOT is not by its length": ("a/b", ["ROOT", "a"], "a"),
    "none": ("other/app", ["prod"], None),
}


@pytest.mark.parametrize(("name", "prefixes", "wanted"), NAMES.values(), ids=NAMES)
def test_a_name_has_the_template_of_its_longest_prefix(name, prefixes, wanted):
    templates = [CreationTemplate(each, 0, 0, {"appliedFor": [CREATE_ON_PUSH]}) for each in prefixes]
    found = template_for(name, CREATE_ON_PUSH, templates)
    assert (found.prefix if found else None) == wanted


def test_a_template_for_another_scenario_makes_no_repository_on_push():
    other = CreationTemplate("prod/team", 0, 0, {"appliedFor": ["REPLICATION", "PULL_THROUGH_CACHE"]})
    wide = CreationTemplate("prod", 0, 0, {"appliedFor": ["REPLICATION", CREATE_ON_PUSH]})
    assert template_for("prod/team/app", CREATE_ON_PUSH, [other]) is None
    assert template_for("prod/team/app", CREATE_ON_PUSH, [other, wide]) is wide


# The four operations.


def test_a_template_is_kept_with_what_holds_where_nothing_is_given(registry, template):
    made = template("prod/")
    assert made.pop("createdAt") == made.pop("updatedAt")
    assert made == {
        "prefix": "prod",
        "appliedFor": ["CREATE_ON_PUSH"],
        "encryptionConfiguration": {"encryptionType": "AES256"},
        "imageTagMutability": "MUTABLE",
    }
    found = registry.call("DescribeRepositoryCreationTemplates", prefixes=["prod"])["repositoryCreationTemplates"]
    assert [each["prefix"] for each in found] == ["prod"]


def test_a_prefix_is_taken_once(registry, template):
    template("prod")
    words = "The repository creation template already exists. Specify a unique prefix and try again."
    for prefix in ("prod", "prod/"):
        given = {"prefix": prefix, "appliedFor": ["REPLICATION"]}
        assert registry.refused("CreateRepositoryCreationTemplate", **given) == (
            "TemplateAlreadyExistsException",
            words,
        )


def test_an_update_changes_what_it_names(registry, template):
    template("prod", description="ours", imageTagMutability="IMMUTABLE")
    changed = registry.call("UpdateRepositoryCreationTemplate", prefix="prod", appliedFor=["REPLICATION"])
    shown = changed["repositoryCreationTemplate"]
    assert (shown["description"], shown["imageTagMutability"]) == ("ours", "IMMUTABLE")
    assert shown["appliedFor"] == ["REPLICATION"]
    assert shown["updatedAt"] >= shown["createdAt"]


@pytest.mark.parametrize("operation", ["UpdateRepositoryCreationTemplate", "DeleteRepositoryCreationTemplate"])
def test_a_template_that_is_not_there_is_refused(registry, operation):
    code, message = registry.refused(operation, prefix="prod")
    assert code == "TemplateNotFoundException"
    assert message.startswith("The specified repository creation template can't be found.")


def test_templates_are_described_a_page_at_a_time(registry, template):
    for prefix in ("c", "a", "ROOT", "b"):
        template(prefix)
    first = registry.call("DescribeRepositoryCreationTemplates", maxResults=3)
    rest = registry.call("DescribeRepositoryCreationTemplates", maxResults=3, nextToken=first["nextToken"])
    shown = [each["prefix"] for page in (first, rest) for each in page["repositoryCreationTemplates"]]
    assert shown == sorted(["a", "b", "c", "ROOT"])
    registry.call("DeleteRepositoryCreationTemplate", prefix="a")
    assert len(registry.call("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"]) == 3


BAD = {
    "a prefix that is none": {"prefix": "Prod"},
    "a scenario that is none": {"appliedFor": ["PUSH"]},
    "no scenario": {"appliedFor": []},
    "a policy that is none": {"repositoryPolicy": "{}"},
    "a lifecycle policy that is none": {"lifecyclePolicy": "{}"},
    "exclusions without their mode": {
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest"}]
    },
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_what_no_repository_could_have_is_refused(registry, change):
    given = {"prefix": "prod", "appliedFor": ["CREATE_ON_PUSH"], **change}
    assert registry.refused("CreateRepositoryCreationTemplate", **given)[0] == "InvalidParameterException"


# Create on push.


def test_a_push_makes_the_repository_as_its_template_says(registry, template):
    template(
        "prod",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest"}],
        repositoryPolicy=PULL,
        resourceTags=[{"Key": "team", "Value": "blue"}],
    )
    registry.people.policies["pusher"] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [*SIX, "ecr:CreateRepository"], "Resource": "*"}],
    }
    registry.client("pusher", "prod/app").push_image("v1")
    made = described(registry, "prod/app")
    assert made["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert made["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "latest"}]
    assert registry.call("GetRepositoryPolicy", repositoryName="prod/app")["policyText"] == PULL
    tags = registry.call("ListTagsForResource", resourceArn=made["repositoryArn"])["tags"]
    assert tags == [{"Key": "team", "Value": "blue"}]
    assert registry.events()[:2] == [("CreateRepository", ""), ("InitiateLayerUpload", "")]


def test_without_a_template_a_push_to_a_missing_repository_fails(registry, template):
    template("prod", appliedFor=["REPLICATION"])
    for name in ("prod/app", "other/app"):
        assert registry.client(repository=name).post().error[:2] == (404, "NAME_UNKNOWN")
        assert not there(registry, name)


def test_the_pusher_needs_create_repository(registry, template):
    template("ROOT")
    pusher = registry.allow("pusher", *SIX)
    pusher.repository = "prod/app"
    status, code, message = pusher.post().error
    assert (status, code) == (403, "DENIED")
    assert "is not authorized to perform: ecr:CreateRepository on resource: arn:aws:ecr:us-east-1:" in message
    assert not there(registry, "prod/app")
    assert registry.events() == [("CreateRepository", "AccessDenied")]


def test_a_push_that_is_refused_leaves_an_empty_repository(registry, template):
    template("ROOT")
    maker = registry.allow("maker", "ecr:CreateRepository")
    maker.repository = "prod/app"
    assert "ecr:InitiateLayerUpload" in maker.post().error[2]
    assert there(registry, "prod/app")


READS = {
    "HEAD blob": lambda client: client.head(f"blobs/{digest_of(b'x')}"),
    "GET blob": lambda client: client.get(f"blobs/{digest_of(b'x')}"),
    "HEAD manifest": lambda client: client.head("manifests/v1"),
    "GET tags": lambda client: client.get("tags/list"),
    "DELETE manifest": lambda client: client.delete("manifests/v1"),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_call_that_pushes_nothing_makes_no_repository(registry, template, read):
    template("ROOT")
    assert read(registry.client(repository="prod/app")).status == 404
    assert not there(registry, "prod/app")


def test_a_manifest_alone_makes_the_repository_too(registry, template):
    template("ROOT")
    client = registry.client(repository="prod/app")
    answer = client.put("manifests/v1", image_manifest(), Content_Type=OCI_MANIFEST)
    assert answer.error[:2] == (400, "MANIFEST_BLOB_UNKNOWN")
    assert there(registry, "prod/app")


def test_a_template_changes_no_repository_that_is_there(registry, template):
    template("lab", imageTagMutability="IMMUTABLE")
    registry.client().push_image("v1")
    assert described(registry, "lab/app")["imageTagMutability"] == "MUTABLE"
