"""AssumeRoleWithWebIdentity: a token of a registered provider, verified, judged by the role's trust policy.

STS API reference, AssumeRoleWithWebIdentity; IAM user guide, "Available keys for AWS OIDC federation".
"""

import base64
import hashlib
import hmac
import json
import threading
import time

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from labs.cloud.apis import provider_keys
from labs.cloud.contract import AwsError
from tests.cloud.apis.identity_provider import AUDIENCE, Provider, serving, without_signature
from tests.cloud.lab_cloud import Keys, allow, policy, refused

GITHUB = "token.actions.githubusercontent.com"
MAIN = "repo:octo-org/octo-repo:ref:refs/heads/main"


@pytest.fixture(scope="module")
def github(cloud):
    """GitHub's provider, registered, its keys known without a network."""
    provider = Provider(f"https://{GITHUB}")
    provider.publish(cloud.state)
    register(cloud, provider)
    return provider


def register(cloud, provider, clients=(AUDIENCE,), thumbprint="f" * 40):
    return cloud.client("iam").create_open_id_connect_provider(
        Url=provider.issuer, ClientIDList=list(clients), ThumbprintList=[thumbprint]
    )["OpenIDConnectProviderArn"]


def trust(cloud, provider, condition=None, action="sts:AssumeRoleWithWebIdentity", **more):
    arn = f"arn:aws:iam::{cloud.account}:oidc-provider/{provider.url}"
    # A role for a provider that many share must say whose subjects it takes.
    wanted = {"StringLike": {f"{provider.url}:sub": "repo:octo-org/octo-repo:*"}}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": arn},
        "Action": action,
        "Condition": condition or wanted,
        **more,
    }


def pipeline(cloud, name, provider, *statements, condition=None, **more):
    """A role that trusts the provider's tokens for STS whose subject is the main branch."""
    wanted = {"StringEquals": {f"{provider.url}:aud": AUDIENCE, f"{provider.url}:sub": MAIN}}
    return cloud.role(name, trust(cloud, provider, condition or wanted, **more), *statements)


def unsigned(cloud):
    """STS as a pipeline calls it: without any key."""
    return boto3.client(
        "sts",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}, parameter_validation=False),
    )


def assume(cloud, role, token, **more):
    return unsigned(cloud).assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="run-1", WebIdentityToken=token, **more
    )


def refusal(cloud, role, token, **more):
    return refused(assume, cloud=cloud, role=role, token=token, **more)


def test_a_trusted_token_gives_a_session_of_the_role(cloud, name, github):
    role = pipeline(cloud, name, github, allow("ecr:GetAuthorizationToken"))
    got = assume(cloud, role, github.token())
    assert got["SubjectFromWebIdentityToken"] == MAIN
    assert got["Audience"] == AUDIENCE
    assert got["Provider"] == f"arn:aws:iam::{cloud.account}:oidc-provider/{GITHUB}"
    arn = f"arn:aws:sts::{cloud.account}:assumed-role/{name}/run-1"
    assert got["AssumedRoleUser"]["Arn"] == arn
    keys = keys_of(got)
    assert cloud.client("sts", keys).get_caller_identity()["Arn"] == arn
    cloud.client("ecr", keys).get_authorization_token()
    assert refused(cloud.client("ecs", keys).list_clusters)[0] == "AccessDeniedException"


def keys_of(got):
    found = got["Credentials"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:octo-org/octo-repo:pull_request"},
        {"sub": "repo:octo-org@123456/octo-repo@789012:ref:refs/heads/main"},
        {"sub": "repo:evil/octo-repo:ref:refs/heads/main"},
    ],
    ids=["pull request", "immutable subject", "another owner"],
)
def test_a_subject_that_the_trust_policy_does_not_name_is_refused_in_awss_words(cloud, name, github, claims):
    role = pipeline(cloud, name, github)
    assert refusal(cloud, role, github.token(**claims)) == (
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        403,
    )


