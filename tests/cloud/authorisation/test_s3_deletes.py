"""DeleteObjects: each key is decided, deleted and answered for by itself, and nothing else is deleted."""

import base64
import hashlib
import json

import pytest

from labs.cloud.authorisation.s3_deletes import Named, read
from labs.cloud.contract import AwsError
from tests.cloud.lab_cloud import refused

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def statement(effect, action, resource, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def bucket(cloud, name):
    s3, made = cloud.client("s3"), f"{name}-bucket"
    s3.create_bucket(Bucket=made)
    return made


def put(cloud, bucket, *keys):
    for key in keys:
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")


def kept(cloud, bucket):
    return [each["Key"] for each in cloud.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def delete(s3, bucket, *keys, **more):
    objects = [key if isinstance(key, dict) else {"Key": key} for key in keys]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, **more})
    return (
        [each["Key"] for each in answer.get("Deleted", [])],
        [(each["Key"], each["Code"], each["Message"]) for each in answer.get("Errors", [])],
    )


def raw(cloud, bucket, body, keys=None, **headers):
    headers = {"Content-MD5": md5(body)} | headers if "without" not in headers else {}
    return cloud.signed("s3", "POST", f"/{bucket}?delete=", body.encode(), headers, keys)


def md5(body):
    return base64.b64encode(hashlib.md5(body.encode()).digest()).decode()


OPEN, SECRET = "<Object><Key>open</Key></Object>", "<Object><Key>secret/a</Key></Object>"
DENIED = ("AccessDenied", "Access Denied")


def test_what_may_go_goes_and_what_may_not_is_named(cloud, name, bucket):
    put(cloud, bucket, "open/a", "secret/b", "open/c")
    mine = cloud.client("s3", cloud.user(name, statement("Allow", "s3:DeleteObject", f"arn:aws:s3:::{bucket}/open/*")))
    assert delete(mine, bucket, "open/a", "secret/b", "open/c") == (["open/a", "open/c"], [("secret/b", *DENIED)])
    assert kept(cloud, bucket) == ["secret/b"]


def test_quiet_names_failures_only(cloud, name, bucket):
    put(cloud, bucket, "open/a", "secret/b")
    mine = cloud.client("s3", cloud.user(name, statement("Allow", "s3:DeleteObject", f"arn:aws:s3:::{bucket}/open/*")))
    assert delete(mine, bucket, "open/a", "secret/b", Quiet=True) == ([], [("secret/b", *DENIED)])
    assert kept(cloud, bucket) == ["secret/b"]
    assert delete(cloud.client("s3"), bucket, "secret/b", Quiet=True) == ([], [])
    assert kept(cloud, bucket) == []


def test_who_may_delete_nothing_is_answered_with_errors_and_not_refused(cloud, name, bucket):
    put(cloud, bucket, "a", "b")
    mine = cloud.client("s3", cloud.user(name, statement("Allow", "s3:ListBucket", "*")))
    assert delete(mine, bucket, "a", "b") == ([], [("a", *DENIED), ("b", *DENIED)])
    assert kept(cloud, bucket) == ["a", "b"]


@pytest.mark.parametrize("who", ["ana", "bob"])
def test_a_deny_of_the_bucket_policy_keeps_its_keys_from_whom_it_names(cloud, name, bucket, who):
    put(cloud, bucket, "open/a", "secret/b")
    users = {each: cloud.user(f"{name}-{each}", statement("Allow", "s3:*", "*")) for each in ("ana", "bob")}
    ana = {"AWS": f"arn:aws:iam::{cloud.account}:user/{name}-ana"}
    deny = statement("Deny", "s3:DeleteObject", f"arn:aws:s3:::{bucket}/secret/*", Principal=ana)
    cloud.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(deny))
    gone, errors = delete(cloud.client("s3", users[who]), bucket, "open/a", "secret/b")
    stays = who == "ana"
    assert (gone, errors) == (["open/a"], [("secret/b", *DENIED)]) if stays else (["open/a", "secret/b"], [])
    assert kept(cloud, bucket) == (["secret/b"] if stays else [])


