"""The token endpoint, over HTTP, as an action asks it."""

import http.client
import json
import stat
from urllib.parse import urlsplit

import jwt
import pytest

from labs.errors import LabError
from labs.workflow import issuer
from labs.workflow.identity import ISSUER

OWNER = "https://github.com/octo-org"
CLAIMS = {"iss": ISSUER, "sub": "repo:o/r:pull_request", "ref": "refs/pull/7/merge"}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return issuer.signing_key(tmp_path_factory.mktemp("home"))


def ask(url, headers, method="GET"):
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.netloc, timeout=10)
    connection.request(method, f"{split.path}?{split.query}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body.startswith(b"{") else {}


def test_a_job_gets_a_signed_token_for_the_audience_it_asks_for(key):
    with issuer.Issuer(key, OWNER, clock=lambda: 1_000_000.0) as endpoint:
        shown = {"Authorization": f"Bearer {endpoint.grant('push', CLAIMS)}"}
        status, answer = ask(f"{endpoint.url}&audience=sts.amazonaws.com", shown)
        assert endpoint.subjects() == {"push": CLAIMS["sub"]}
    assert (status, answer["count"]) == (200, len(answer["value"]))
    head = jwt.get_unverified_header(answer["value"])
    assert (head["alg"], head["typ"], head["kid"]) == ("RS256", "JWT", key.id)
    public = jwt.PyJWK({**key.public, "alg": "RS256"}).key
    found = jwt.decode(
        answer["value"], public, algorithms=["RS256"], audience="sts.amazonaws.com", options={"verify_exp": False}
    )
    assert (found["nbf"], found["iat"], found["exp"]) == (999_400, 1_000_000, 1_000_300)
    assert {**found, **CLAIMS} == found
    assert found["jti"]


def test_without_an_audience_it_is_the_owners_address(key):
    with issuer.Issuer(key, OWNER) as endpoint:
        _, answer = ask(endpoint.url, {"Authorization": f"bearer {endpoint.grant('push', CLAIMS)}"})
    assert jwt.decode(answer["value"], options={"verify_signature": False})["aud"] == OWNER


def test_each_token_is_another_one(key):
    with issuer.Issuer(key, OWNER) as endpoint:
        shown = {"Authorization": f"Bearer {endpoint.grant('push', CLAIMS)}"}
        assert ask(endpoint.url, shown)[1]["value"] != ask(endpoint.url, shown)[1]["value"]


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {}", "Bearer {}x", "{}"])
def test_no_token_of_a_job_or_a_wrong_one_is_401_and_nothing_was_given(key, shown):
    with issuer.Issuer(key, OWNER) as endpoint:
        token = endpoint.grant("push", CLAIMS)
        status, answer = ask(endpoint.url, {"Authorization": shown.format(token)} if shown else {})
        assert endpoint.subjects() == {}
    assert (status, "value" in answer) == (401, False)


def test_two_jobs_have_tokens_of_their_own_and_claims_of_their_own(key):
    with issuer.Issuer(key, OWNER) as endpoint:
        tokens = {name: endpoint.grant(name, {**CLAIMS, "sub": f"repo:o/r:environment:{name}"}) for name in ("a", "b")}
        assert tokens["a"] != tokens["b"]
        _, answer = ask(endpoint.url, {"Authorization": f"Bearer {tokens['b']}"})
    assert jwt.decode(answer["value"], options={"verify_signature": False})["sub"] == "repo:o/r:environment:b"


def test_another_path_is_not_found_and_another_method_not_served(key):
    with issuer.Issuer(key, OWNER) as endpoint:
        shown = {"Authorization": f"Bearer {endpoint.grant('push', CLAIMS)}"}
        assert ask(endpoint.url.replace("idtoken", "other"), shown)[0] == 404
        assert ask(endpoint.url, shown, "POST")[0] == 501


def test_it_answers_for_the_time_of_the_run_only(key):
    with issuer.Issuer(key, OWNER) as endpoint:
        url = endpoint.url
    with pytest.raises(ConnectionRefusedError):
        ask(url, {})


def test_the_key_is_made_once_is_private_and_its_public_half_is_published(tmp_path):
    key = issuer.signing_key(tmp_path)
    assert issuer.signing_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "workflow" / "issuer-key.json").stat().st_mode) == 0o600
    issuer.publish(key, tmp_path / "cloud")
    file = tmp_path / "cloud" / "identity-providers" / "token.actions.githubusercontent.com.json"
    (entry,) = json.loads(file.read_text())["keys"]
    assert (entry["kid"], entry["kty"], entry["alg"], "d" in entry) == (key.id, "RSA", "RS256", False)
    assert key.pem not in repr(key)


def test_a_damaged_key_is_named_with_a_way_out(tmp_path):
    issuer.signing_key(tmp_path)
    (tmp_path / "workflow" / "issuer-key.json").write_text('{"id": "x"}')
    with pytest.raises(LabError, match="damaged") as told:
        issuer.signing_key(tmp_path)
    assert told.value.next_step.startswith("remove it")
