"""Stages 01 to 03 as one trainee's calls: boto3 for the AWS APIs, the embedded engine's client for the pushes.

The notebooks' own commands would start some twenty processes a trainee; here thirty trainees share one, so that the
local AWS is what is busy. The image is a layout of two platforms with the trainee's own bytes (stage 01's result).
"""

import base64
import time
from pathlib import Path
from string import Template

import pytest

from labs import oci
from labs.engine.archive import FolderBlobs
from labs.engine.embedded.docker_credentials import Login
from labs.engine.embedded.reference import Reference
from labs.engine.embedded.registry_client import RegistryClient, StatusError
from labs.engine.embedded.transfer import Push
from tests import two_platforms
from tests.cloud.lab_cloud import Keys, allow, client, policy, refused, trusts

STAGES = Path(__file__).parents[2] / "labs" / "stages"


class Trainee:
    """One trainee: ``keys`` sign the calls, ``name`` is in the name of everything, ``folder`` holds the image."""

    def __init__(self, line, keys, name, folder):
        self.endpoint, self.account, self.region = line["endpoint"], line["account"], line["region"]
        self.host = self.endpoint.removeprefix("http://")
        self.name = name
        self.repository = f"fargate-lab-{name}/app"
        self.role = f"fargate-lab-{name}-push"
        self.arn = f"arn:aws:ecr:{self.region}:{self.account}:repository/{self.repository}"
        self.folder = folder / name
        self.keys = keys
        self.times = []

    def client(self, service, keys=None):
        return client(service, self.endpoint, keys or self.keys, self.region)

    def learn(self):
        """Build, be refused, fix it, push: the digest of the index that is in ECR afterwards."""
        index = oci.Descriptor(two_platforms.OCI_INDEX, two_platforms.layout(self.folder, self.name), 0)
        index = oci.Descriptor(index.media_type, index.digest, len(two_platforms.blob(self.folder, index.digest)))
        ecr, iam = self.client("ecr"), self.client("iam")
        self._timed(ecr.create_repository, repositoryName=self.repository)
        trust = trusts({"AWS": f"arn:aws:iam::{self.account}:root"})
        self._timed(iam.create_role, RoleName=self.role, AssumeRolePolicyDocument=policy(trust))
        self._policy(iam, "push_denied")
        one = oci.parse(two_platforms.blob(self.folder, index.digest), index.media_type).manifests[0]
        self._push(self._log_in(), one, "one")
        with pytest.raises(StatusError, match="403 Forbidden"):
            self._push(self._log_in(), index, "both")
        assert self._missing() == {("GetDownloadUrlForLayer", self.arn)}
        self._policy(iam, "push_fixed")
        self._push(self._log_in(), index, "both")
        found = self._timed(ecr.describe_images, repositoryName=self.repository, imageIds=[{"imageTag": "both"}])
        assert found["imageDetails"][0]["imageDigest"] == index.digest
        listed = self._timed(ecr.describe_images, repositoryName=self.repository)["imageDetails"]
        assert len(listed) == 3  # the index and its two images
        return index.digest

    def meets(self, other):
        """Fail unless another trainee's repository is closed to this one's push role."""
        session = self._session()
        code, message, _ = refused(
            self.client("ecr", session).batch_get_image,
            repositoryName=other.repository,
            imageIds=[{"imageTag": "both"}],
        )
        assert code == "AccessDeniedException"
        assert other.arn in message

    def _policy(self, iam, stage):
        text = (STAGES / stage / "policies" / "push-policy.json").read_text()
        document = Template(text).substitute(REPOSITORY_ARN=self.arn)
        self._timed(iam.put_role_policy, RoleName=self.role, PolicyName="push", PolicyDocument=document)

    def _session(self):
        role = f"arn:aws:iam::{self.account}:role/{self.role}"
        got = self._timed(self.client("sts").assume_role, RoleArn=role, RoleSessionName=self.name)["Credentials"]
        return Keys(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    def _log_in(self):
        token = self._timed(self.client("ecr", self._session()).get_authorization_token)
        user, _, password = (
            base64.b64decode(token["authorizationData"][0]["authorizationToken"]).decode().partition(":")
        )
        return Login(user, password)

    def _push(self, login, image, tag):
        registry = RegistryClient(self.host, login)
        try:
            Push(registry, FolderBlobs(self.folder), Reference(self.host, self.repository, tag)).run(image)
        finally:
            registry.close()

    def _missing(self):
        """What the trail says this trainee's role was refused: (action, resource)."""
        trail = self.client("cloudtrail")
        events = self._timed(
            trail.lookup_events, LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": self.arn}]
        )["Events"]
        return {
            (event["EventName"], event["Resources"][0]["ResourceName"])
            for event in events
            if '"errorCode":"AccessDenied"' in event["CloudTrailEvent"]
        }

    def _timed(self, call, **parameters):
        began = time.perf_counter()
        answer = call(**parameters)
        self.times.append(time.perf_counter() - began)
        return answer


def own_policy(name, account, region):
    """What lets one trainee do the lesson and touch nobody else's things."""
    return policy(
        allow("ecr:*", f"arn:aws:ecr:{region}:{account}:repository/fargate-lab-{name}/*"),
        allow(
            ["iam:CreateRole", "iam:PutRolePolicy", "sts:AssumeRole"],
            f"arn:aws:iam::{account}:role/fargate-lab-{name}-*",
        ),
        allow(["ecr:GetAuthorizationToken", "cloudtrail:LookupEvents"]),
    )


def principals(line, count, folder):
    """So many trainees in one account, each an IAM user with a policy of its own."""
    admin = Keys(line["access_key_id"], line["secret_access_key"])
    iam = client("iam", line["endpoint"], admin, line["region"])
    made = []
    for number in range(count):
        name = f"t{number:02d}"
        iam.create_user(UserName=name)
        document = own_policy(name, line["account"], line["region"])
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        made.append(Trainee(line, Keys(key["AccessKeyId"], key["SecretAccessKey"]), name, folder))
    return made
