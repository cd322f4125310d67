"""Who a web identity token speaks for: the caller of sts:AssumeRoleWithWebIdentity.

Sources: STS API reference, AssumeRoleWithWebIdentity; IAM user guide, reference_policies_iam-condition-keys ("Available
keys for AWS OIDC federation"), id_roles_providers_create_oidc (RS256 to ES512), id_session-tags ("Passing session tags
using AssumeRoleWithWebIdentity"). The refusals are those of the field, but where they say so.
"""

from collections.abc import Mapping
from typing import Any

from labs import iam
from labs.cloud.apis.provider_keys import ProviderKeys
from labs.cloud.apis.sts_errors import refused
from labs.cloud.apis.sts_parameters import invalid, required, role_arn
from labs.cloud.contract import AwsError, Caller, Clock
from labs.cloud.identity.identities import Identities, OidcProvider
from labs.iam.shared_providers import OWN_CLAIMS

_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
_LONGEST_TOKEN = 20_000
_SKEW_SECONDS = 300
# The claims are judged here, by the lab's clock and in AWS's words.
_SIGNATURE_ONLY: Any = {"verify_signature": True} | dict.fromkeys(
    ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
)


class WebIdentities:
    """``caller`` reads and verifies a token; whether the role trusts it is StsApi's question."""

    def __init__(self, identities: Identities, keys: ProviderKeys, clock: Clock) -> None:
        self._identities = identities
        self._keys = keys
        self._clock = clock

    def caller(self, params: Mapping[str, Any], connection: iam.Connection) -> Caller:
        """The token's subject, with its claims as condition keys. Raises AwsError for a token that proves nothing."""
        account = role_arn(params).split(":")[4]
        token = required(params, "WebIdentityToken")
        if not 4 <= len(token) <= _LONGEST_TOKEN:
            raise invalid(
                "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal "
                f"to {_LONGEST_TOKEN}"
            )
        header, claims = _unverified(token)
        issuer = claims.get("iss")
        if not isinstance(issuer, str):
            raise refused("token.not_jwt")
        provider = self._identities.oidc_provider(account, issuer.removeprefix("https://"))
        if provider is None:
            raise refused("token.no_provider", issuer=issuer[:255])
        self._check_signature(token, header, issuer, provider)
        self._check_times(claims)
        audience = _audience(claims, provider)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise refused("token.no_subject")
        principal = iam.Principal(provider.arn, account, iam.PrincipalKind.FEDERATED)
        keys = {
            **iam.principal_keys(principal, user_id=f"{provider.arn}:{audience}:{subject}"),
            "aws:FederatedProvider": provider.arn,
            **_claim_keys(provider.url, claims, audience, subject),
            **_session_keys(claims),
        }
        return Caller(principal, access_key_id="", connection=connection, identity_keys=keys)

    def _check_signature(self, token: str, header: Mapping[str, Any], issuer: str, provider: OidcProvider) -> None:
        import jwt

        keys = self._keys.find(issuer, provider.thumbprints)
        named = [key for key in keys if key.get("kid") == header.get("kid")] or (keys if len(keys) == 1 else [])
        if header.get("alg") not in _ALGORITHMS or not named:
            raise _unsigned()
        try:
            jwt.decode(
                token,
                jwt.PyJWK(dict(named[0]), algorithm=header["alg"]),
                algorithms=_ALGORITHMS,
                options=_SIGNATURE_ONLY,
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _unsigned() from error

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = int(self._clock().timestamp())
        expires = claims.get("exp")
        if not _is_time(expires) or not _is_time(claims.get("iat")):
            raise refused("token.no_times")
        if now >= claims["exp"]:
            raise refused("token.too_late", now=now, end=int(claims["exp"]))
        if any(_is_time(claims.get(name)) and claims[name] > now + _SKEW_SECONDS for name in ("iat", "nbf")):
            raise refused("token.too_early")


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, not trusted yet: they say whose key to look for."""
    import jwt

    try:
        unverified: Any = {**_SIGNATURE_ONLY, "verify_signature": False}
        whole = jwt.decode_complete(token, options=unverified)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise refused("token.not_jwt") from error
    return whole["header"], whole["payload"]


def _audience(claims: Mapping[str, Any], provider: OidcProvider) -> str:
    """The audience that the provider is registered for: ``azp`` where there is one, else ``aud``."""
    found = claims.get("azp") or claims.get("aud")
    for audience in found if isinstance(found, list) else [found]:
        if isinstance(audience, str) and audience in provider.clients:
            return audience
    raise refused("token.audience")


def _claim_keys(url: str, claims: Mapping[str, Any], audience: str, subject: str) -> dict[str, str | list[str]]:
    keys: dict[str, str | list[str]] = {f"{url}:aud": audience, f"{url}:sub": subject}
    if claims.get("azp"):
        keys[f"{url}:oaud"] = _texts(claims.get("aud"))
    if claims.get("amr"):
        keys[f"{url}:amr"] = _texts(claims["amr"])
    for name in ("email", *OWN_CLAIMS.get(url, ())):
        if isinstance(claims.get(name), str):
            keys[f"{url}:{name}"] = claims[name]
    return keys


def _session_keys(claims: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Session tags and source identity that the provider asks for, as keys of the request."""
    keys: dict[str, str | list[str]] = {}
    wanted = claims.get("https://aws.amazon.com/tags")
    tags = wanted.get("principal_tags") if isinstance(wanted, Mapping) else None
    for name, value in (tags if isinstance(tags, Mapping) else {}).items():
        texts = _texts(value)
        if len(texts) == 1:
            keys[f"aws:RequestTag/{name}"] = texts[0]
    if keys:
        keys["aws:TagKeys"] = sorted(key.split("/", 1)[1] for key in keys)
        transitive = _texts(wanted.get("transitive_tag_keys") or []) if isinstance(wanted, Mapping) else []
        if transitive:
            keys["sts:TransitiveTagKeys"] = transitive
    source = claims.get("https://aws.amazon.com/source_identity")
    if isinstance(source, str) and source:
        keys["sts:SourceIdentity"] = source
    return keys


def _texts(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53


def _unsigned() -> AwsError:
    return refused("token.signature")
