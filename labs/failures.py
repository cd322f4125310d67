"""What boto3 raises, in words a trainee can act on.

The codes are AWS's own (IAM and STS "Common Errors", Amazon EC2 and Amazon S3 error codes); where the account
answered with a sentence, that sentence is shown.
"""

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from labs.errors import LabError
from labs.printable import printable

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN_KEY = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_BAD_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
# The two sentences AWS uses when the request's time and its own differ by more than five minutes.
_SKEWED = ("Signature expired", "Signature not yet current")
# What botocore's standard retries call throttling, and ECS's and IAM's words for it.
_THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
    "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "EC2ThrottledException",
    "PriorRequestNotComplete",
}  # fmt: skip
# AWS's own faults, which pass: the "Common Errors" of every service, EC2's server error codes, ECS's ServerException.
# "Unavailable" and "InternalError" are EC2's.
_FAULTS = {
    "InternalError", "InternalFailure", "InternalServerError", "InternalServerException", "InternalServiceError",
    "InternalServiceException", "ServerException", "ServerInternal", "ServiceFailure", "ServiceUnavailable",
    "ServiceUnavailableException", "Unavailable", "RequestTimeout", "RequestTimeoutException",
}  # fmt: skip
# Somebody changes the same thing at this moment.
_CONFLICTS = {"ConcurrentModification", "ConcurrentModificationException", "ConcurrentUpdateException"}
# A connection that was there and was cut, or an answer that did not come to its end.
_CUT = (
    boto.ConnectionClosedError,
    boto.ReadTimeoutError,
    boto.ResponseStreamingError,
    boto.IncompleteReadError,
    boto.CapacityNotAvailableError,
)


class NotAnAnswer(boto.BotoCoreError):
    """What came back is no answer of AWS: a page, half a document, or one without what it must have."""

    fmt = "{call} was answered with {what}"


class IncompleteAnswer(NotAnAnswer, KeyError):
    """An answer of the right shape without something that AWS's answer has."""

    def __str__(self) -> str:
        return Exception.__str__(self)


# Providers that were asked for credentials and gave none.
_NOT_FETCHED = (
    boto.SSOError,
    boto.LoginError,
    boto.TokenRetrievalError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
)
# AWS CLI 2: prints the credentials of the profile in use as variables, and asks for the code where one is needed.
EXPORT = 'eval "$(aws configure export-credentials --format env)" && unset AWS_PROFILE'

# What boto3's client methods raise; a client of labs.session raises the last one as NotAnAnswer.
RAISED = (boto.ClientError, boto.BotoCoreError, ResponseParserError)