def test_a_key_that_is_not_there_counts_as_deleted_and_the_order_is_kept(cloud, bucket):
    put(cloud, bucket, "a")
    assert delete(cloud.client("s3"), bucket, "z", "a", "m") == (["z", "a", "m"], [])


@pytest.mark.parametrize(
    "key", ["a b", " a ", "ü/%2F", "a&b<c>\"d'", "a+b", "日本/é", "a%20b", "..", "a//b", "\u202ea"]
)
def test_keys_of_every_shape_come_back_as_they_were_asked_for(cloud, name, bucket, key):
    put(cloud, bucket, key)
    nobody = cloud.client("s3", cloud.user(name, statement("Allow", "s3:ListBucket", "*")))
    assert delete(nobody, bucket, key) == ([], [(key, *DENIED)])
    assert delete(cloud.client("s3"), bucket, key) == ([key], [])
    assert kept(cloud, bucket) == []


def versioned(cloud, bucket):
    cloud.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return [cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=body)["VersionId"] for body in (b"1", b"2")]


def test_a_version_needs_its_own_action_and_only_it_goes(cloud, name, bucket):
    first, second = versioned(cloud, bucket)
    objects = f"arn:aws:s3:::{bucket}/*"
    plain = cloud.client("s3", cloud.user(f"{name}-plain", statement("Allow", "s3:DeleteObject", objects)))
    answer = plain.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a", "VersionId": first}]})
    denied = {"Key": "a", "VersionId": first, "Code": "AccessDenied", "Message": "Access Denied"}
    assert answer["Errors"] == [denied]
    allowed = statement("Allow", "s3:DeleteObjectVersion", objects, Condition={"StringEquals": {"s3:versionid": first}})
    mine = cloud.client("s3", cloud.user(f"{name}-versions", allowed))
    asked = [{"Key": "a", "VersionId": each} for each in (first, second)]
    answer = mine.delete_objects(Bucket=bucket, Delete={"Objects": asked})
    assert [each["VersionId"] for each in answer["Deleted"]] == [first]
    assert [each["VersionId"] for each in answer["Errors"]] == [second]
    left = cloud.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    assert [each["VersionId"] for each in left] == [second]


def test_a_versioned_bucket_answers_with_the_delete_marker(cloud, bucket):
    versioned(cloud, bucket)
    (gone,) = cloud.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})["Deleted"]
    assert gone["DeleteMarker"] is True
    assert gone["DeleteMarkerVersionId"]
    assert len(cloud.client("s3").list_object_versions(Bucket=bucket)["Versions"]) == 2


