"""Whom resource policies name: who does not exist is refused, and who is made again is somebody else."""

import json

import pytest

from labs.cloud.apis import principal_names
from labs.iam import PolicyKind, parse_policy, unevaluated
from tests.cloud.lab_cloud import Keys, allow, deny, policy, refused, trusts

HERE = "111122223333"
# A principal, whether AWS would know it where no user and no role exists, and the type that a refusal writes.
PRINCIPALS = [
    ({"Service": "ecs-tasks.amazonaws.com"}, True, ""),
    ({"Service": "logs.eu-west-1.amazonaws.com"}, True, ""),
    ({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}, True, ""),
    ({"Service": "ecs-task.amazonaws.com"}, False, "SERVICE"),
    ({"Service": "ecs-tasks.amazonaws.co"}, False, "SERVICE"),
    ({"Service": "ecs-tasks"}, False, "SERVICE"),
    ({"Service": "logs.eu-wset-1.amazonaws.com"}, False, "SERVICE"),
    ({"Service": ["ec2.amazonaws.com", "lamda.amazonaws.com"]}, False, "SERVICE"),
    ("*", True, ""),
    ({"AWS": "*"}, True, ""),
    ({"AWS": HERE}, True, ""),
    ({"AWS": f"arn:aws:iam::{HERE}:root"}, True, ""),
    ({"AWS": "alice"}, False, "AWS"),
    ({"AWS": "11112222333"}, False, "AWS"),
    ({"AWS": f"arn:aws:iam::{HERE}:user/nobody"}, False, "AWS"),
    ({"AWS": f"arn:aws:iam::{HERE}:role/nobody"}, False, "AWS"),
    ({"AWS": f"arn:aws:sts::{HERE}:assumed-role/nobody/s"}, False, "AWS"),
    ({"AWS": f"arn:aws:iam::{HERE}:group/staff"}, False, "AWS"),
    ({"AWS": f"arn:aws:iam:us-east-1:{HERE}:root"}, False, "AWS"),
    ({"AWS": "AIDAEXAMPLEEXAMPLE"}, False, "AWS"),
    ({"Federated": f"arn:aws:iam::{HERE}:oidc-provider/idp.example.com"}, True, ""),
    ({"Federated": "cognito-identity.amazonaws.com"}, True, ""),
    ({"Federated": "idp.example.com"}, False, "FEDERATED"),
]


@pytest.fixture
def an_iam_without_anybody(monkeypatch):
    """An IAM store as it is in an account where nobody was made."""
    models = type("models", (), {"iam_backends": {}})
    monkeypatch.setattr("labs.cloud.store.principals._models", lambda: models)


@pytest.mark.unit
@pytest.mark.parametrize(("principal", "known", "kind"), PRINCIPALS, ids=lambda value: str(value)[:60])
def test_a_principal_must_be_one_that_aws_knows(an_iam_without_anybody, principal, known, kind):
    document = {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "ecr:*", "Resource": "*"}}
    found = principal_names.invalid(parse_policy(document, PolicyKind.RESOURCE))
    assert (found is None, found and found[0]) == (known, kind or None)


