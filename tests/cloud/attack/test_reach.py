"""Reaching for what is another's: repositories, uploads, files beside the state, expired and replayed requests."""

import base64
import json
import os
import time

import pytest

from labs import oci
from tests.cloud.lab_cloud import Keys, allow, refused, trusts


class Docker:
    """The registry as one principal's client sees it."""

    def __init__(self, cloud, keys=None):
        answer = cloud.client("ecr", keys).get_authorization_token()
        self.token = answer["authorizationData"][0]["authorizationToken"]
        self.cloud = cloud

    def ask(self, method, path, body=b"", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.cloud.raw(method, path, body, {"Authorization": f"Basic {self.token}", **headers})

    def push(self, repository, data):
        """Upload one layer; its digest."""
        _, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        digest = oci.sha256(data)
        assert self.ask("PUT", f"{headers['location']}?digest={digest}", data)[0] == 201
        return digest


@pytest.fixture
def two(cloud, name):
    """Repositories mine-N and yours-N, and a user who may do everything with the first."""
    for whose in ("mine", "yours"):
        cloud.client("ecr").create_repository(repositoryName=f"{whose}-{name}")
    mine = f"arn:aws:ecr:{cloud.region}:{cloud.account}:repository/mine-{name}"
    keys = cloud.user(f"user-{name}", allow("ecr:*", mine), allow("ecr:GetAuthorizationToken"))
    return Docker(cloud), Docker(cloud, keys), f"mine-{name}", f"yours-{name}"


def test_a_layer_of_another_repository_is_not_reached_through_ones_own(two):
    """The content is stored once; who may not read it there cannot read it here."""
    admin, user, mine, yours = two
    digest = admin.push(yours, b"a secret layer of yours")
    assert user.ask("GET", f"/v2/{yours}/blobs/{digest}")[0] == 403
    assert user.ask("GET", f"/v2/{mine}/blobs/{digest}")[0] == 404
    assert user.ask("HEAD", f"/v2/{mine}/blobs/{digest}")[0] == 404
    status, headers, _ = user.ask("POST", f"/v2/{mine}/blobs/uploads/?mount={digest}&from={yours}")
    assert status == 202
    assert user.ask("HEAD", f"/v2/{mine}/blobs/{digest}")[0] == 404
    assert user.ask("PUT", f"{headers['location']}?digest={digest}", b"")[0] == 400
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": oci.OCI_MANIFEST,
            "config": {"mediaType": oci.OCI_CONFIG, "digest": digest, "size": 23},
            "layers": [],
        }
    ).encode()
    status, _, body = user.ask("PUT", f"/v2/{mine}/manifests/v1", manifest, Content_Type=oci.OCI_MANIFEST)
    assert (status, b"a secret layer" in body) == (400, False)
    assert user.ask("GET", f"/v2/{mine}/blobs/{digest}")[0] == 404


def test_an_upload_of_another_repository_cannot_be_seen_continued_or_cancelled(two):
    admin, user, mine, yours = two
    _, headers, _ = admin.ask("POST", f"/v2/{yours}/blobs/uploads/")
    upload = headers["location"].rpartition("/")[2]
    for method in ("GET", "PATCH", "DELETE"):
        assert user.ask(method, f"/v2/{yours}/blobs/uploads/{upload}", b"")[0] == 403
        assert user.ask(method, f"/v2/{mine}/blobs/uploads/{upload}", b"")[0] == 404
    assert user.ask("PUT", f"/v2/{mine}/blobs/uploads/{upload}?digest={oci.sha256(b'')}", b"")[0] == 404
    assert admin.ask("GET", f"/v2/{yours}/blobs/uploads/{upload}")[0] == 204


def test_a_download_url_opens_its_layer_and_no_other_and_ends(cloud, two):
    admin, _, mine, yours = two
    digest, other = admin.push(mine, b"layer"), admin.push(yours, b"other")
    for repository, layer in ((mine, digest), (yours, other)):  # ECR offers a layer once an image has it
        part = {"mediaType": oci.OCI_LAYER, "digest": layer, "size": 5}
        image = {"schemaVersion": 2, "mediaType": oci.OCI_MANIFEST, "config": part, "layers": [part]}
        path = f"/v2/{repository}/manifests/v1"
        assert admin.ask("PUT", path, json.dumps(image).encode(), Content_Type=oci.OCI_MANIFEST)[0] == 201
    url = cloud.client("ecr").get_download_url_for_layer(repositoryName=mine, layerDigest=digest)["downloadUrl"]
    path = url.removeprefix(cloud.endpoint)
    assert cloud.raw("GET", path)[2] == b"layer"
    for changed in (
        path.replace(digest, other),
        path.replace(mine, yours),
        path.replace(digest, other).replace(mine, yours),
        path.replace("X-Amz-Expires=", "X-Amz-Expires=9"),
        path.split("?")[0],
    ):
        status, _, body = cloud.raw("GET", changed)
        assert (status, b"other" in body) == (403, False)


