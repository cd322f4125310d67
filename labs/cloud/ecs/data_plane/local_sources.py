"""What ``labs.fargate`` reads of a start, answered from the local AWS's own stores: the truth, not a caller's view."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from labs import iam, oci
from labs.cloud.authorisation import request_conditions
from labs.cloud.authorisation.access import LocalAccess
from labs.cloud.authorisation.lookups import StoreLookups
from labs.cloud.contract import AwsError, Caller, Clock, Trail, TrailEvent
from labs.cloud.ecs.data_plane.aws_calls import InternalCalls
from labs.cloud.identity.identities import Identities, parsed
from labs.cloud.registry import EcrStore
from labs.cloud.registry.rules.spelling import PUBLIC_PREFIX
from labs.cloud.registry.store.repositories import Repository
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.layer_download import AGENT
from labs.fargate.sources import Context, ImageFound, ImageMissing, Missing, SecretFound, assumption
from labs.fargate.task import Secret

_LARGEST_CONFIG = 8 << 20


class StorePermissions:
    """Decides for the task's roles; each decision is in the trail like any other call."""

    def __init__(
        self,
        *,
        access: LocalAccess,
        identities: Identities,
        lookups: StoreLookups,
        trail: Trail,
        region: str,
        clock: Clock,
    ) -> None:
        self._access = access
        self._identities = identities
        self._lookups = lookups
        self._trail = trail
        self._region = region
        self._clock = clock

    @property
    def now(self) -> datetime:
        """See ``labs.fargate.sources.Permissions``."""
        return self._clock()

    def decide(
        self, principal: iam.Principal, action: str, resource: str, context: Context, endpoint: iam.Policy | None
    ) -> iam.Decision:
        """See ``labs.fargate.sources.Permissions``."""
        held = self._identities.held(principal.identity_arn)
        policies = iam.Policies(
            identity=held.identity,
            boundary=held.boundary,
            resource=self._lookups.resource_policy(resource),
            endpoint=endpoint,
        )
        connection = iam.Connection(self._region, user_agent=AGENT)
        caller = Caller(principal, "", connection=connection, identity_keys=self._keys(principal))
        service, _, operation = action.partition(":")
        of_resource = request_conditions.of_resource(service, resource, self._lookups)
        keys = {**request_conditions.known(service, operation, of_resource), **context}
        decision = iam.evaluate(self._access.request(caller, action, resource, keys), policies)
        self._record(caller, action, resource, decision)
        return decision

    def _keys(self, principal: iam.Principal) -> Context:
        role = self._identities.by_arn(principal.role_arn)
        session = iam.Session(self._clock())
        if role is None:
            return iam.principal_keys(principal, session=session)
        user_id = f"{role.id}:{principal.arn.rsplit('/', 1)[-1]}"
        return iam.principal_keys(principal, user_id=user_id, tags=role.tags, session=session)

    def _record(self, caller: Caller, action: str, resource: str, decision: iam.Decision) -> None:
        service, _, operation = action.partition(":")
        # Objects are data events, which a trail does not record by itself.
        if service == "s3":
            return
        words = "" if decision.allowed else self._access.sentence(caller, action, resource, decision)
        self._trail.record(
            TrailEvent(
                caller=caller,
                event_source=f"{service}.amazonaws.com",
                event_name=operation,
                region=self._region,
                request={},
                resources=() if resource == "*" else (resource,),
                error_code="" if decision.allowed else "AccessDenied",
                error_message=words,
                read_only=operation.startswith(("Get", "Batch", "Describe", "Decrypt")),
            )
        )

    def trust(self, role_arn: str) -> iam.Decision | None:
        """See ``labs.fargate.sources.Permissions``."""
        role = self._identities.by_arn(role_arn)
        if role is None:
            return None
        trust = parsed(role.trust, iam.PolicyKind.TRUST, role.name)
        return iam.evaluate_trust(assumption(role_arn, role.account, self._region, self.now), trust, iam.Policies())


