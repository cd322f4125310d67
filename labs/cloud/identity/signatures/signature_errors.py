"""AWS's codes and words when a signature is not accepted, per service family.

Sources: "Common Error Types" in the API references of IAM, STS, EC2 and the JSON services;
"Error responses" in the S3 API reference.
"""

from enum import Enum

from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures.claim import Family


class SignatureRefusal(Enum):
    """Why a request's credentials are not accepted."""

    NOT_SIGNED = "not signed"
    INCOMPLETE = "incomplete"
    UNKNOWN_KEY = "unknown key"
    BAD_TOKEN = "bad token"
    EXPIRED_TOKEN = "expired token"
    WRONG_SIGNATURE = "wrong signature"
    SKEWED = "skewed"
    URL_EXPIRED = "URL expired"


_INVALID = "The security token included in the request is invalid."
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_S3_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
_EC2_FAILED = "AWS was not able to validate the provided access credentials"

_TABLE: dict[Family, dict[SignatureRefusal, tuple[str, str, int]]] = {
    Family.JSON: {
        SignatureRefusal.NOT_SIGNED: ("MissingAuthenticationTokenException", "Missing Authentication Token", 400),
        SignatureRefusal.INCOMPLETE: ("IncompleteSignatureException", "", 400),
        SignatureRefusal.UNKNOWN_KEY: ("UnrecognizedClientException", _INVALID, 400),
        SignatureRefusal.BAD_TOKEN: ("UnrecognizedClientException", _INVALID, 400),
        SignatureRefusal.EXPIRED_TOKEN: (
            "ExpiredTokenException",
            "The security token included in the request is expired",
            400,
        ),
        SignatureRefusal.WRONG_SIGNATURE: ("InvalidSignatureException", _MISMATCH, 400),
        SignatureRefusal.SKEWED: ("InvalidSignatureException", "", 400),
        SignatureRefusal.URL_EXPIRED: ("InvalidSignatureException", "", 400),
    },
    Family.QUERY: {
        SignatureRefusal.NOT_SIGNED: ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
        SignatureRefusal.INCOMPLETE: ("IncompleteSignature", "", 400),
        SignatureRefusal.UNKNOWN_KEY: ("InvalidClientTokenId", _INVALID, 403),
        SignatureRefusal.BAD_TOKEN: ("InvalidClientTokenId", _INVALID, 403),
        SignatureRefusal.EXPIRED_TOKEN: ("ExpiredToken", "The security token included in the request is expired", 403),
        SignatureRefusal.WRONG_SIGNATURE: ("SignatureDoesNotMatch", _MISMATCH, 403),
        SignatureRefusal.SKEWED: ("SignatureDoesNotMatch", "", 403),
        SignatureRefusal.URL_EXPIRED: ("SignatureDoesNotMatch", "", 403),
    },
    Family.EC2: {
        SignatureRefusal.NOT_SIGNED: ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
        SignatureRefusal.INCOMPLETE: ("IncompleteSignature", "", 400),
        SignatureRefusal.UNKNOWN_KEY: ("AuthFailure", _EC2_FAILED, 401),
        SignatureRefusal.BAD_TOKEN: ("AuthFailure", _EC2_FAILED, 401),
        SignatureRefusal.EXPIRED_TOKEN: ("RequestExpired", "Request has expired.", 400),
        SignatureRefusal.WRONG_SIGNATURE: ("AuthFailure", _EC2_FAILED, 401),
        SignatureRefusal.SKEWED: ("RequestExpired", "Request has expired.", 400),
        SignatureRefusal.URL_EXPIRED: ("RequestExpired", "Request has expired.", 400),
    },
    Family.S3: {
        SignatureRefusal.NOT_SIGNED: ("AccessDenied", "Access Denied", 403),
        SignatureRefusal.INCOMPLETE: ("AuthorizationHeaderMalformed", "", 400),
        SignatureRefusal.UNKNOWN_KEY: (
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            403,
        ),
        SignatureRefusal.BAD_TOKEN: ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
        SignatureRefusal.EXPIRED_TOKEN: ("ExpiredToken", "The provided token has expired.", 400),
        SignatureRefusal.WRONG_SIGNATURE: (
            "SignatureDoesNotMatch",
            _S3_MISMATCH,
            403,
        ),
        SignatureRefusal.SKEWED: (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
        ),
        SignatureRefusal.URL_EXPIRED: ("AccessDenied", "Request has expired", 403),
    },
}


def refusal(family: Family, why: SignatureRefusal, message: str = "") -> AwsError:
    """The error of this family; ``message`` is used where AWS's words name the particular request."""
    code, words, status = _TABLE[family][why]
    return AwsError(code, words or message, status)
