"""What ``labs.fargate`` reads of a start, answered by an account: boto3 calls that only read, each made once.

A call that the account refuses becomes CannotRead, and the step that asked is CANNOT CHECK. No secret's value is read.
``policy.json`` beside this file is the IAM policy of exactly these calls and of the snapshot's.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from labs import iam, oci
from labs.account.reads import ask
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.sources import CannotRead, Context, ImageFound, ImageMissing, Missing, SecretFound, assumption
from labs.fargate.task import Secret

# ``clients(service, region)``: a boto3 client; an empty region is the session's own.
Clients = Callable[[str, str], Any]
_LARGEST_CONFIG = 8 << 20
_DOWNLOAD_S = 10.0


@dataclass(frozen=True)
class Role:
    """What is on a role: its own policies, its boundary, its trust policy and its tags."""

    identity: tuple[iam.Policy, ...]
    boundary: iam.Policy | None
    trust: iam.Policy
    id: str
    tags: Mapping[str, str]


@dataclass
class AccountPermissions:
    """Decides for the task's roles by the policies that IAM and the resources have; ``now``: when they are asked.

    Service control policies cannot be read from a member account: what they deny is not seen.
    """

    clients: Clients
    region: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _roles: dict[str, Role | None] = field(default_factory=dict)
    _unread: dict[str, CannotRead] = field(default_factory=dict)
    _resources: dict[str, iam.Policy | None] = field(default_factory=dict)

    def decide(
        self, principal: iam.Principal, action: str, resource: str, context: Context, endpoint: iam.Policy | None
    ) -> iam.Decision:
        """See ``labs.fargate.sources.Permissions``."""
        role = self._role(principal.role_arn)
        policies = iam.Policies(
            identity=role.identity if role else (),
            boundary=role.boundary if role else None,
            resource=self._resource_policy(resource),
            endpoint=endpoint,
        )
        keys = {**self._keys(principal, role), **context}
        return iam.evaluate(iam.Request(principal, action, resource, keys, _account(resource)), policies)

    def trust(self, role_arn: str) -> iam.Decision | None:
        """See ``labs.fargate.sources.Permissions``."""
        role = self._role(role_arn)
        if role is None:
            return None
        asked = assumption(role_arn, _account(role_arn), self.region, self.now)
        return iam.evaluate_trust(asked, role.trust, iam.Policies())

    def _keys(self, principal: iam.Principal, role: Role | None) -> Context:
        """The session's own keys; its credentials would be new."""
        user_id = f"{role.id}:{principal.arn.rsplit('/', 1)[-1]}" if role is not None else ""
        tags = role.tags if role is not None else None
        return iam.principal_keys(principal, user_id=user_id, tags=tags, session=iam.Session(self.now))

    def _role(self, arn: str) -> Role | None:
        if arn in self._unread:
            raise self._unread[arn]
        if arn not in self._roles:
            try:
                self._roles[arn] = read_role(self.clients("iam", ""), arn.rsplit("/", 1)[-1])
            except CannotRead as error:
                self._unread[arn] = error
                raise
        return self._roles[arn]

    def _resource_policy(self, arn: str) -> iam.Policy | None:
        if arn not in self._resources:
            self._resources[arn] = self._read_resource_policy(arn)
        return self._resources[arn]

    def _read_resource_policy(self, arn: str) -> iam.Policy | None:
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return None
        service, region, rest = parts[2], parts[3], parts[5]
        document: str | None = None
        if service == "ecr":
            name, ecr = rest.removeprefix("repository/"), self.clients("ecr", region)
            absent = ("RepositoryPolicyNotFoundException", "RepositoryNotFoundException")
            doing = f"reading the policy of the repository {name}"
            answer = ask(doing, ecr, "get_repository_policy", absent, registryId=parts[4], repositoryName=name)
            document = answer["policyText"] if answer else None
        elif service == "secretsmanager":
            manager = self.clients("secretsmanager", region)
            missing = ("ResourceNotFoundException",)
            answer = ask("reading the secret's policy", manager, "get_resource_policy", missing, SecretId=arn)
            document = answer.get("ResourcePolicy") if answer else None
        elif service == "kms":
            kms = self.clients("kms", region)
            doing = "reading the key's policy"
            missing = ("NotFoundException",)
            answer = ask(doing, kms, "get_key_policy", missing, KeyId=arn, PolicyName="default")
            document = answer["Policy"] if answer else None
        return _policy(document, iam.PolicyKind.RESOURCE, rest) if document else None


