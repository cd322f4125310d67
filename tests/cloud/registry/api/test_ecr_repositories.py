"""The ECR API on repositories: shapes of botocore's model (checked on every call), codes and words of ECR."""

import json

import pytest

from labs.cloud.contract import AwsError

MISSING = (
    "RepositoryNotFoundException",
    "The repository with name 'no/such' does not exist in the registry with id '111122223333'",
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}],
    }
)
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 14,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


def test_a_created_repository_is_described_with_the_registrys_own_address(registry):
    created = registry.call("CreateRepository", repositoryName="team/tool")["repository"]
    assert created["repositoryUri"] == f"{registry.host}/team/tool"
    assert created["repositoryArn"] == "arn:aws:ecr:us-east-1:111122223333:repository/team/tool"
    assert created["imageTagMutability"] == "MUTABLE"
    assert created["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert registry.call("DescribeRepositories", repositoryNames=["team/tool"])["repositories"] == [created]


def test_a_name_is_taken_once(registry):
    assert registry.refused("CreateRepository", repositoryName="lab/app") == (
        "RepositoryAlreadyExistsException",
        "The repository with name 'lab/app' already exists in the registry with id '111122223333'",
    )


@pytest.mark.parametrize(
    "name", ["A", "a", "Upper/case", "a//b", "/a", "a/", "a..b", "../a", "a b", "a" * 257, "é" * 3]
)
def test_a_name_that_is_none_is_refused(registry, name):
    code, message = registry.refused("CreateRepository", repositoryName=name)
    assert code == "InvalidParameterException"
    assert message.startswith(
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular"
    )


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("DeleteRepository", {}),
        ("PutImageTagMutability", {"imageTagMutability": "MUTABLE"}),
        ("PutImageScanningConfiguration", {"imageScanningConfiguration": {"scanOnPush": True}}),
        ("GetRepositoryPolicy", {}),
        ("SetRepositoryPolicy", {"policyText": POLICY}),
        ("DeleteRepositoryPolicy", {}),
        ("GetLifecyclePolicy", {}),
        ("PutLifecyclePolicy", {"lifecyclePolicyText": LIFECYCLE}),
        ("DeleteLifecyclePolicy", {}),
        ("ListImages", {}),
        ("DescribeImages", {}),
        ("BatchGetImage", {"imageIds": [{"imageTag": "v1"}]}),
        ("BatchDeleteImage", {"imageIds": [{"imageTag": "v1"}]}),
        ("PutImage", {"imageManifest": "{}"}),
        ("InitiateLayerUpload", {}),
        ("BatchCheckLayerAvailability", {"layerDigests": ["sha256:" + "0" * 64]}),
        ("GetDownloadUrlForLayer", {"layerDigest": "sha256:" + "0" * 64}),
    ],
)
def test_every_operation_says_that_the_repository_does_not_exist(registry, operation, more):
    assert registry.refused(operation, repositoryName="no/such", **more) == MISSING


def test_another_registrys_repository_does_not_exist(registry):
    code, message = registry.refused("ListImages", repositoryName="lab/app", registryId="999900001111")
    assert (code, message.endswith("in the registry with id '999900001111'")) == ("RepositoryNotFoundException", True)


def test_repositories_come_in_pages(registry):
    for number in range(4):
        registry.call("CreateRepository", repositoryName=f"tool-{number}")
    names, token = [], {}
    while True:
        answer = registry.call("DescribeRepositories", maxResults=2, **token)
        names.append([item["repositoryName"] for item in answer["repositories"]])
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert names == [["lab/app", "tool-0"], ["tool-1", "tool-2"], ["tool-3"]]


def test_a_page_token_that_is_none_is_refused(registry):
    assert registry.refused("DescribeRepositories", nextToken="x")[0] == "InvalidParameterException"


def test_one_missing_name_among_several_is_an_error(registry):
    assert registry.refused("DescribeRepositories", repositoryNames=["lab/app", "no/such"]) == MISSING


