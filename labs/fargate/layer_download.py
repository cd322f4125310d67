"""The download of a layer from ECR's bucket, as a VPC endpoint's policy judges it: asked here and nowhere else.

It is one request, ``s3:GetObject`` on ECR's bucket of the Region (``prod-REGION-starport-layer-bucket``), by a link
that ECR has signed as a principal of its own: only the endpoint's policy can refuse it (ECR User Guide, vpc-endpoints,
"Create the Amazon S3 gateway endpoint", which is why that policy's Principal is "*"). Which principal that is AWS does
not say; it is in none of the customer's accounts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from labs import iam, partitions

ACTION = "s3:GetObject"
# What the agent that starts a task calls itself.
AGENT = "amazon-ecs-agent"
_ACCOUNT = "000000000000"
SIGNER = iam.Principal(f"arn:aws:iam::{_ACCOUNT}:role/ecr-layer-download", _ACCOUNT, iam.PrincipalKind.ROLE)
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_ANYTHING = iam.parse_policy({"Version": "2012-10-17", "Statement": [_EVERYTHING]}, name="ECR")
_BUCKET_OPEN = iam.parse_policy(
    {"Version": "2012-10-17", "Statement": [{**_EVERYTHING, "Principal": "*"}]}, iam.PolicyKind.RESOURCE, "ECR's bucket"
)


def bucket_of(region: str) -> str:
    """The bucket that holds ECR's layers in a Region."""
    return f"prod-{region}-starport-layer-bucket"


def layer_host(region: str) -> str:
    """The host name of that bucket."""
    return partitions.host(f"{bucket_of(region)}.s3", region)


def download(bucket_arn: str, connection: iam.Connection, now: datetime) -> iam.Request:
    """The request for a layer, coming by ``connection`` (whatever user agent that names) at ``now`` (aware)."""
    keys = {**iam.connection_keys(replace(connection, user_agent=AGENT)), **iam.time_keys(now)}
    return iam.Request(SIGNER, ACTION, f"{bucket_arn}/layer", keys)


def passes(request: iam.Request, endpoint: iam.Policy | None) -> iam.Decision:
    """Whether an endpoint's policy (None: there is no endpoint) lets a request through that all else allows."""
    return iam.evaluate(request, iam.Policies(identity=(_ANYTHING,), resource=_BUCKET_OPEN, endpoint=endpoint))