class StoreRegistry:
    """The kit's ECR: private repositories, and the mirror for public.ecr.aws. No other registry can be reached."""

    def __init__(self, ecr: EcrStore) -> None:
        self._ecr = ecr

    def repository(self, image: ImageRef) -> Repository | None:
        """The kit's repository that an image's name means."""
        if image.kind is RegistryKind.ECR_PUBLIC:
            return self._ecr.repositories.get(PUBLIC_PREFIX + image.repository)
        own = (image.account, image.region) == (self._ecr.account, self._ecr.region)
        return self._ecr.repositories.get(image.repository) if own else None

    def resolve(self, image: ImageRef) -> ImageFound | ImageMissing:
        """See ``labs.fargate.sources.Registry``."""
        repository = self.repository(image)
        if repository is None:
            refused = image.kind is not RegistryKind.ECR
            return ImageMissing(Missing.REFUSED if refused else Missing.REPOSITORY)
        stored = self._ecr.images.get(repository, image.reference)
        if stored is None or self._ecr.images.lost(stored):
            return ImageMissing(Missing.IMAGE)
        try:
            content = oci.parse(stored.body, stored.media_type)
        except oci.NotAnImage:
            return ImageMissing(Missing.IMAGE)
        if isinstance(content, oci.Manifest):
            platform = self._platform(repository, content)
            layers = {platform: content.layers} if platform else {}
            return ImageFound(stored.digest, content, platform, layers)
        layers = {}
        for entry in content.manifests:
            child = self._ecr.images.get(repository, entry.digest) if entry.platform else None
            found = oci.parse(child.body, child.media_type) if child is not None else None
            if entry.platform is not None and isinstance(found, oci.Manifest):
                layers[entry.platform] = found.layers
        return ImageFound(stored.digest, content, None, layers)

    def _platform(self, repository: Repository, manifest: oci.Manifest) -> oci.Platform | None:
        data = self.blob(repository, manifest.config.digest)
        try:
            config = json.loads(data or b"{}")
            return oci.Platform(str(config["os"]), str(config["architecture"]), str(config.get("variant", ""))).normal()
        except (ValueError, KeyError, TypeError):
            return None

    def blob(self, repository: Repository, digest: str) -> bytes | None:
        """A small blob of a repository."""
        layer = self._ecr.uploads.layer(repository, digest)
        if layer is None or layer.size > _LARGEST_CONFIG:
            return None
        with os.fdopen(self._ecr.uploads.open(layer), "rb") as stream:
            return stream.read()


class StoreSecrets:
    """Parameter Store and Secrets Manager: what is there, and (for a task that starts) the values."""

    def __init__(self, calls: InternalCalls, lookups: StoreLookups, account: str) -> None:
        self._calls = calls
        self._lookups = lookups
        self._account = account

    def find(self, secret: Secret) -> SecretFound | None:
        """See ``labs.fargate.sources.Secrets``."""
        return self._parameter(secret) if secret.service == "ssm" else self._secret(secret)

    def _parameter(self, secret: Secret) -> SecretFound | None:
        wanted = [{"Key": "Name", "Option": "Equals", "Values": [secret.name]}]
        answer = self._calls.json("ssm", "DescribeParameters", {"ParameterFilters": wanted}, secret.region)
        found = next(iter(answer.get("Parameters") or ()), None)
        if found is None:
            return None
        arn = f"arn:aws:ssm:{secret.region}:{self._account}:parameter/{str(found['Name']).lstrip('/')}"
        return SecretFound(arn, self._customer_key(found.get("KeyId"), secret.region, "alias/aws/ssm"))

    def _secret(self, secret: Secret) -> SecretFound | None:
        try:
            found = self._calls.json("secretsmanager", "DescribeSecret", {"SecretId": secret.name}, secret.region)
        except AwsError:
            return None
        key = self._customer_key(found.get("KmsKeyId"), secret.region, "alias/aws/secretsmanager")
        try:
            text = self._secret_string(secret)
        except AwsError:
            return SecretFound(str(found["ARN"]), key, has_value=False)
        return SecretFound(str(found["ARN"]), key, json_keys=_json_keys(text))

    def _customer_key(self, key: Any, region: str, managed: str) -> str:
        """The ARN of a customer managed key, "" for AWS's own."""
        if not key or str(key).endswith(managed):
            return ""
        return self._lookups.key_arn(self._account, region, str(key)) or str(key)

    def _secret_string(self, secret: Secret) -> str:
        params = {"SecretId": secret.name}
        params |= {"VersionStage": secret.version_stage} if secret.version_stage else {}
        params |= {"VersionId": secret.version_id} if secret.version_id else {}
        answer = self._calls.json("secretsmanager", "GetSecretValue", params, secret.region)
        return str(answer.get("SecretString") or "")

    def value(self, secret: Secret) -> str:
        """The value for the container's environment, decrypted. Raises AwsError when it is gone by now."""
        if secret.service == "ssm":
            params = {"Names": [secret.name], "WithDecryption": True}
            answer = self._calls.json("ssm", "GetParameters", params, secret.region)
            found = next(iter(answer.get("Parameters") or ()), None)
            if found is None:
                raise AwsError("ParameterNotFound", secret.name)
            return str(found["Value"])
        text = self._secret_string(secret)
        if not secret.json_key:
            return text
        value = _object(text).get(secret.json_key)
        return value if isinstance(value, str) else json.dumps(value)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _json_keys(text: str) -> frozenset[str] | None:
    return frozenset(_object(text)) if text.lstrip().startswith("{") else frozenset()


class StoreLogs:
    """CloudWatch Logs in the kit's store."""

    def __init__(self, calls: InternalCalls) -> None:
        self._calls = calls

    def has_group(self, name: str, region: str) -> bool:
        """See ``labs.fargate.sources.Logs``."""
        answer = self._calls.json("logs", "DescribeLogGroups", {"logGroupNamePrefix": name}, region)
        return any(each.get("logGroupName") == name for each in answer.get("logGroups") or ())