def read_role(client: Any, name: str) -> Role | None:
    """A role with everything on it; None when there is none. ``client`` is a boto3 client of IAM; raises CannotRead."""
    doing = f"reading the role {name}"
    answer = ask(doing, client, "get_role", ("NoSuchEntity",), RoleName=name)
    if answer is None:
        return None
    role = answer["Role"]
    inline = ask(doing, client, "list_role_policies", RoleName=name)["PolicyNames"]
    attached = ask(doing, client, "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
    identity = []
    for each in inline:
        answer = ask(doing, client, "get_role_policy", RoleName=name, PolicyName=each)
        identity.append(_policy(answer["PolicyDocument"], iam.PolicyKind.IDENTITY, each))
    identity += [_managed(client, doing, each["PolicyArn"]) for each in attached]
    boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return Role(
        tuple(identity),
        _managed(client, doing, boundary, iam.PolicyKind.BOUNDARY) if boundary else None,
        _policy(role["AssumeRolePolicyDocument"], iam.PolicyKind.TRUST, name),
        str(role.get("RoleId", "")),
        {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())},
    )


def _managed(client: Any, doing: str, arn: str, kind: iam.PolicyKind = iam.PolicyKind.IDENTITY) -> iam.Policy:
    version = ask(doing, client, "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = ask(doing, client, "get_policy_version", PolicyArn=arn, VersionId=version)
    return _policy(answer["PolicyVersion"]["Document"], kind, arn.rsplit("/", 1)[-1], arn)


def _policy(document: Any, kind: iam.PolicyKind, name: str, arn: str = "") -> iam.Policy:
    """A policy as AWS answers it: JSON text, or what boto3 has made of it. CannotRead when it is none."""
    try:
        return iam.parse_policy(document, kind, name, arn=arn)
    except iam.MalformedPolicy as error:
        raise CannotRead(f"the policy {name} cannot be read: {error}") from error


def _account(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


@dataclass
class AccountRegistry:
    """Images in Amazon ECR, by the ECR API. Other registries are not asked."""

    clients: Clients
    _found: dict[str, ImageFound | ImageMissing] = field(default_factory=dict)

    def resolve(self, image: ImageRef) -> ImageFound | ImageMissing:
        """See ``labs.fargate.sources.Registry``."""
        if image.kind is not RegistryKind.ECR:
            raise CannotRead(f"{image.host} is not Amazon ECR: its images are not looked up")
        if image.text not in self._found:
            self._found[image.text] = self._resolve(image)
        return self._found[image.text]

    def _resolve(self, image: ImageRef) -> ImageFound | ImageMissing:
        wanted = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
        answer = self._get(image, wanted)
        if answer is None:
            return ImageMissing(Missing.REPOSITORY)
        if not answer["images"]:
            return ImageMissing(Missing.IMAGE)
        found = answer["images"][0]
        try:
            content = _content(found)
        except oci.NotAnImage as error:
            raise CannotRead(f"the manifest of {image.text} cannot be read: {error}") from error
        digest = str(found["imageId"]["imageDigest"])
        if isinstance(content, oci.Manifest):
            return self._single(image, digest, content)
        layers = {}
        for entry in content.manifests:
            if entry.platform is None or entry.is_attestation:
                continue
            child = self._get(image, {"imageDigest": entry.digest})
            manifest = _content(child["images"][0]) if child and child["images"] else None
            if isinstance(manifest, oci.Manifest):
                layers[entry.platform] = manifest.layers
        return ImageFound(digest, content, None, layers)

    def _single(self, image: ImageRef, digest: str, manifest: oci.Manifest) -> ImageFound:
        try:
            platform = self._platform(image, manifest)
        except CannotRead as error:
            return ImageFound(digest, manifest, unread=str(error))
        return ImageFound(digest, manifest, platform, {platform: manifest.layers} if platform else {})

    def _get(self, image: ImageRef, which: Mapping[str, str]) -> Any:
        return ask(
            f"reading the image {image.text}",
            self.clients("ecr", image.region),
            "batch_get_image",
            ("RepositoryNotFoundException",),
            registryId=image.account,
            repositoryName=image.repository,
            imageIds=[which],
            acceptedMediaTypes=[*oci.INDEX_TYPES, *oci.MANIFEST_TYPES],
        )

    def _platform(self, image: ImageRef, manifest: oci.Manifest) -> oci.Platform | None:
        """The platform in the image's config; None when it names none. CannotRead when the config cannot be had."""
        doing = f"reading the config of {image.text}"
        answer = ask(
            doing,
            self.clients("ecr", image.region),
            "get_download_url_for_layer",
            registryId=image.account,
            repositoryName=image.repository,
            layerDigest=manifest.config.digest,
        )
        try:
            with urllib.request.urlopen(answer["downloadUrl"], timeout=_DOWNLOAD_S) as response:
                config = json.loads(response.read(_LARGEST_CONFIG))
        except (OSError, ValueError) as error:
            raise CannotRead(f"{doing}: the download failed: {error}") from error
        try:
            return oci.Platform(str(config["os"]), str(config["architecture"]), str(config.get("variant", ""))).normal()
        except (KeyError, TypeError, AttributeError):
            return None


def _content(found: Mapping[str, Any]) -> oci.Index | oci.Manifest:
    return oci.parse(str(found["imageManifest"]).encode(), str(found.get("imageManifestMediaType", "")))


@dataclass
class AccountSecrets:
    """Parameter Store and Secrets Manager: what is there, under which key; never a value."""

    clients: Clients
    _found: dict[str, SecretFound | None] = field(default_factory=dict)

    def find(self, secret: Secret) -> SecretFound | None:
        """See ``labs.fargate.sources.Secrets``."""
        if secret.value_from not in self._found:
            look = self._parameter if secret.service == "ssm" else self._secret
            self._found[secret.value_from] = look(secret)
        return self._found[secret.value_from]

    def _parameter(self, secret: Secret) -> SecretFound | None:
        wanted = [{"Key": "Name", "Option": "Equals", "Values": [secret.name]}]
        doing = f"looking for the parameter {secret.name}"
        ssm = self.clients("ssm", secret.region)
        found = ask(doing, ssm, "describe_parameters", ParameterFilters=wanted)["Parameters"]
        if not found:
            return None
        return SecretFound(secret.arn, self.customer_key(str(found[0].get("KeyId") or ""), secret.region))

    def _secret(self, secret: Secret) -> SecretFound | None:
        manager = self.clients("secretsmanager", secret.region)
        doing = f"looking for the secret {secret.name}"
        found = ask(doing, manager, "describe_secret", ("ResourceNotFoundException",), SecretId=secret.name)
        if found is None:
            return None
        versions = found.get("VersionIdsToStages") or {}
        stage = secret.version_stage or "AWSCURRENT"
        named = [stages for id, stages in versions.items() if not secret.version_id or id == secret.version_id]
        # A version named by its id alone needs no stage.
        has = any(stage in stages or (secret.version_id and not secret.version_stage) for stages in named)
        key = self.customer_key(str(found.get("KmsKeyId") or ""), secret.region)
        return SecretFound(str(found["ARN"]), key, has_value=has)

    def customer_key(self, key: str, region: str) -> str:
        """The ARN of a customer managed key, "" for AWS's own. CannotRead."""
        if not key or key.rpartition(":")[2].startswith("alias/aws/"):
            return ""
        kms = self.clients("kms", region)
        answer = ask(f"reading the key {key}", kms, "describe_key", ("NotFoundException",), KeyId=key)
        if answer is None:
            return key
        found = answer["KeyMetadata"]
        return "" if found.get("KeyManager") == "AWS" else str(found["Arn"])


@dataclass
class AccountLogs:
    """CloudWatch Logs."""

    clients: Clients
    _found: dict[tuple[str, str], bool] = field(default_factory=dict)

    def has_group(self, name: str, region: str) -> bool:
        """See ``labs.fargate.sources.Logs``."""
        if (name, region) not in self._found:
            doing, logs = f"looking for the log group {name}", self.clients("logs", region)
            # In order of their names: the group itself comes first of those that begin so.
            found = ask(doing, logs, "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
            self._found[name, region] = any(each["logGroupName"] == name for each in found)
        return self._found[name, region]


def registry_host(clients: Clients) -> str:
    """The host of the account's own registry, as image names carry it. CannotRead.

    On AWS an image's name says so itself; elsewhere the authorisation's ``proxyEndpoint`` does. The token is not used.
    """
    answer = ask("asking for the registry's host", clients("ecr", ""), "get_authorization_token")
    return urlsplit(str(answer["authorizationData"][0]["proxyEndpoint"])).netloc
