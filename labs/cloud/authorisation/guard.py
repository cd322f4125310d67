"""May this caller do this call? The refusal in the service's own code and words."""

from collections.abc import Sequence

from labs import iam
from labs.aws_texts import texts
from labs.cloud.authorisation import RequiredAction, checks_for
from labs.cloud.authorisation.access import LocalAccess
from labs.cloud.authorisation.authorization_messages import AuthorizationMessages
from labs.cloud.authorisation.lookups import StoreLookups
from labs.cloud.contract import AwsError, Caller
from labs.cloud.protocols.services import BY_NAME, ApiService, Protocol
from labs.cloud.wire.request import ApiCall


class Guard:
    """Asks ``access`` for every check of a call, with the policy of the resource itself where it has one."""

    def __init__(self, access: LocalAccess, lookups: StoreLookups, messages: AuthorizationMessages) -> None:
        self._access = access
        self._lookups = lookups
        self._messages = messages

    def checks(self, call: ApiCall) -> Sequence[RequiredAction]:
        """All that the call must be allowed."""
        return checks_for(call, self._lookups)

    def authorise(self, caller: Caller, call: ApiCall, checks: Sequence[RequiredAction]) -> None:
        """Raises AwsError, the service's own kind of refusal, at the first "no"."""
        for check in checks:
            policy = self._lookups.resource_policy(check.resource)
            decision = self._access.decide(caller, check.action, check.resource, check.context, policy)
            if not decision.allowed:
                words = self._access.sentence(caller, check.action, check.resource, decision)
                raise refusal(BY_NAME[call.service], check, words + self._encoded(caller, call, check, decision))

    def allowed(self, caller: Caller, call: ApiCall, checks: Sequence[RequiredAction]) -> list[bool]:
        """The answer to each check of an S3 call that decides key by key. Raises AwsError(NoSuchBucket)."""
        if not self._lookups.has_bucket(str(call.params.get("bucketName", ""))):
            text = texts("s3_errors")["delete.no_bucket"]
            raise AwsError(text.code, text.say(), text.status)
        policy = self._lookups.resource_policy(checks[0].resource)
        return [
            self._access.decide(caller, each.action, each.resource, each.context, policy).allowed for each in checks
        ]

    def _encoded(self, caller: Caller, call: ApiCall, check: RequiredAction, decision: iam.Decision) -> str:
        """What EC2 puts after its sentence where the refused action is about a resource."""
        if call.service != "ec2" or check.resource == "*":
            return ""
        encoded = self._messages.encode(caller, call.service, call.region, check, decision)
        return texts("iam_access")["access.ec2_encoded"].say(message=encoded) if encoded else ""


def refusal(service: ApiService, check: RequiredAction, sentence: str) -> AwsError:
    """AccessDeniedException for the JSON services, UnauthorizedOperation for EC2, AccessDenied for the others."""
    if service.protocol is Protocol.JSON:
        return AwsError("AccessDeniedException", sentence, 400)
    if service.protocol is Protocol.EC2:
        # EC2 puts its own sentence first and leaves the resource out where there is none.
        words = sentence.replace(" on resource: *", "", 1) if check.resource == "*" else sentence
        text = texts("iam_access")["access.ec2"]
        return AwsError(text.code, text.say(sentence=words), text.status)
    return AwsError("AccessDenied", sentence, 403)