GITHUB = "token.actions.githubusercontent.com"
SUBJECT, WORKFLOW, AUDIENCE = f"{GITHUB}:sub", f"{GITHUB}:job_workflow_ref", f"{GITHUB}:aud"
# The provider, the condition, and whether IAM takes the role.
TRUSTS = [
    (GITHUB, {"StringEquals": {SUBJECT: "repo:octo/app:ref:refs/heads/main"}}, True),
    (GITHUB, {"StringLike": {SUBJECT: "repo:octo/*"}}, True),
    (GITHUB, {"StringLike": {SUBJECT.upper(): ["repo:octo/app:*", "repo:octo/lib:*"]}}, True),
    (GITHUB, {"ForAnyValue:StringLike": {SUBJECT: "repo:octo/app:*"}}, True),
    (GITHUB, {"StringLike": {WORKFLOW: "octo/build/.github/workflows/x.yml@*"}}, True),
    (GITHUB, {"StringEquals": {AUDIENCE: "sts.amazonaws.com"}, "StringLike": {SUBJECT: "repo:octo/*"}}, True),
    (GITHUB, {}, False),
    (GITHUB, {"StringEquals": {AUDIENCE: "sts.amazonaws.com"}}, False),
    (GITHUB, {"StringEquals": {f"{GITHUB}:repository": "octo/app"}}, False),
    (GITHUB, {"StringLike": {SUBJECT: "*"}}, False),
    (GITHUB, {"StringLike": {SUBJECT: ["*", "repo:octo/app:*"]}}, False),
    # Field-observed: it is no more than that. A check has to look further.
    (GITHUB, {"StringLike": {SUBJECT: "repo:*"}}, True),
    (GITHUB, {"StringLike": {SUBJECT: "repo:*/*"}}, True),
    (GITHUB, {"StringLike": {SUBJECT: ["repo:octo/app:*", "*"]}}, True),
    (GITHUB, {"StringEqualsIgnoreCase": {SUBJECT: "repo:octo/app:ref:refs/heads/main"}}, True),
    (GITHUB, {"StringNotEquals": {SUBJECT: "repo:evil/app"}}, False),
    (GITHUB, {"Null": {SUBJECT: "false"}}, False),
    ("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:octo/app:*"}}, True),
    ("gitlab.com", {"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}}, False),
    ("oidc.vercel.com", {"StringEquals": {"oidc.vercel.com:aud": "https://vercel.com/octo"}}, True),
    ("oidc.vercel.com", {"StringEquals": {"oidc.vercel.com:sub": "owner:octo"}}, False),
    ("idp.example.com", {}, True),
]


@pytest.mark.unit
@pytest.mark.parametrize(("url", "condition", "taken"), TRUSTS)
def test_a_shared_provider_is_trusted_for_somebody_in_particular(url, condition, taken):
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{HERE}:oidc-provider/{url}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        **({"Condition": condition} if condition else {}),
    }
    assert (unevaluated(parse_policy({"Statement": statement}, PolicyKind.TRUST)) is None) is taken


def test_a_role_for_a_shared_provider_must_say_whose_tokens_it_takes(cloud, name):
    provider = f"arn:aws:iam::{cloud.account}:oidc-provider/{GITHUB}"
    action = "sts:AssumeRoleWithWebIdentity"
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}
    iam = cloud.client("iam")
    code, message, status = refused(iam.create_role, RoleName=name, AssumeRolePolicyDocument=policy(statement))
    assert (code, status) == ("MalformedPolicyDocument", 400)
    assert message == (
        f"Trust policy with trusted principal {provider} must evaluate, using StringEquals, StringLike or "
        f"StringEqualsIgnoreCase, {SUBJECT} or {WORKFLOW} which is not scoped to all"
    )
    statement["Condition"] = {"StringLike": {SUBJECT: "repo:octo/app:*"}}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(statement))


