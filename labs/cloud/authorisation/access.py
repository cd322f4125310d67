"""The decision with the policies of this moment: the gateway's and the registry's one way to ask."""

from collections.abc import Mapping, Sequence

from labs import iam
from labs.cloud.contract import Caller, Clock, Context
from labs.cloud.identity.credentials import CredentialStore
from labs.cloud.identity.identities import Identities


class LocalAccess:
    """Implements ``contract.Access`` over the IAM store."""

    def __init__(self, identities: Identities, credentials: CredentialStore, clock: Clock) -> None:
        self._identities = identities
        self._credentials = credentials
        self._clock = clock

    def decide(
        self,
        caller: Caller,
        action: str,
        resource: str,
        context: Context = {},  # noqa: B006  (never written to)
        resource_policy: iam.Policy | None = None,
    ) -> iam.Decision:
        """See ``contract.Access``."""
        held = self._identities.held(caller.principal.identity_arn)
        policies = iam.Policies(
            identity=held.identity,
            resource=resource_policy,
            boundary=held.boundary,
            session=caller.session_policies,
        )
        return iam.evaluate(self.request(caller, action, resource, context), policies)

    def decide_trust(
        self, caller: Caller, action: str, role_arn: str, trust: iam.Policy, context: Context
    ) -> iam.Decision:
        """Whether a role's trust policy, with the caller's own policies, lets it be assumed."""
        held = self._identities.held(caller.principal.identity_arn)
        policies = iam.Policies(identity=held.identity, boundary=held.boundary, session=caller.session_policies)
        return iam.evaluate_trust(self.request(caller, action, role_arn, context), trust, policies)

    def request(self, caller: Caller, action: str, resource: str, context: Context) -> iam.Request:
        """The request as the evaluator takes it, with the global condition keys filled in."""
        owner = _account_of(resource)
        keys: dict[str, str | Sequence[str]] = {
            **caller.context,
            **iam.time_keys(self._clock()),
            "aws:ResourceAccount": owner or caller.account,
            **context,
        }
        return iam.Request(caller.principal, action, resource, keys, owner if owner != caller.account else "")

    def sentence(self, caller: Caller, action: str, resource: str, decision: iam.Decision) -> str:
        """See ``contract.Access``."""
        return iam.sentence(iam.Request(caller.principal, action, resource), decision)

    def alive(self, caller: Caller) -> bool:
        """See ``contract.Access``."""
        return self._credentials.alive(caller)


def _account_of(resource: str) -> str:
    """The account in an ARN, "" when it names none (S3) or is not an ARN."""
    parts = resource.split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    return account if len(account) == 12 and account.isdigit() else ""


def tag_context(prefix: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Condition keys of tags: ``aws:ResourceTag/NAME`` and the like."""
    return {f"{prefix}/{name}": value for name, value in tags.items()}