def test_a_role_that_does_not_exist_or_trusts_somebody_else_is_refused_alike(cloud, name, github):
    other = cloud.role(name, {"Effect": "Allow", "Principal": {"AWS": cloud.account}, "Action": "sts:AssumeRole"})
    for role in (other, f"arn:aws:iam::{cloud.account}:role/no-such-role"):
        code, words, status = refusal(cloud, role, github.token())
        assert (code, status) == ("AccessDenied", 403)
        assert words == "Not authorized to perform sts:AssumeRoleWithWebIdentity"


def test_a_wildcard_subject_lets_every_branch_in(cloud, name, github):
    condition = {"StringLike": {f"{GITHUB}:sub": "repo:octo-org/octo-repo:*"}}
    role = pipeline(cloud, name, github, condition=condition)
    assume(cloud, role, github.token(sub="repo:octo-org/octo-repo:environment:production"))
    assert refusal(cloud, role, github.token(sub="repo:octo-org/other:ref:refs/heads/main"))[0] == "AccessDenied"


def test_githubs_own_claims_are_condition_keys(cloud, name, github):
    claims = {"repository_id": "789012", "repository_owner_id": "345678", "ref": "refs/heads/main", "actor_id": "12"}
    claims["job_workflow_ref"] = "octo-org/build/.github/workflows/push.yml@refs/heads/main"
    condition = {"StringEquals": {f"{GITHUB}:{claim}": value for claim, value in claims.items()}}
    role = pipeline(cloud, name, github, condition=condition)
    assume(cloud, role, github.token(**claims))
    for claim in claims:
        assert refusal(cloud, role, github.token(**{**claims, claim: "1"}))[0] == "AccessDenied"


def test_an_audience_that_the_provider_is_not_registered_for_is_refused(cloud, name, github):
    role = pipeline(cloud, name, github)
    expected = ("InvalidIdentityToken", "Incorrect token audience", 400)
    assert refusal(cloud, role, github.token(aud="https://github.com/octo-org")) == expected
    assert refusal(cloud, role, github.token(aud=None)) == expected


def test_an_expired_token_is_refused_with_both_times(cloud, name, github):
    role, then = pipeline(cloud, name, github), int(time.time()) - 60
    code, words, status = refusal(cloud, role, github.token(exp=then))
    assert (code, status) == ("ExpiredTokenException", 400)
    assert words.startswith("Token expired: current date/time ")
    assert words.endswith(f" must be before the expiration date/time {then}")


def test_a_token_from_the_future_is_refused(cloud, name, github):
    role = pipeline(cloud, name, github)
    later = int(time.time()) + 3_600
    assert refusal(cloud, role, github.token(iat=later, exp=later + 60))[0] == "InvalidIdentityToken"
    assert refusal(cloud, role, github.token(nbf=later))[0] == "InvalidIdentityToken"


def test_only_a_signature_by_the_providers_key_counts(cloud, name, github):
    role, good = pipeline(cloud, name, github), github.token()
    stranger = Provider(f"https://{GITHUB}")
    head, _, signature = good.split(".")
    spoiled = {
        "another key": github.token(key=stranger.key),
        "another key under another id": github.token(key=stranger.key, headers={"kid": "other"}),
        "no signature": without_signature(good),
        "a changed claim": f"{head}.{stranger.token(sub=MAIN, x=1).split('.')[1]}.{signature}",
    }
    for why, token in spoiled.items():
        code, _, status = refusal(cloud, role, token)
        assert (code, status) == ("InvalidIdentityToken", 400), why
    assume(cloud, role, good)


def test_the_providers_public_key_is_no_shared_secret(cloud, name, github):
    """The old attack: HS256 with the published key as the secret."""
    role = pipeline(cloud, name, github)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": github.kid}).encode()).rstrip(b"=")
    signed = head + b"." + github.token().split(".")[1].encode()
    secret = json.dumps(github.key_set["keys"][0]).encode()
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    assert refusal(cloud, role, (signed + b"." + mac).decode())[0] == "InvalidIdentityToken"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "....", "e30.e30.e30", "\x00\x01\x02\x03"])
def test_what_is_no_token_is_refused_as_such(cloud, name, github, token):
    code, words, status = refusal(cloud, pipeline(cloud, name, github), token)
    assert (code, status) == ("InvalidIdentityToken", 400)
    assert words == "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"


