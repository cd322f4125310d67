"""AWS's codes and words when a signature is not accepted, per service family."""

from enum import Enum

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.protocols.services import Family


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


def refusal(family: Family, why: SignatureRefusal, message: str = "") -> AwsError:
    """The error of this family; ``message`` is used where AWS's words name the particular request (``detail``)."""
    text = texts("signatures")[f"signature.{family.value}.{why.name.lower()}"]
    return AwsError(text.code, text.say(detail=message), text.status)
