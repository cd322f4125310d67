"""Every error that botocore can raise, made as botocore makes it; and a target whose calls all raise one."""

import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from labs.failures import IncompleteAnswer, NotAnAnswer
from labs.session import local
from labs.session.target import Target

# Codes of every family that explain() knows, and one that it does not.
CODES = (
    "AccessDenied", "AccessDeniedException", "ConcurrentModification", "ExpiredToken", "InternalError",
    "InvalidClientTokenId", "RequestLimitExceeded", "RequestTimeTooSkewed", "ServerException", "ServiceFailure",
    "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ThrottlingException", "TooManyRequestsException",
    "Unavailable", "SomethingElse", "",
)  # fmt: skip


def classes() -> Iterator[type[boto.BotoCoreError]]:
    """Every exception of botocore's own, and the kit's among them."""
    found = [each for each in vars(boto).values() if isinstance(each, type) and issubclass(each, boto.BotoCoreError)]
    yield from (*found, NotAnAnswer, IncompleteAnswer)


def errors() -> dict[str, Exception]:
    """One of each, by name."""
    made: dict[str, Exception] = {each.__name__: _made(each) for each in classes()}
    for code in CODES:
        made[f"ClientError {code}"] = refusal(code)
    for status in (500, 502, 503, 504):
        made[f"ClientError {status}"] = refusal(str(status), status)
    made["ResponseParserError"] = ResponseParserError("not well-formed (invalid token): line 1, column 4")
    return made


def refusal(code: str, status: int = 400) -> boto.ClientError:
    """A ClientError with this code."""
    answer: Any = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(answer, "DescribeThings")


def _made(each: type[boto.BotoCoreError]) -> boto.BotoCoreError:
    names = {name for _, name, _, _ in string.Formatter().parse(each.fmt) if name}
    values: dict[str, Any] = {name: f"<{name}>" for name in names}
    return each(**values, **({"last_response": {}} if each is boto.WaiterError else {}))


def raising(target: Target, error: Exception) -> Target:
    """The target, but each of its calls raises this instead of being sent."""

    def refuse(**_: object) -> None:
        raise error

    session = local.isolated_session("AKIAEXAMPLE", "secret", "", target.region)
    session.events.register_first("before-call", refuse)
    return replace(target, session=session, _clients={})
