"""Condition keys that are members of the request: key, and the path to the member that holds it.

Source: the "Condition keys" tables of the service authorization reference. Which action has which key is
condition_keys.json's to say; a key that an action has not is left out there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# "a.b" goes into a structure, or into each one of a list; a number is written out, a boolean as true or false.
MEMBERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ec2": {
        "ec2:AvailabilityZone": ("AvailabilityZone",),
        "ec2:AvailabilityZoneId": ("AvailabilityZoneId",),
        "ec2:DhcpOptionsID": ("DhcpOptionsId",),
        "ec2:Domain": ("Domain",),
        "ec2:Tenancy": ("InstanceTenancy",),
        "ec2:VpceServiceName": ("ServiceName",),
        "ec2:VpceServiceRegion": ("ServiceRegion",),
        "ec2:KeyPairName": ("KeyName",),
        "ec2:PublicIpAddress": ("PublicIp",),
    },
    "ecr": {"ecr:AccountSetting": ("name",)},
    "ecs": {
        "ecs:account-setting": ("name",),
        "ecs:auto-assign-public-ip": ("networkConfiguration.awsvpcConfiguration.assignPublicIp",),
        "ecs:capacity-provider": ("capacityProviderStrategy.capacityProvider", "capacityProviders"),
        "ecs:compute-compatibility": ("requiresCompatibilities",),
        "ecs:enable-ecs-managed-tags": ("enableECSManagedTags",),
        "ecs:enable-execute-command": ("enableExecuteCommand",),
        "ecs:enable-service-connect": ("serviceConnectConfiguration.enabled",),
        "ecs:namespace": ("serviceConnectConfiguration.namespace", "serviceConnectDefaults.namespace"),
        "ecs:privileged": ("containerDefinitions.privileged",),
        "ecs:propagate-tags": ("propagateTags",),
        "ecs:subnet": ("networkConfiguration.awsvpcConfiguration.subnets",),
        "ecs:task-cpu": ("cpu", "overrides.cpu"),
        "ecs:task-memory": ("memory", "overrides.memory"),
    },
    "iam": {
        "iam:AWSServiceName": ("AWSServiceName",),
        "iam:PolicyARN": ("PolicyArn",),
    },
    "kms": {
        "kms:BypassPolicyLockoutSafetyCheck": ("BypassPolicyLockoutSafetyCheck",),
        "kms:CustomerMasterKeySpec": ("CustomerMasterKeySpec", "KeySpec"),
        "kms:DataKeyPairSpec": ("KeyPairSpec",),
        "kms:EncryptionAlgorithm": ("EncryptionAlgorithm",),
        "kms:GrantOperations": ("Operations",),
        "kms:GranteePrincipal": ("GranteePrincipal",),
        "kms:KeyAgreementAlgorithm": ("KeyAgreementAlgorithm",),
        "kms:KeyOrigin": ("Origin",),
        "kms:KeySpec": ("KeySpec", "CustomerMasterKeySpec"),
        "kms:KeyUsage": ("KeyUsage",),
        "kms:MacAlgorithm": ("MacAlgorithm",),
        "kms:MessageType": ("MessageType",),
        "kms:MultiRegion": ("MultiRegion",),
        "kms:PrimaryRegion": ("PrimaryRegion",),
        "kms:ReplicaRegion": ("ReplicaRegion",),
        "kms:RetiringPrincipal": ("RetiringPrincipal",),
        "kms:RotationPeriodInDays": ("RotationPeriodInDays",),
        "kms:ScheduleKeyDeletionPendingWindowInDays": ("PendingWindowInDays",),
        "kms:SigningAlgorithm": ("SigningAlgorithm",),
        "kms:WrappingAlgorithm": ("WrappingAlgorithm",),
        "kms:WrappingKeySpec": ("WrappingKeySpec",),
    },
    "secretsmanager": {
        "secretsmanager:AddReplicaRegions": ("AddReplicaRegions.Region",),
        "secretsmanager:BlockPublicPolicy": ("BlockPublicPolicy",),
        "secretsmanager:Description": ("Description",),
        "secretsmanager:ForceDeleteWithoutRecovery": ("ForceDeleteWithoutRecovery",),
        "secretsmanager:ForceOverwriteReplicaSecret": ("ForceOverwriteReplicaSecret",),
        "secretsmanager:KmsKeyId": ("KmsKeyId",),
        "secretsmanager:Name": ("Name",),
        "secretsmanager:RecoveryWindowInDays": ("RecoveryWindowInDays",),
        "secretsmanager:RotateImmediately": ("RotateImmediately",),
        "secretsmanager:RotationLambdaARN": ("RotationLambdaARN",),
        "secretsmanager:Type": ("Type",),
        "secretsmanager:VersionId": ("VersionId", "ClientRequestToken"),
        "secretsmanager:VersionStage": ("VersionStage", "VersionStages"),
    },
    "ssm": {
        "ssm:Overwrite": ("Overwrite",),
        "ssm:Policies": ("Policies",),
        "ssm:Recursive": ("Recursive",),
    },
}


def members(service: str, params: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """The keys whose member the request has."""
    found: dict[str, str | list[str]] = {}
    for key, paths in MEMBERS.get(service, {}).items():
        values = list(dict.fromkeys(value for path in paths for value in _texts(_at(params, path.split(".")))))
        if values:
            found[key] = values[0] if len(values) == 1 else values
    return found


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
    elif isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])
    elif isinstance(value, list):
        for item in value:
            yield from _at(item, path)


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, bool):
            yield str(value).lower()
        elif isinstance(value, str | int | float) and value != "":
            yield str(value)
        elif isinstance(value, list):
            yield from _texts(value)
