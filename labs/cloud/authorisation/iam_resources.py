"""IAM's and STS's resource types and the members that name them; existing identities keep their paths."""

from collections.abc import Sequence

from labs.cloud.authorisation.question import Lookups, Resolver, values_of
from labs.cloud.wire.request import ApiCall

_NAMED = {
    "group": "GroupName",
    "instance-profile": "InstanceProfileName",
    "role": "RoleName",
    "user": "UserName",
    "server-certificate": "ServerCertificateName",
    "saml-provider": "Name",
    "mfa": "VirtualMFADeviceName",
}
_BY_ARN = {
    "policy": "PolicyArn",
    "oidc-provider": "OpenIDConnectProviderArn",
    "saml-provider": "SAMLProviderArn",
    "mfa": "SerialNumber",
}
_CREATES = {"CreateGroup", "CreateInstanceProfile", "CreateRole", "CreateUser", "UploadServerCertificate"}


def _resolver(kind: str) -> Resolver:
    def resolve(call: ApiCall, lookups: Lookups) -> Sequence[str]:
        found = values_of(call, _BY_ARN[kind]) if kind in _BY_ARN else []
        source = values_of(call, "PolicySourceArn")
        found += [value for value in source if f":{kind}/" in value]
        for name in values_of(call, _NAMED[kind]) if kind in _NAMED else []:
            path = str(call.params.get("Path") or "/") if call.operation in _CREATES else ""
            found.append(identity_arn(call, lookups, kind, name, path))
        if kind == "policy" and call.operation == "CreatePolicy":
            path = str(call.params.get("Path") or "/")
            found += [f"arn:aws:iam::{call.account}:policy{path}{name}" for name in values_of(call, "PolicyName")]
        if kind == "oidc-provider" and call.operation == "CreateOpenIDConnectProvider":
            found += [
                f"arn:aws:iam::{call.account}:oidc-provider/{url.split('://', 1)[-1]}" for url in values_of(call, "Url")
            ]
        return found

    return resolve


def identity_arn(call: ApiCall, lookups: Lookups, kind: str, name: str, path: str = "") -> str:
    """The ARN of a user, role, group or instance profile by its name."""
    where = path or lookups.iam_path(call.account, kind, name)
    return f"arn:aws:iam::{call.account}:{kind}{where}{name}"


RESOLVERS: dict[str, Resolver] = {kind: _resolver(kind) for kind in {*_NAMED, *_BY_ARN}}
# The caller's own user stands for a name that is left out; the gateway fills it in.
OWN_USER = {
    "ChangePassword",
    "CreateAccessKey",
    "DeleteAccessKey",
    "GetUser",
    "ListAccessKeys",
    "ListMFADevices",
    "UpdateAccessKey",
}
