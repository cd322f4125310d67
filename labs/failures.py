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


def code_of(error: Exception) -> str:
    """The AWS error code of a ClientError, else an empty string."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def denied(error: Exception) -> bool:
    """Whether the account refused the call for lack of permission."""
    return code_of(error) in _DENIED


def explain(error: Exception, doing: str) -> LabError:
    """The LabError for what boto3 raised while ``doing`` (as in "asking who you are")."""
    if isinstance(error, boto.ClientError):
        return _refused(error, doing)
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
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return LabError(
            f"The AWS credentials could not be fetched: {error}",
            "sign in again: aws sso login",
            id="credentials-not-fetched",
        )
    if isinstance(error, boto.NoRegionError):
        return no_region()
    if isinstance(error, boto.ConfigParseError | boto.ConfigNotFound | boto.InvalidConfigError):
        return LabError(
            f"The AWS configuration cannot be read: {error}",
            "fix that file, then try again",
            id="aws-configuration-unreadable",
        )
    if isinstance(error, ResponseParserError | KeyError):
        return LabError(
            f"What answered while {doing} is not AWS.",
            "check AWS_ENDPOINT_URL, and whether a proxy or a sign-in page stands in between",
            id="answer-not-from-aws",
        )
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
    if code in _DENIED:
        return LabError(
            f"AWS refused while {doing}: {words}",
            "ask for that permission, or use another profile",
            id="permission-missing",
        )
    return LabError(
        f"AWS answered {code} while {doing}: {words}", "fix what it names, then try again", id="aws-refused-call"
    )