def test_a_provider_that_is_not_registered_is_named(cloud, name, github):
    stranger = Provider("https://issuer.example.com/t")
    stranger.publish(cloud.state)
    assert refusal(cloud, pipeline(cloud, name, github), stranger.token()) == (
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://issuer.example.com/t",
        400,
    )


def test_a_provider_that_cannot_be_reached_is_refused_in_awss_words(cloud, name):
    gone = Provider("https://127.0.0.1:1/gone")
    register(cloud, gone)
    code, words, status = refusal(cloud, pipeline(cloud, name, gone), gone.token())
    assert (code, status) == ("InvalidIdentityToken", 400)
    assert words == (
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
        "documentation for requirements"
    )


def test_keys_are_asked_of_the_provider_over_https(cloud, name, tmp_path):
    with serving(tmp_path) as (provider, thumbprint):
        register(cloud, provider, thumbprint=thumbprint.upper())
        role = pipeline(cloud, name, provider)
        assert assume(cloud, role, provider.token())["Audience"] == AUDIENCE
        code, _, _ = refusal(cloud, role, provider.token(key=Provider(provider.issuer).key))
        assert code == "InvalidIdentityToken"


def test_a_certificate_that_the_thumbprint_does_not_fit_is_refused(cloud, name, tmp_path):
    with serving(tmp_path) as (provider, _):
        register(cloud, provider)
        assert refusal(cloud, pipeline(cloud, name, provider), provider.token()) == (
            "InvalidIdentityToken",
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            400,
        )


def test_a_provider_that_never_ends_its_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(provider_keys, "_SECONDS", 0.5)
    done = threading.Event()
    try:
        with serving(tmp_path, drip=done) as (provider, thumbprint):
            with pytest.raises(AwsError) as refusal:
                provider_keys.ProviderKeys(tmp_path).find(provider.issuer, [thumbprint])
            done.set()
    finally:
        done.set()
    assert refusal.value.code == "InvalidIdentityToken"


def _moved(path):
    """What stood there is a redirect to where the same document stands."""

    def change(documents, provider):
        documents["/moved"] = documents[path]
        documents[path] = f"{provider.issuer.removesuffix('/tenant')}/moved"

    return change


def _padded(documents, _):
    documents["/tenant/keys"] = {**documents["/tenant/keys"], "padding": "x" * 256 * 1024}


def _keys_at(address):
    def change(documents, provider):
        configuration = documents["/tenant/.well-known/openid-configuration"]
        configuration["jwks_uri"] = address(provider)

    return change


OUTWARDS = {
    "a redirect of the configuration": _moved("/tenant/.well-known/openid-configuration"),
    "a redirect of the keys": _moved("/tenant/keys"),
    "keys of more than 256 KiB": _padded,
    "keys over plain HTTP": _keys_at(lambda provider: provider.issuer.replace("https:", "http:") + "/keys"),
    "keys in a file": _keys_at(lambda _: "file:///etc/passwd"),
}


@pytest.mark.parametrize("change", OUTWARDS.values(), ids=OUTWARDS)
def test_the_call_outwards_follows_no_redirect_and_takes_nothing_large_or_open(tmp_path, change):
    with serving(tmp_path, change=change) as (provider, thumbprint), pytest.raises(AwsError) as refusal:
        provider_keys.ProviderKeys(tmp_path / "none").find(provider.issuer, [thumbprint])
    assert refusal.value.code == "InvalidIdentityToken"
    with serving(tmp_path) as (provider, thumbprint):
        assert provider_keys.ProviderKeys(tmp_path / "none").find(provider.issuer, [thumbprint])


