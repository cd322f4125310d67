"""boto3 sessions whose clients know an answer of AWS from something else that came back.

botocore takes an HTML page for an answer without members, and ends in ``ResponseParserError`` or ``KeyError`` where it
cannot. Here, at the one place where an answer is read, a fault (status 500 or more) of any body becomes the ClientError
that botocore's retries know, and all else that is no answer becomes NotAnAnswer, a BotoCoreError.
"""

import http.client
import json
import re
from typing import Any

import boto3
import botocore.session
from botocore.parsers import ResponseParserError, ResponseParserFactory

from labs.failures import IncompleteAnswer, NotAnAnswer

_JSON, _XML = {"json"}, {"query", "ec2"}
# The first element of a document, behind what may stand before it.
_ROOT = re.compile(rb"\s*(?:<\?[^>]*\?>\s*)?<(?:\w+:)?([\w.-]+)")
# They answer with what they read; an answer without any of it is none.
_READS = ("BatchGet", "Describe", "Get", "List", "Lookup")


def session(core: botocore.session.Session | None = None, **options: Any) -> boto3.Session:
    """A boto3 session, of ``core`` if given; ``options`` as boto3.Session's."""
    core = core or botocore.session.get_session()
    core.register_component("response_parser_factory", _Parsers())
    return boto3.Session(botocore_session=core, **options)


class _Parsers(ResponseParserFactory):
    """botocore's parsers, each behind a ``_Parser``."""

    def create_parser(self, protocol_name: str) -> Any:
        return _Parser(super().create_parser(protocol_name), protocol_name)


class _Parser:
    def __init__(self, parser: Any, protocol: str) -> None:
        self._parser, self._protocol = parser, protocol

    def parse(self, response: dict[str, Any], shape: Any) -> Any:
        """As botocore's parser; NotAnAnswer for what is no answer of AWS."""
        status = response["status_code"]
        if shape is not None and (shape.metadata.get("exception") or shape.serialization.get("eventstream")):
            return self._parser.parse(response, shape)
        call = str((response.get("context") or {}).get("operation_name") or "the call")
        try:
            parsed = self._parser.parse(response, shape)
        except (ResponseParserError, KeyError, TypeError, ValueError, AttributeError) as error:
            if status >= 500:
                return _generic(response)
            raise NotAnAnswer(call=call, what=_shown(response)) from error
        if status >= 301:
            if parsed.get("Error", {}).get("Code") and (self._protocol not in _JSON or _is_json(response["body"])):
                return parsed
            if status >= 500:
                return _generic(response)
            raise NotAnAnswer(call=call, what=_shown(response))
        if not self._plausible(response["body"], call, shape, parsed):
            raise NotAnAnswer(call=call, what=_shown(response))
        return _answer(parsed, call)

    def _plausible(self, body: Any, call: str, shape: Any, parsed: dict[str, Any]) -> bool:
        """Whether a success is what AWS says it with."""
        members = set(shape.members) if shape is not None else set()
        if self._protocol in _XML:
            root = _ROOT.match(body or b"")
            if root is None or not root[1].endswith(b"Response"):
                return False
        elif self._protocol in _JSON and (body or members):
            if not _is_json(body):
                return False
        else:
            return True
        return not (call.startswith(_READS) and members) or bool(members & set(parsed))


def _is_json(body: Any) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (TypeError, ValueError):
        return False


class _Answer(dict[str, Any]):
    """A structure of an answer; what AWS's answer has and this one has not is IncompleteAnswer."""

    def __init__(self, values: dict[str, Any], call: str) -> None:
        super().__init__(values)
        self._call = call

    def __missing__(self, key: str) -> Any:
        raise IncompleteAnswer(call=self._call, what=f"no '{key}' in it")

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


def _answer(value: Any, call: str) -> Any:
    if isinstance(value, dict):
        return _Answer({name: _answer(each, call) for name, each in value.items()}, call)
    return [_answer(each, call) for each in value] if isinstance(value, list) else value


def _generic(response: dict[str, Any]) -> dict[str, Any]:
    """The parsed error of a fault whose body says nothing, as botocore has it for an HTML page."""
    status = response["status_code"]
    words = http.client.responses.get(status, "")
    headers = {str(name).lower(): value for name, value in response["headers"].items()}
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    return {"Error": {"Code": str(status), "Message": words}, "ResponseMetadata": metadata}


def _shown(response: dict[str, Any]) -> str:
    """What came, in a few words; never its text, which may be a page with secrets in it."""
    body, status = response["body"] or b"", response["status_code"]
    kind = str(response["headers"].get("Content-Type", "")).partition(";")[0].strip()
    if not body:
        return f"status {status} and an empty body"
    named = kind or ("text/html" if re.match(rb"\s*<(!doctype )?html", body, re.IGNORECASE) else "no content type")
    return f"status {status} and {len(body)} bytes of {named}"
