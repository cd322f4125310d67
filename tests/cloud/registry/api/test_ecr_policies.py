"""The policies of repositories and of the registry: what ECR refuses in them, and what they decide."""

import json

import pytest

from tests.cloud.registry.lab_registry import allow

APP = {"repositoryName": "lab/app"}
ARN = "arn:aws:ecr:us-east-1:111122223333:repository/lab/app"
ME = "arn:aws:iam::111122223333:user/admin"
PULL = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
NOT_OURS = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
NOBODY = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'"


def text(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


GOOD = {
    "anybody": PULL,
    "anybody of AWS": {**PULL, "Principal": {"AWS": "*"}},
    "an account": {**PULL, "Principal": {"AWS": "999900001111"}},
    "an account's root": {**PULL, "Principal": {"AWS": "arn:aws:iam::999900001111:root"}},
    "somebody of another account": {**PULL, "Principal": {"AWS": "arn:aws:iam::999900001111:role/nobody-knows"}},
    "several": {**PULL, "Principal": {"AWS": [ME, "arn:aws:iam::111122223333:role/team/app"]}},
    "a session": {**PULL, "Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/app/session"}},
    "a unique id": {**PULL, "Principal": {"AWS": "AROAEXAMPLEEXAMPLE12"}},
    "a service": {**PULL, "Principal": {"Service": "lambda.amazonaws.com"}},
    "a wildcard": {**PULL, "Action": "ecr:*"},
    "several actions": {**PULL, "Action": ["ecr:Get*", "ECR:BatchGetImage"]},
    "a condition": {**PULL, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
}


@pytest.mark.parametrize("name", GOOD)
def test_a_repository_policy_that_ecr_takes_is_taken(registry, name):
    assert registry.call("SetRepositoryPolicy", **APP, policyText=text(GOOD[name]))["policyText"] == text(GOOD[name])


BAD = {
    "Resource": {**PULL, "Resource": "*"},
    "its own ARN as Resource": {**PULL, "Resource": ARN},
    "NotResource": {**PULL, "NotResource": "*"},
    "another service's action": {**PULL, "Action": "s3:GetObject"},
    "another service's action among ECR's": {**PULL, "Action": ["ecr:BatchGetImage", "ecr-public:BatchGetImage"]},
    "the token": {**PULL, "Action": "ecr:GetAuthorizationToken"},
    "the token among others": {**PULL, "Action": ["ecr:BatchGetImage", "ecr:getauthorizationtoken"]},
    "everything but another service": {**PULL, "NotAction": "iam:*", "Action": None},
    "a name": {**PULL, "Principal": {"AWS": "alice"}},
    "an ARN of a group": {**PULL, "Principal": {"AWS": "arn:aws:iam::111122223333:group/x"}},
    "half an account": {**PULL, "Principal": {"AWS": "1234"}},
}


@pytest.mark.parametrize("name", BAD)
def test_a_repository_policy_that_ecr_refuses_is_refused(registry, name):
    statement = {key: value for key, value in BAD[name].items() if value is not None}
    refused = registry.refused("SetRepositoryPolicy", **APP, policyText=text(PULL, statement))
    assert refused == ("InvalidParameterException", NOT_OURS)
    assert registry.refused("GetRepositoryPolicy", **APP)[0] == "RepositoryPolicyNotFoundException"


@pytest.mark.parametrize("operation", ["SetRepositoryPolicy", "PutRegistryPolicy"])
def test_a_principal_that_is_not_there_is_refused(registry, operation):
    nobody = {**PULL, "Principal": {"AWS": [ME, "arn:aws:iam::111122223333:user/nobody"]}}
    where = APP if operation == "SetRepositoryPolicy" else {}
    assert registry.refused(operation, **where, policyText=text(nobody)) == ("InvalidParameterException", NOBODY)


LOCKING = {
    "everything to everybody": {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"},
    "the call itself": {"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"},
    "its author": {"Effect": "Deny", "Principal": {"AWS": ME}, "Action": "ecr:Set*"},
    "all but pulling": {"Effect": "Deny", "Principal": "*", "NotAction": "ecr:BatchGetImage"},
}


@pytest.mark.parametrize("name", LOCKING)
def test_a_policy_that_locks_its_author_out_needs_force(registry, name):
    policy = text(LOCKING[name])
    code, message = registry.refused("SetRepositoryPolicy", **APP, policyText=policy)
    assert (code, message.startswith(NOT_OURS[:-1])) == ("InvalidParameterException", True)
    assert "force" in message
    registry.call("SetRepositoryPolicy", **APP, policyText=policy, force=True)
    assert registry.call("GetRepositoryPolicy", **APP)["policyText"] == policy


def test_a_policy_that_denies_others_needs_no_force(registry):
    other = "arn:aws:iam::111122223333:user/other"
    denied = {"Effect": "Deny", "Principal": {"AWS": other}, "Action": "ecr:*"}
    registry.call("SetRepositoryPolicy", **APP, policyText=text(denied))


# The registry's

CREATE = {"Effect": "Allow", "Principal": {"AWS": ME}, "Action": "ecr:CreateRepository", "Resource": "*"}


@pytest.mark.parametrize(
    ("actions", "scopes"),
    [
        ("ecr:CreateRepository", {"V1", "V2"}),
        (["ecr:ReplicateImage", "ecr:BatchImportUpstreamImage"], {"V1", "V2"}),
        ("ecr:BatchGetImage", {"V2"}),
        ("ecr:*", {"V2"}),
        (["ecr:ReplicateImage", "ecr:PutImage"], {"V2"}),
        ("s3:GetObject", set()),
        (["ecr:ReplicateImage", "iam:PassRole"], set()),
    ],
)
def test_a_registry_policy_takes_the_actions_of_its_scope(registry, actions, scopes):
    policy = text({**CREATE, "Action": actions})
    for scope in ("V1", "V2"):
        registry.call("PutAccountSetting", name="REGISTRY_POLICY_SCOPE", value=scope)
        if scope in scopes:
            registry.call("PutRegistryPolicy", policyText=policy)
            registry.call("DeleteRegistryPolicy")
            continue
        code, message = registry.refused("PutRegistryPolicy", policyText=policy)
        assert (code, "'Invalid registry policy provided'" in message) == ("InvalidParameterException", True)


def test_the_scope_does_not_go_back_under_a_policy_that_it_could_not_have(registry):
    assert registry.call("GetAccountSetting", name="REGISTRY_POLICY_SCOPE")["value"] == "V2"
    registry.call("PutRegistryPolicy", policyText=text({**CREATE, "Action": "ecr:*"}))
    code, _ = registry.refused("PutAccountSetting", name="REGISTRY_POLICY_SCOPE", value="V1")
    assert code == "InvalidParameterException"
    assert registry.call("GetAccountSetting", name="REGISTRY_POLICY_SCOPE")["value"] == "V2"


def test_the_registrys_policy_takes_part_in_decisions_under_v2(registry, admin):
    admin.push_image("v1")
    lab = registry.allow("lab", "ecr:BatchGetImage")
    denied = {"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage", "Resource": ARN}
    assert lab.get("manifests/v1").status == 200
    registry.call("PutRegistryPolicy", policyText=text(denied))
    assert lab.get("manifests/v1").status == 403
    assert registry.store.resource_policy(ARN).statements[0].effect.value == "Deny"
    # Beside the repository's own.
    registry.call("SetRepositoryPolicy", **APP, policyText=text(PULL))
    assert len(registry.store.resource_policy(ARN).statements) == 2
    assert lab.get("manifests/v1").status == 403
    registry.call("DeleteRegistryPolicy")
    assert lab.get("manifests/v1").status == 200


def test_the_registrys_policy_may_let_somebody_in(registry, admin):
    admin.push_image("v1")
    registry.people.policies["guest"] = allow("ecr:GetAuthorizationToken")
    guest = registry.client("guest")
    assert guest.get("manifests/v1").status == 403
    where = "arn:aws:ecr:us-east-1:111122223333:repository/lab/*"
    who = {"AWS": "arn:aws:iam::111122223333:user/guest"}
    registry.call("PutRegistryPolicy", policyText=text({**PULL, "Principal": who, "Resource": where}))
    assert guest.get("manifests/v1").status == 200
    registry.call("PutRegistryPolicy", policyText=text({**PULL, "Principal": who, "Resource": f"{where}/no"}))
    assert guest.get("manifests/v1").status == 403


# Encryption

KMS = {"encryptionType": "KMS"}
OWN = "arn:aws:kms:us-east-1:111122223333:key/own"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, {"encryptionType": "AES256"}),
        ({"encryptionType": "AES256"}, {"encryptionType": "AES256"}),
        (KMS, {**KMS, "kmsKey": OWN}),
        ({"encryptionType": "KMS_DSSE"}, {"encryptionType": "KMS_DSSE", "kmsKey": OWN}),
        ({**KMS, "kmsKey": "mine"}, {**KMS, "kmsKey": "arn:mine"}),
    ],
)
def test_a_repository_is_encrypted_with_a_key_that_is_there(registry, given, kept):
    more = {"encryptionConfiguration": given} if given else {}
    made = registry.call("CreateRepository", repositoryName="lab/kept", **more)["repository"]
    assert made["encryptionConfiguration"] == kept


def test_a_key_that_is_not_there_is_refused(registry):
    more = {"repositoryName": "lab/kept", "encryptionConfiguration": {**KMS, "kmsKey": "alias/none"}}
    assert registry.refused("CreateRepository", **more)[0] == "KmsException"
    more["encryptionConfiguration"] = {"encryptionType": "AES256", "kmsKey": "mine"}
    assert registry.refused("CreateRepository", **more)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("encryption", "status"), [({"encryptionType": "AES256"}, 201), (KMS, 202), ({**KMS, "kmsKey": "mine"}, 202)]
)
def test_a_layer_is_mounted_where_the_encryption_is_the_same(registry, admin, encryption, status):
    admin.push_image("v1")
    layer = admin.get("manifests/v1").json["layers"][0]["digest"]
    registry.call("CreateRepository", repositoryName="lab/other", encryptionConfiguration=encryption)
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    other = registry.client(repository="lab/other")
    assert other.post(f"blobs/uploads/?mount={layer}&from=lab/app").status == status
