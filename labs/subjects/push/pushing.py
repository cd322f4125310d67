"""What both push stages do and read: the repository, the push role, its policy, the login, the pushed image."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from labs import oci
from labs.errors import LabError
from labs.failures import code_of, denied, explain
from labs.iam import MalformedPolicy, parse_policy
from labs.lesson.bench import BOTH, ONE, PLATFORMS, Bench
from labs.lesson.shell import Done, build, docker
from labs.subjects.push.policy_review import PolicyDocument, PushContext, Reviewer
from labs.verdict import Event

POLICY_NAME = "push"
_MANIFEST_TYPES = (*oci.INDEX_TYPES, *oci.MANIFEST_TYPES)


def create_repository(bench: Bench) -> bool:
    """Make the ECR repository; False when it is there already."""
    try:
        bench.client("ecr").create_repository(repositoryName=bench.repository_name)
    except ClientError as error:
        if code_of(error) == "RepositoryAlreadyExistsException":
            return False
        raise
    return True


def put_role(bench: Bench, policy: str) -> bool:
    """Make the push role, if it is not there, and give it this policy; False when the role was there.

    Everybody in the account whom IAM allows to may assume it. LabError when the text is no policy.
    """
    read_policy(policy)
    iam = bench.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{bench.partition}:iam::{bench.target.account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = True
    try:
        iam.create_role(RoleName=bench.push_role, AssumeRolePolicyDocument=json.dumps(trust))
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
        made = False
    iam.put_role_policy(RoleName=bench.push_role, PolicyName=POLICY_NAME, PolicyDocument=policy)
    return made


def read_policy(text: str) -> Mapping[str, Any]:
    """The policy's JSON object; LabError with line and column when it is malformed."""
    try:
        parse_policy(text)
    except MalformedPolicy as error:
        raise LabError(malformed(error), "mend it there and run the cell again") from error
    body: Mapping[str, Any] = json.loads(text)
    return body


def malformed(error: MalformedPolicy) -> str:
    """What is wrong with the policy, and where, in one sentence."""
    place = f" at line {error.line}, column {error.column}" if error.line else ""
    what = (error.detail or error.message).strip().rstrip(".")
    return f"The policy is malformed{place}: {what}."


def is_empty(text: str) -> bool:
    """Whether the policy has no statement at all."""
    try:
        body = json.loads(text)
    except ValueError:
        return False
    return isinstance(body, dict) and not body.get("Statement")


def live_policies(iam: Any, role: str) -> tuple[PolicyDocument, ...] | None:
    """Every policy on a role, inline and attached; None when there is no such role."""
    try:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise
    inline = [PolicyDocument(name, _inline(iam, role, name)) for name in names]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return (*inline, *(PolicyDocument(each["PolicyName"], _managed(iam, each["PolicyArn"])) for each in attached))