UNREADABLE = {
    "no XML": "<Delete>",
    "nothing": "",
    "another document": "<Object><Key>secret/a</Key></Object>",
    "no list": "<Delete></Delete>",
    "an object without a key": "<Delete><Object></Object></Delete>",
    "an empty key": "<Delete><Object><Key></Key></Object></Delete>",
    "two keys": "<Delete><Object><Key>open</Key><Key>secret/a</Key></Object></Delete>",
    "a key within a key": "<Delete><Object><Key>open<Key>secret/a</Key></Key></Object></Delete>",
    "a key elsewhere": "<Delete><Object><Key>open</Key></Object><Key>secret/a</Key></Delete>",
    "a member that is none": "<Delete><Object><Key>secret/a</Key><Force>true</Force></Object></Delete>",
    "an entity": '<!DOCTYPE d [<!ENTITY k "secret/a">]><Delete><Object><Key>&k;</Key></Object></Delete>',
    "a thousand and one": f"<Delete>{OPEN * 1000}{SECRET}</Delete>",
    "an encoding that is none": f'<?xml version="1.0" encoding="nothing"?><Delete>{SECRET}</Delete>',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_list_that_s3_would_not_read_deletes_nothing(cloud, bucket, body):
    put(cloud, bucket, "open", "secret/a")
    status, _, said = raw(cloud, bucket, body)
    assert (status, b"<Code>MalformedXML</Code>" in said) == (400, True)
    assert kept(cloud, bucket) == ["open", "secret/a"]


HIDDEN = {
    "a comment": "<Delete><!-- x --><Object><Key>secret/a</Key></Object></Delete>",
    "CDATA": "<Delete><Object><Key><![CDATA[secret/a]]></Key></Object></Delete>",
    "a namespace": f'<Delete xmlns="{NAMESPACE}"><Object><Key>secret/a</Key></Object></Delete>',
    "a prefix": f'<s:Delete xmlns:s="{NAMESPACE}"><s:Object><s:Key>secret/a</s:Key></s:Object></s:Delete>',
    "a character reference": "<Delete><Object><Key>&#115;ecret/a</Key></Object></Delete>",
    "the last of a thousand": f"<Delete>{OPEN * 999}{SECRET}</Delete>",
}


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_no_key_is_deleted_that_was_not_decided_about(cloud, name, bucket, body):
    put(cloud, bucket, "secret/a")
    secret = statement("Deny", "s3:DeleteObject", f"arn:aws:s3:::{bucket}/secret/*")
    keys = cloud.user(name, statement("Allow", "s3:*", "*"), secret)
    status, _, said = raw(cloud, bucket, body, keys)
    assert (status, b"<Error><Key>secret/a</Key><Code>AccessDenied</Code>" in said) == (200, True)
    assert kept(cloud, bucket) == ["secret/a"]


def test_a_list_without_a_checksum_is_refused(cloud, bucket):
    put(cloud, bucket, "a")
    status, _, said = cloud.signed(
        "s3", "POST", f"/{bucket}?delete=", b"<Delete><Object><Key>a</Key></Object></Delete>"
    )
    assert status == 400
    assert b"<Code>InvalidRequest</Code>" in said
    assert b"Missing required header for this request: Content-MD5 OR x-amz-checksum-*" in said
    assert kept(cloud, bucket) == ["a"]


def test_a_list_that_changed_on_its_way_deletes_nothing(cloud, bucket):
    put(cloud, bucket, "a")
    status, _, said = raw(
        cloud, bucket, "<Delete><Object><Key>a</Key></Object></Delete>", **{"Content-MD5": md5("other")}
    )
    assert (status, b"<Code>BadDigest</Code>" in said) == (400, True)
    assert kept(cloud, bucket) == ["a"]


def test_an_object_with_a_condition_stays(cloud, bucket):
    put(cloud, bucket, "a", "b")
    gone, errors = delete(cloud.client("s3"), bucket, {"Key": "a", "ETag": '"other"'}, "b")
    assert gone == ["b"]
    assert [(key, code) for key, code, _ in errors] == [("a", "NotImplemented")]
    assert kept(cloud, bucket) == ["a"]


def test_a_bucket_that_is_not_there(cloud, name):
    asked = {"Bucket": f"{name}-nowhere", "Delete": {"Objects": [{"Key": "a"}]}}
    assert refused(cloud.client("s3").delete_objects, **asked)[0] == "NoSuchBucket"


def test_a_thousand_keys_go_in_one_call(cloud, bucket):
    put(cloud, bucket, "0", "999")
    gone, errors = delete(cloud.client("s3"), bucket, *(str(number) for number in range(1000)))
    assert (len(gone), errors, kept(cloud, bucket)) == (1000, [], [])


@pytest.mark.unit
def test_the_list_is_read_as_s3_writes_it():
    body = b"<Delete><Quiet>true</Quiet><Object><Key>a</Key><VersionId>v</VersionId></Object></Delete>"
    found = read(body)
    assert (found.quiet, found.named) == (True, (Named("a", "v"),))
    assert read(body.replace(b"true", b"false")).quiet is False
    with pytest.raises(AwsError):
        read(body.replace(b"Quiet", b"Loud"))