def doors(cloud, name):
    """Each place that takes a policy with principals: (put it, read it back, AWS's refusal of an unknown AWS one)."""
    iam, s3, ecr = cloud.client("iam"), cloud.client("s3"), cloud.client("ecr")
    kms, secrets = cloud.client("kms"), cloud.client("secretsmanager")
    iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=policy(trusts({"AWS": cloud.account})))
    s3.create_bucket(Bucket=f"{name}-bucket")
    ecr.create_repository(repositoryName=name)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secrets.create_secret(Name=name, SecretString="x")
    root = allow("kms:*", Principal={"AWS": cloud.account})

    def statement(action, principal, resource="*"):
        return allow(action, resource, Principal=principal)

    return {
        "trust": (
            lambda who: iam.update_assume_role_policy(RoleName=f"{name}-role", PolicyDocument=policy(trusts(who))),
            lambda: json.dumps(iam.get_role(RoleName=f"{name}-role")["Role"]["AssumeRolePolicyDocument"]),
            ("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"{arn}"'),
        ),
        "repository": (
            lambda who: ecr.set_repository_policy(
                repositoryName=name,
                policyText=policy({"Effect": "Allow", "Principal": who, "Action": "ecr:ListImages"}),
            ),
            lambda: ecr.get_repository_policy(repositoryName=name)["policyText"],
            (
                "InvalidParameterException",
                "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
            ),
        ),
        "bucket": (
            lambda who: s3.put_bucket_policy(
                Bucket=f"{name}-bucket",
                Policy=policy(statement("s3:ListBucket", who, f"arn:aws:s3:::{name}-bucket")),
            ),
            lambda: s3.get_bucket_policy(Bucket=f"{name}-bucket")["Policy"],
            ("MalformedPolicy", "Invalid principal in policy"),
        ),
        "key": (
            lambda who: kms.put_key_policy(
                KeyId=key, PolicyName="default", Policy=policy(root, statement("kms:*", who))
            ),
            lambda: kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
            (
                "MalformedPolicyDocumentException",
                "Policy contains a statement with one or more invalid principals.",
            ),
        ),
        "secret": (
            lambda who: secrets.put_resource_policy(
                SecretId=name, ResourcePolicy=policy(statement("secretsmanager:GetSecretValue", who))
            ),
            lambda: secrets.get_resource_policy(SecretId=name)["ResourcePolicy"],
            ("MalformedPolicyDocumentException", "This resource policy contains an unsupported principal."),
        ),
    }


def test_a_principal_that_does_not_exist_is_refused_in_awss_words(cloud, name):
    arn = f"arn:aws:iam::{cloud.account}:user/{name}-nobody"
    for what, (put, _, (code, words)) in doors(cloud, name).items():
        found = refused(put, who={"AWS": arn})
        assert found[:2] == (code, words.format(arn=arn)), what
        assert refused(put, who={"Service": "ecs-task.amazonaws.com"})[0] == code, what


def test_who_is_made_again_under_a_name_is_not_trusted_again(cloud, name):
    iam = cloud.client("iam")
    user = iam.create_user(UserName=name)["User"]
    held = doors(cloud, name)
    for put, read, _ in held.values():
        put(who={"AWS": user["Arn"]})
        assert user["Arn"] in read()
    keys = key_of(iam, name)
    for call in uses(cloud, name, keys).values():
        call()
    iam.delete_access_key(UserName=name, AccessKeyId=keys.access_key_id)
    iam.delete_user(UserName=name)
    for what, (_, read, _) in held.items():
        assert user["UserId"] in read(), what
        assert user["Arn"] not in read(), what
    again = iam.create_user(UserName=name)["User"]
    assert again["Arn"] == user["Arn"]
    for what, call in uses(cloud, name, key_of(iam, name)).items():
        assert refused(call)[0] in ("AccessDenied", "AccessDeniedException"), what
    for what, (put, read, _) in held.items():
        # A policy that still holds the old id is refused; saved anew, it means who has the name now.
        assert refused(put, who={"AWS": user["UserId"]}), what
        put(who={"AWS": user["Arn"]})
        assert user["Arn"] in read(), what
    for call in uses(cloud, name, key_of(iam, name)).values():
        call()


def key_of(iam, name):
    """A new access key of a user."""
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def uses(cloud, name, keys):
    """What the policies of ``doors`` allow a user who has no policy of its own."""
    role = f"arn:aws:iam::{cloud.account}:role/{name}-role"
    return {
        "trust": lambda: cloud.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="lab"),
        "repository": lambda: cloud.client("ecr", keys).list_images(repositoryName=name),
        "bucket": lambda: cloud.client("s3", keys).list_objects_v2(Bucket=f"{name}-bucket"),
        "secret": lambda: cloud.client("secretsmanager", keys).get_secret_value(SecretId=name),
    }


def test_a_policy_keeps_whom_it_names_over_a_restart(start, name):
    cloud = start()
    iam = cloud.client("iam")
    user = iam.create_user(UserName=name)["User"]
    held = doors(cloud, name)
    for put, _, _ in held.values():
        put(who={"AWS": user["Arn"]})
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name)
    cloud.close()
    again = start(state=cloud.state)
    keys = key_of(again.client("iam"), name)
    for what, call in uses(again, name, keys).items():
        assert refused(call)[0] in ("AccessDenied", "AccessDeniedException"), what


def test_a_deny_goes_on_for_whoever_is_left(cloud, name):
    keys = cloud.user(name, allow("s3:*"))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=f"{name}-b")
    arn = f"arn:aws:iam::{cloud.account}:user/{name}"
    bucket = f"arn:aws:s3:::{name}-b"
    s3.put_bucket_policy(Bucket=f"{name}-b", Policy=policy(deny("s3:ListBucket", bucket, Principal={"AWS": arn})))
    assert refused(cloud.client("s3", keys).list_objects_v2, Bucket=f"{name}-b")[0] == "AccessDenied"
    s3.list_objects_v2(Bucket=f"{name}-b")