def test_a_repository_with_images_goes_only_by_force(registry, admin, tmp_path):
    admin.push_image("v1")
    assert registry.refused("DeleteRepository", repositoryName="lab/app") == (
        "RepositoryNotEmptyException",
        (
            "The repository with name 'lab/app' in registry with id '111122223333' "
            "cannot be deleted because it still contains images"
        ),
    )
    registry.call("DeleteRepository", repositoryName="lab/app", force=True)
    assert registry.call("DescribeRepositories")["repositories"] == []
    assert [path for path in (tmp_path / "state" / "registry" / "blobs").rglob("*") if path.is_file()] == []


def test_deleting_a_repository_leaves_the_layers_it_shared(registry, admin):
    registry.call("CreateRepository", repositoryName="lab/other")
    other = registry.client(repository="lab/other")
    admin.push_image("v1")
    digest = other.push_image("v1")
    registry.call("DeleteRepository", repositoryName="lab/app", force=True)
    assert other.get(f"manifests/{digest}").status == 200
    assert other.get("blobs/" + other.get("manifests/v1").json["layers"][0]["digest"]).body == b"layer"


def test_a_new_repository_of_the_same_name_is_empty(registry, admin):
    admin.push_image("v1")
    location = admin.start()
    registry.call("DeleteRepository", repositoryName="lab/app", force=True)
    registry.call("CreateRepository", repositoryName="lab/app")
    assert admin.head("manifests/v1").status == 404
    assert admin.get(location).status == 404