def code_of(error: Exception) -> str:
    """The AWS error code of a ClientError, else an empty string."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def denied(error: Exception) -> bool:
    """Whether the account refused the call for lack of permission."""
    return code_of(error) in _DENIED


def throttled(error: Exception) -> bool:
    """Whether AWS was asked too often."""
    return code_of(error) in _THROTTLED


def fault(error: Exception) -> bool:
    """Whether AWS, or something before it, failed at an answer: a status of 500 or more, a connection that was cut."""
    if isinstance(error, boto.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or code_of(error) in _FAULTS
    return isinstance(error, _CUT)


def passing(error: Exception) -> bool:
    """Whether asking again in a moment may help."""
    return throttled(error) or fault(error) or code_of(error) in _CONFLICTS


def explain(error: Exception, doing: str) -> LabError:
    """The LabError for what boto3 raised while ``doing`` (as in "asking who you are")."""
    if isinstance(error, boto.ClientError):
        return _refused(error, doing)
    if isinstance(error, boto.UnknownServiceError):
        return LabError(
            f"boto3 knows no service '{error.kwargs.get('service_name', '')}'.",
            "write the service's name as boto3 has it, like ecr or logs",
            id="service-unknown-to-boto",
        )
    if isinstance(error, boto.NoCredentialsError):
        return LabError(
            "There are no AWS credentials.",
            "sign in (aws login, aws sso login or aws configure) or set AWS_PROFILE, and try again",
            id="no-credentials",
        )
    if isinstance(error, boto.PartialCredentialsError):
        return LabError(
            f"The AWS credentials are incomplete: {error}",
            "give both keys, then try again",
            id="credentials-incomplete",
        )
    if isinstance(error, boto.ProfileNotFound):
        return LabError(
            f"{error}.", "set AWS_PROFILE to a profile that `aws configure list-profiles` shows", id="no-such-profile"
        )
    if isinstance(error, _NOT_FETCHED):
        return LabError(
            f"The AWS credentials could not be fetched: {error}", _fetch_them(error), id="credentials-not-fetched"
        )
    if isinstance(error, EOFError | boto.RefreshWithMFAUnsupportedError):
        return mfa_asked("")
    if isinstance(error, boto.NoRegionError):
        return no_region()
    if isinstance(error, boto.ConfigParseError | boto.ConfigNotFound | boto.InvalidConfigError):
        return LabError(
            f"The AWS configuration cannot be read: {error}",
            "fix that file, then try again",
            id="aws-configuration-unreadable",
        )
    if isinstance(error, NotAnAnswer | ResponseParserError | KeyError):
        how = f": {error}" if isinstance(error, NotAnAnswer) else ""
        return LabError(
            f"What answered while {doing} is not AWS{how}.",
            "check AWS_ENDPOINT_URL, and whether a proxy or a sign-in page stands in between",
            id="answer-not-from-aws",
        )
    if isinstance(error, boto.UnknownRegionError | boto.InvalidRegionError | boto.UnknownEndpointError):
        return LabError(f"{error}.", "set AWS_REGION to a Region of your account", id="region-unknown")
    if isinstance(error, boto.ProxyConnectionError | boto.InvalidProxiesConfigError):
        return LabError(
            f"The proxy does not let through while {doing}: {error}",
            "check HTTPS_PROXY and NO_PROXY",
            id="proxy-does-not-answer",
        )
    if isinstance(error, boto.MissingDependencyException):
        return LabError(
            f"This kind of sign-in needs a package that is not installed: {error}",
            f"take the credentials into the environment, where it is not needed: {EXPORT}",
            id="sign-in-needs-package",
        )
    if isinstance(error, boto.ParamValidationError | boto.ValidationError | boto.MissingParametersError):
        return LabError(
            f"A call could not be sent while {doing}: {error}", "correct what it names", id="call-malformed"
        )
    if isinstance(error, _CUT):
        return LabError(f"The connection was cut while {doing}: {error}", "try again in a minute", id="connection-cut")
    if isinstance(error, boto.SSLError):
        return LabError(
            f"The secure connection failed while {doing}: {error}",
            "check the clock and AWS_CA_BUNDLE",
            id="secure-connection-failed",
        )
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        url = getattr(error, "kwargs", {}).get("endpoint_url", "")
        where = f" at {url}" if url else ""
        return LabError(
            f"AWS does not answer{where} while {doing}.",
            "check the network, the region and AWS_ENDPOINT_URL; for the local AWS run the first cell again",
            id="aws-does-not-answer",
        )
    return LabError(
        f"Could not reach AWS while {doing}: {error}",
        "check AWS_ENDPOINT_URL, the region and the profile",
        id="aws-not-reached",
    )


def mfa_asked(profile: str) -> LabError:
    """The profile asks for a code at each use, and neither a shell cell nor a check can type one."""
    named = f"The profile {profile}" if profile else "This profile"
    return LabError(
        f"{named} asks for an MFA code each time, and shell cells and checks cannot type one.",
        f"in a terminal, once for the day: {EXPORT}; then labs start there",
        id="credentials-need-mfa",
    )


def _fetch_them(error: Exception) -> str:
    """What to do where a provider of credentials gave none."""
    provider = str(getattr(error, "kwargs", {}).get("provider", ""))
    if provider == "custom-process":
        return "run the profile's credential_process by itself: it must end with 0 and print the JSON of credentials"
    if isinstance(error, boto.MetadataRetrievalError) or provider.startswith("container"):
        return "check AWS_CONTAINER_CREDENTIALS_FULL_URI and the token beside it, or the instance's role"
    if isinstance(error, boto.LoginError):
        return "sign in again: aws login"
    return "sign in again: aws sso login"


def no_region() -> LabError:
    """No region is set."""
    return LabError(
        "No AWS region is set.", "set AWS_REGION, for example AWS_REGION=us-east-1, and try again", id="no-region"
    )


def _refused(error: boto.ClientError, doing: str) -> LabError:
    code = code_of(error)
    words = printable(error.response.get("Error", {}).get("Message", "") or error)
    if code in _EXPIRED:
        return LabError(
            f"The AWS credentials have expired ({code}).",
            "sign in again, then run this once more",
            id="credentials-expired",
        )
    if code == "RequestTimeTooSkewed" or (code in _BAD_SIGNATURE and words.startswith(_SKEWED)):
        return LabError(f"This machine's clock is wrong: {words}", "set the clock, then try again", id="clock-wrong")
    if code in _UNKNOWN_KEY:
        return LabError(
            f"AWS does not know this access key ({code}).",
            "check AWS_ACCESS_KEY_ID or AWS_PROFILE",
            id="access-key-unknown",
        )
    if code in _BAD_SIGNATURE:
        return LabError(
            f"The secret access key does not fit the access key ({code}).",
            "enter the keys again",
            id="secret-key-wrong",
        )
    if "does not support the availability zone of the subnet" in words:
        # [field] terraform-aws-modules/terraform-aws-vpc#462: InvalidParameter of CreateVpcEndpoint.
        return LabError(
            f"AWS refused while {doing}: {words}",
            "make the subnets in two of the zones that lab.zones names",
            id="endpoint-not-in-zone",
        )
    if code in _THROTTLED:
        return LabError(
            f"AWS was asked too often while {doing} ({error.operation_name}: {code}).",
            "wait a minute, then try again",
            id="asked-too-often",
        )
    if fault(error) or code in _CONFLICTS:
        said = f": {words}" if words else "."
        return LabError(
            f"AWS failed while {doing} ({error.operation_name}: {code}){said}", "try again in a minute", id="aws-failed"
        )
    if code in _DENIED:
        return LabError(
            f"AWS refused while {doing}: {words}",
            "ask for that permission, or use another profile",
            id="permission-missing",
        )
    return LabError(
        f"AWS answered {code} while {doing}: {words}", "fix what it names, then try again", id="aws-refused-call"
    )