def test_the_keys_of_a_provider_are_asked_for_once_in_five_minutes(tmp_path):
    now = [0.0]
    keys = provider_keys.ProviderKeys(tmp_path, lambda: now[0])
    with serving(tmp_path) as (provider, thumbprint):
        first = keys.find(provider.issuer, [thumbprint])
    assert keys.find(provider.issuer, [thumbprint]) == first
    now[0] = 301.0
    with pytest.raises(AwsError):
        keys.find(provider.issuer, [thumbprint])


def test_elliptic_curve_keys_are_good(cloud, name):
    provider = Provider("https://ec.example.com", algorithm="ES256")
    provider.publish(cloud.state)
    register(cloud, provider)
    assume(cloud, pipeline(cloud, name, provider), provider.token())


def test_azp_is_the_audience_where_there_is_one(cloud, name):
    provider = Provider("https://azp.example.com")
    provider.publish(cloud.state)
    register(cloud, provider, clients=["client-1"])
    condition = {"StringEquals": {"azp.example.com:aud": "client-1", "azp.example.com:oaud": "api"}}
    role = pipeline(cloud, name, provider, condition=condition)
    assert assume(cloud, role, provider.token(aud="api", azp="client-1"))["Audience"] == "client-1"
    assert refusal(cloud, role, provider.token(aud="client-1", azp="other"))[1] == "Incorrect token audience"


def test_session_tags_of_the_token_need_the_trust_policys_leave(cloud, name, github):
    wanted = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}}
    role = pipeline(
        cloud, name, github, allow("ecs:ListClusters", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    )
    assert refusal(cloud, role, github.token(**wanted))[1] == "Not authorized to perform sts:TagSession"
    both = trust(cloud, github, action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"])
    cloud.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=policy(both))
    cloud.client("ecs", keys_of(assume(cloud, role, github.token(**wanted)))).list_clusters()
    refused(cloud.client("ecs", keys_of(assume(cloud, role, github.token()))).list_clusters)


def test_the_session_keeps_the_subject_as_a_condition_key(cloud, name, github):
    condition = {"StringLike": {f"{GITHUB}:sub": "*:ref:refs/heads/main"}}
    role = cloud.role(name, trust(cloud, github), allow("ecs:ListClusters", Condition=condition))
    cloud.client("ecs", keys_of(assume(cloud, role, github.token()))).list_clusters()
    pull = assume(cloud, role, github.token(sub="repo:octo-org/octo-repo:pull_request"))
    refused(cloud.client("ecs", keys_of(pull)).list_clusters)


def test_a_session_policy_narrows(cloud, name, github):
    role = pipeline(cloud, name, github, allow("ecs:*"))
    narrow = keys_of(assume(cloud, role, github.token(), Policy=policy(allow("ecs:ListServices"))))
    refused(cloud.client("ecs", narrow).list_clusters)


def test_the_trail_names_the_subject_and_never_the_token(cloud, name, github):
    role, token = pipeline(cloud, name, github), github.token()
    assume(cloud, role, token)
    refusal(cloud, role, github.token(sub="repo:octo-org/octo-repo:pull_request"))
    found = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRoleWithWebIdentity"}]
    )["Events"]
    records = [json.loads(event["CloudTrailEvent"]) for event in found]
    mine = [record for record in records if record["requestParameters"]["roleArn"] == role]
    provider = f"arn:aws:iam::{cloud.account}:oidc-provider/{GITHUB}"
    assert [record.get("errorCode") for record in mine] == ["AccessDenied", None]
    assert mine[1]["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:{AUDIENCE}:{MAIN}",
        "userName": MAIN,
        "identityProvider": provider,
    }
    assert token not in json.dumps(records)


def test_a_damaged_key_file_is_as_good_as_none(start, tmp_path):
    own = start()
    provider = Provider("https://damaged.example.com")
    provider.publish(own.state)
    next((own.state / "identity-providers").iterdir()).write_text("{")
    register(own, provider)
    assert refusal(own, pipeline(own, "r", provider), provider.token())[0] == "InvalidIdentityToken"