def test_mutability_and_its_filters_are_kept(registry):
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    answer = registry.call(
        "PutImageTagMutability",
        repositoryName="lab/app",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    assert answer["imageTagMutabilityExclusionFilters"] == filters
    described = registry.call("DescribeRepositories")["repositories"][0]
    assert described["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert described["imageTagMutabilityExclusionFilters"] == filters


def test_filters_and_mode_must_fit(registry):
    code, _ = registry.refused(
        "PutImageTagMutability", repositoryName="lab/app", imageTagMutability="IMMUTABLE_WITH_EXCLUSION"
    )
    assert code == "InvalidParameterException"


def test_the_scanning_setting_is_kept(registry):
    wanted = {"scanOnPush": True}
    registry.call("PutImageScanningConfiguration", repositoryName="lab/app", imageScanningConfiguration=wanted)
    assert registry.call("DescribeRepositories")["repositories"][0]["imageScanningConfiguration"] == wanted


def test_a_repository_policy_is_kept_and_removed(registry):
    arn = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"
    assert registry.store.resource_policy(arn) is None
    registry.call("SetRepositoryPolicy", repositoryName="lab/app", policyText=POLICY)
    assert registry.call("GetRepositoryPolicy", repositoryName="lab/app")["policyText"] == POLICY
    assert registry.store.resource_policy(arn).statements[0].sid == "pull"
    assert registry.call("DeleteRepositoryPolicy", repositoryName="lab/app")["policyText"] == POLICY
    assert registry.refused("GetRepositoryPolicy", repositoryName="lab/app") == (
        "RepositoryPolicyNotFoundException",
        (
            "Repository policy does not exist for the repository with name 'lab/app' "
            "in the registry with id '111122223333'"
        ),
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", POLICY.replace("Allow", "Maybe"), POLICY.replace("Action", "Act")]
)
def test_a_malformed_repository_policy_is_refused_in_awss_words(registry, text):
    assert registry.refused("SetRepositoryPolicy", repositoryName="lab/app", policyText=text) == (
        "InvalidParameterException",
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
    )


def test_a_lifecycle_policy_is_kept_and_removed(registry):
    assert registry.refused("GetLifecyclePolicy", repositoryName="lab/app") == (
        "LifecyclePolicyNotFoundException",
        "Lifecycle policy does not exist for the repository with name 'lab/app' in the registry with id '111122223333'",
    )
    registry.call("PutLifecyclePolicy", repositoryName="lab/app", lifecyclePolicyText=LIFECYCLE)
    assert registry.call("GetLifecyclePolicy", repositoryName="lab/app")["lifecyclePolicyText"] == LIFECYCLE
    assert registry.call("DeleteLifecyclePolicy", repositoryName="lab/app")["lifecyclePolicyText"] == LIFECYCLE


@pytest.mark.parametrize("text", ["x" * 100, json.dumps({"rules": []}) + " " * 100, "[" * 20_000])
def test_a_malformed_lifecycle_policy_is_refused(registry, text):
    code, _ = registry.refused("PutLifecyclePolicy", repositoryName="lab/app", lifecyclePolicyText=text)
    assert code == "InvalidParameterException"


def test_tags_are_added_replaced_listed_and_removed(registry):
    arn = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"

    def tags():
        return {tag["Key"]: tag["Value"] for tag in registry.call("ListTagsForResource", resourceArn=arn)["tags"]}

    registry.call("TagResource", resourceArn=arn, tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    registry.call("TagResource", resourceArn=arn, tags=[{"Key": "b", "Value": "3"}])
    assert tags() == {"a": "1", "b": "3"}
    registry.call("UntagResource", resourceArn=arn, tagKeys=["a", "not there"])
    assert tags() == {"b": "3"} == registry.store.tags(arn)


def test_tags_have_limits(registry):
    arn = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    assert registry.refused("TagResource", resourceArn=arn, tags=many)[0] == "TooManyTagsException"
    bad = [{"Key": "aws:mine", "Value": ""}]
    assert registry.refused("TagResource", resourceArn=arn, tags=bad)[0] == "InvalidTagParameterException"


@pytest.mark.parametrize("arn", ["x", "arn:aws:s3:::bucket", "arn:aws:ecr:us-east-1:999900001111:repository/lab/app"])
def test_an_arn_that_is_none_of_ours_is_refused(registry, arn):
    assert registry.refused("ListTagsForResource", resourceArn=arn) == (
        "InvalidParameterException",
        "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
    )


def test_the_registry_and_its_policy(registry):
    assert registry.call("DescribeRegistry")["registryId"] == "111122223333"
    assert registry.refused("GetRegistryPolicy")[0] == "RegistryPolicyNotFoundException"
    registry.call("PutRegistryPolicy", policyText=POLICY)
    assert registry.call("GetRegistryPolicy")["policyText"] == POLICY
    registry.call("DeleteRegistryPolicy")
    assert registry.refused("DeleteRegistryPolicy")[0] == "RegistryPolicyNotFoundException"


def test_account_settings(registry):
    assert registry.call("GetAccountSetting", name="BLOB_MOUNTING")["value"] == "DISABLED"
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    assert registry.call("GetAccountSetting", name="BLOB_MOUNTING")["value"] == "ENABLED"
    assert registry.refused("PutAccountSetting", name="BLOB_MOUNTING", value="MAYBE")[0] == "ValidationException"
    assert registry.refused("GetAccountSetting", name="NO_SUCH")[0] == "ValidationException"


def test_a_token_is_for_this_registry(registry):
    (data,) = registry.call("GetAuthorizationToken")["authorizationData"]
    assert data["proxyEndpoint"] == f"http://{registry.host}"
    twelve_hours = data["expiresAt"] - registry.clock().timestamp()
    assert 12 * 3600 - 60 < twelve_hours <= 12 * 3600


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("ListImages", {}),
        ("ListImages", {"repositoryName": None}),
        ("ListImages", {"repositoryName": 5}),
        ("ListImages", {"repositoryName": ["lab/app"]}),
        ("ListImages", {"repositoryName": "lab/app", "maxResults": 0}),
        ("ListImages", {"repositoryName": "lab/app", "maxResults": True}),
        ("ListImages", {"repositoryName": "lab/app", "filter": "x"}),
        ("ListImages", {"repositoryName": "lab/app", "filter": {"tagStatus": "SOME"}}),
        ("ListImages", {"repositoryName": "lab/app", "registryId": "1"}),
        ("BatchGetImage", {"repositoryName": "lab/app", "imageIds": [5]}),
        ("UploadLayerPart", {"repositoryName": "lab/app", "uploadId": "../../etc"}),
        ("TagResource", {"resourceArn": "x", "tags": [{"Key": "a"}]}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(registry, operation, parameters):
    assert registry.refused(operation, **parameters)[0] == "InvalidParameterException"


def test_an_operation_that_is_not_served_is_refused_clearly(registry):
    for operation in ("StartImageScan", "NoSuchThing"):
        with pytest.raises(AwsError, match="does not serve ecr:") as refused:
            registry.api.call(None, operation, {})
        assert (refused.value.code, refused.value.status) == ("UnknownOperationException", 400)