def _inline(iam: Any, role: str, name: str) -> Mapping[str, Any]:
    return _body(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def _managed(iam: Any, arn: str) -> Mapping[str, Any]:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _body(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _body(document: object) -> Mapping[str, Any]:
    """boto3 decodes the document; an endpoint that sends it otherwise gets it read here."""
    found = json.loads(document) if isinstance(document, str) else document
    return found if isinstance(found, dict) else {}


def reviewer(bench: Bench, documents: tuple[PolicyDocument, ...]) -> Reviewer:
    """The review of the role's policies for the trainee's repository."""
    return Reviewer(documents, PushContext(bench.pusher, bench.repository_arn))


def login(bench: Bench, session: Any = None) -> Done:
    """``docker login`` as the push role, or as ``session``. Raises boto3's ClientError when AWS refuses."""
    session = bench.target.assume(bench.push_role) if session is None else session
    password = bench.target.registry_password(session)
    words = ("login", "--username", "AWS", "--password-stdin", bench.target.registry)
    return docker(bench, *words, stdin=password)


def log_in_again(bench: Bench) -> Done:
    """The same as the push role; AWS's refusal is a failed outcome, for it may be about a role that is still new."""
    try:
        return login(bench)
    except ClientError as error:
        if not denied(error):
            raise
        return Done(1, explain(error, f"taking the role {bench.push_role}").what)


def push_one(bench: Bench) -> Done:
    """Build linux/amd64 alone, load it and ``docker push`` it."""
    name = f"{bench.repository}:{ONE}"
    loaded = build(bench, "--provenance=false", "-t", name, "--load", platforms=("linux/amd64",))
    if loaded.code:
        return loaded
    return docker(bench, "push", name, log=bench.work / "push-one.log")


def push_both(bench: Bench, *platforms: str, repository: str = "", log: Path | None = None) -> Done:
    """Build for these platforms (default both) and push with buildx; ``log`` (default push.log) keeps the words."""
    name = f"{repository or bench.repository}:{BOTH}"
    return build(bench, "-t", name, "--push", platforms=platforms or PLATFORMS, log=log or bench.push_log)


@dataclass(frozen=True)
class Pushed:
    """What a tag in ECR points to, and since when (UTC)."""

    image: oci.Index | oci.Manifest
    digest: str
    at: datetime


def pushed(ecr: Any, repository: str, tag: str) -> Pushed | None:
    """The image under a tag; None when the repository or the tag is not there."""
    wanted = [{"imageTag": tag}]
    try:
        details = ecr.describe_images(repositoryName=repository, imageIds=wanted)["imageDetails"]
        answer = ecr.batch_get_image(
            repositoryName=repository, imageIds=wanted, acceptedMediaTypes=list(_MANIFEST_TYPES)
        )
    except ClientError as error:
        if code_of(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return None
        raise
    if not details or not answer["images"]:
        return None
    found = answer["images"][0]
    manifest = found["imageManifest"].encode()
    image = oci.parse(manifest, found.get("imageManifestMediaType", ""))
    return Pushed(image, found["imageId"]["imageDigest"], details[0]["imagePushedAt"].astimezone(UTC))


def pushed_by(events: tuple[Event, ...], bench: Bench, tag: str) -> str:
    """Who put the tag last, as the trail says; empty when it does not say."""
    for event in reversed(events):
        put = event.action == "ecr:PutImage" and not event.error and event.tag == tag
        if put and event.resource in ("", bench.repository_arn):
            return event.principal
    return ""


def untag(bench: Bench, tag: str) -> None:
    """Take a tag away, and the image with its last one: no client puts what is already there."""
    try:
        bench.client("ecr").batch_delete_image(repositoryName=bench.repository_name, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise


def keep_only(bench: Bench, tag: str) -> None:
    """Take every image out of the repository but the one under a tag, with the manifests it lists."""
    ecr, name = bench.client("ecr"), bench.repository_name
    try:
        details = ecr.describe_images(repositoryName=name)["imageDetails"]
    except ClientError as error:
        if code_of(error) == "RepositoryNotFoundException":
            return
        raise
    kept = pushed(ecr, name, tag)
    keep = {kept.digest} if kept else set()
    if kept and isinstance(kept.image, oci.Index):
        keep |= {entry.digest for entry in kept.image.manifests}
    doomed = [each for each in details if each["imageDigest"] not in keep]
    # ECR keeps a manifest as long as an index lists it: the indexes go first.
    for indexes in (True, False):
        digests = [
            {"imageDigest": each["imageDigest"]}
            for each in doomed
            if (each.get("imageManifestMediaType") in oci.INDEX_TYPES) is indexes
        ]
        if digests:
            ecr.batch_delete_image(repositoryName=name, imageIds=digests)


def delete_repository(bench: Bench) -> None:
    """Take the repository away, with everything in it."""
    try:
        bench.client("ecr").delete_repository(repositoryName=bench.repository_name, force=True)
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise


def delete_role(bench: Bench) -> bool:
    """Take the push role away, with its policies; False when there is none."""
    iam = bench.client("iam")
    try:
        for each in iam.list_attached_role_policies(RoleName=bench.push_role)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=bench.push_role, PolicyArn=each["PolicyArn"])
        for name in iam.list_role_policies(RoleName=bench.push_role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=bench.push_role, PolicyName=name)
        iam.delete_role(RoleName=bench.push_role)
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return False
        raise
    return True