@pytest.mark.parametrize("account", ["444455556666", "", "../111122223333", "1" * 13])
def test_another_accounts_registry_is_not_this_one(cloud, two, account):
    code, _, status = refused(cloud.client("ecr").describe_images, registryId=account, repositoryName=two[2])
    assert status == 400
    assert code in ("RepositoryNotFoundException", "InvalidParameterException", "AccessDeniedException")


def test_a_token_ends_with_its_user_and_is_good_for_nothing_changed(cloud, two, name):
    _, user, mine, _ = two
    plain = base64.b64decode(user.token).decode()
    assert user.ask("GET", "/v2/")[0] == 200
    for changed in (plain[:-1], plain + "x", plain.replace("AWS:", "aws:"), plain.replace("AWS:", ":"), plain.upper()):
        token = base64.b64encode(changed.encode()).decode()
        assert cloud.raw("GET", "/v2/", headers={"Authorization": f"Basic {token}"})[0] == 401
    iam = cloud.client("iam")
    iam.delete_user_policy(UserName=f"user-{name}", PolicyName="own")
    assert user.ask("GET", f"/v2/{mine}/tags/list")[0] == 403
    for key in iam.list_access_keys(UserName=f"user-{name}")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=f"user-{name}", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=f"user-{name}")
    assert user.ask("GET", f"/v2/{mine}/tags/list")[0] in (401, 403)


def test_a_presigned_url_ends(cloud, name):
    s3 = cloud.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket=f"ends-{name}")
    s3.put_object(Bucket=f"ends-{name}", Key="k", Body=b"text")
    url = s3.generate_presigned_url("get_object", {"Bucket": f"ends-{name}", "Key": "k"}, ExpiresIn=1)
    deadline = time.monotonic() + 60
    while (answer := cloud.raw("GET", url.removeprefix(cloud.endpoint)))[0] == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (answer[0], b"Request has expired" in answer[2]) == (403, True)
    assert b"text" not in answer[2]


def test_a_signature_is_good_for_its_own_request_only(cloud, name):
    """Replayed on another path, host, method, body or service it opens nothing; on its own it is the same request."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"Action=GetUser&Version=2010-05-08"
    headers = cloud.sign("iam", "POST", "/", body, form)
    assert cloud.raw("POST", "/", body, headers)[0] == 200
    other = f"Action=CreateUser&Version=2010-05-08&UserName={name}".encode()
    assert cloud.raw("POST", "/", other, headers)[0] == 403
    assert cloud.raw("POST", "/?Action=CreateUser", body, headers)[0] == 403
    assert cloud.raw("GET", "/", body, headers)[0] == 403
    assert cloud.raw("POST", "/x", body, headers)[0] == 403
    assert cloud.raw("POST", "/", body, {**headers, "Host": "elsewhere"})[0] == 403
    moved = headers["Authorization"].replace("/iam/", "/sts/")
    assert cloud.raw("POST", "/", body, {**headers, "Authorization": moved})[0] == 403
    bare = headers["Authorization"].replace("host;", "")
    assert cloud.raw("POST", "/", body, {**headers, "Authorization": bare})[0] in (400, 403)


def test_a_session_of_another_role_lends_nothing(cloud, name):
    one = cloud.assume(cloud.role(f"one-{name}", trusts({"AWS": cloud.account})))
    other = cloud.assume(cloud.role(f"other-{name}", trusts({"AWS": cloud.account}), allow("*")))
    assert refused(cloud.client("iam", one).list_users)[0] == "AccessDenied"
    for mixed in (Keys(one.access_key_id, one.secret, other.token), Keys(other.access_key_id, one.secret, other.token)):
        assert refused(cloud.client("iam", mixed).list_users)[0] in ("InvalidClientTokenId", "SignatureDoesNotMatch")


@pytest.mark.parametrize("what", ["blob", "upload", "folder"])
def test_a_link_planted_in_the_registrys_folder_is_not_followed(start, tmp_path, what):
    """Whoever may write there could do worse; a copied or repaired state must still not leak or overwrite."""
    outside = tmp_path / "outside"
    outside.write_text("a file of the user's")
    cloud = start()
    cloud.client("ecr").create_repository(repositoryName="lab/app")
    docker = Docker(cloud)
    digest = docker.push("lab/app", b"layer")
    if what == "upload":
        _, headers, _ = docker.ask("POST", "/v2/lab/app/blobs/uploads/")
        planted = next(cloud.state.rglob(headers["location"].rpartition("/")[2]))
    else:
        planted = next(cloud.state.rglob(digest.partition(":")[2]))
    if what == "folder":
        place = planted.parent
        place.rename(tmp_path / "moved")
        place.symlink_to(tmp_path / "moved")
        (tmp_path / "moved" / planted.name).unlink()
        os.link(outside, tmp_path / "moved" / planted.name)
    else:
        planted.unlink()
        planted.symlink_to(outside)
    if what == "upload":
        assert docker.ask("PATCH", headers["location"], b"overwritten")[0] >= 400
    else:
        status, _, body = docker.ask("GET", f"/v2/lab/app/blobs/{digest}")
        assert b"a file of the user's" not in body or status >= 400
    assert outside.read_text() == "a file of the user's"
    assert cloud.raw("GET", "/v2/")[0] == 401
