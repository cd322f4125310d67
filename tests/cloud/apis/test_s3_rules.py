"""What S3 refuses of a bucket's name and policy, in its words; what it takes is taken."""

import json

import pytest

from tests.cloud.lab_cloud import refused


@pytest.mark.parametrize(
    "name", ["Capitals", "under_score", "ab", "two..dots", "-before", "after-", "192.168.5.4", "a" * 64, "dot-"]
)
def test_a_name_that_no_bucket_can_have(cloud, name):
    status, _, said = cloud.signed("s3", "PUT", f"/{name}", b"", {}, None)
    assert (status, b"<Code>InvalidBucketName</Code>" in said) == (400, True)


@pytest.fixture
def bucket(cloud, name):
    made = f"{name}-bucket"
    cloud.client("s3").create_bucket(Bucket=made)
    return made


def put(cloud, bucket, **changes):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes}]}).replace("BUCKET", bucket)
    return {"Bucket": bucket, "Policy": text}


RESOURCE, ACTION = "Policy has invalid resource", "Policy has invalid action"
UNFIT = "Action does not apply to any resource(s) in statement"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Resource": "*"}, RESOURCE),
        ({"Resource": "arn:aws:s3:::somebodys-bucket/*"}, RESOURCE),
        ({"Resource": ["arn:aws:s3:::BUCKET/*", "arn:aws:s3:::BUCKETx"]}, RESOURCE),
        ({"Resource": "arn:aws:ecr:us-east-1:111122223333:repository/BUCKET"}, RESOURCE),
        ({"Action": "s3:GetObjekt"}, ACTION),
        ({"Action": ["s3:GetObject", "ecr:GetObject"]}, ACTION),
        ({"Action": "ecr:*"}, ACTION),
        ({"Resource": "arn:aws:s3:::BUCKET"}, UNFIT),
        ({"Action": "s3:ListBucket"}, UNFIT),
        ({"Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"]}, UNFIT),
        ({"Action": "s3:GetBucket*"}, UNFIT),
        ({"Action": ["s3:GetBucketLocation", "s3:getobject"], "Resource": "arn:aws:s3:::BUCKET"}, UNFIT),
    ],
    ids=str,
)
def test_a_bucket_policy_speaks_of_its_bucket_and_of_s3s_actions(cloud, bucket, changes, words):
    answer = refused(cloud.client("s3").put_bucket_policy, **put(cloud, bucket, **changes))
    assert answer == ("MalformedPolicy", words, 400)
    assert refused(cloud.client("s3").get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Action": "s3:*"},
        {"Action": "*"},
        {"Action": "S3:getobject"},
        {"Action": "s3:Get*"},
        {"Resource": "arn:aws:s3:::BUCKET", "Action": "s3:ListBucket"},
        {"Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/public/*"], "Action": "s3:*"},
        {"Resource": "arn:aws:s3:::BUCKET*", "Action": "s3:*"},
        {"Resource": "arn:aws:s3:::BUCKET*", "Action": ["s3:ListBucket", "s3:GetObject"]},
        {"Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"], "Action": ["s3:ListBucket", "s3:GetObject"]},
        {"Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"], "Action": "s3:GetObject"},
        {"Resource": "arn:aws:s3:::BUCKET", "Action": "s3:*"},
        {"Action": "s3:*Object"},
    ],
    ids=str,
)
def test_what_s3_takes_is_taken(cloud, bucket, changes):
    cloud.client("s3").put_bucket_policy(**put(cloud, bucket, **changes))
