"""Answers and errors in each protocol's own form.

Sources: the AWS query, EC2 query, JSON 1.1 and REST XML protocols (smithy.io/2.0/aws/protocols); the error
envelopes of the IAM, EC2 and S3 API references.
"""

import json
import logging
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, unescape

from labs.cloud.contract import AwsError
from labs.cloud.protocols import xml_text
from labs.cloud.protocols.services import ApiService, Protocol
from labs.cloud.wire.answer import HttpAnswer

log = logging.getLogger("labs.cloud")
# Their bodies are what somebody stored.
_STORED = ("GetObject", "GetBucketPolicy")
_REQUEST_ID = re.compile(r"<RequestId>[^<]*</RequestId>")
_JSON = "application/x-amz-json-1.1"


def success(service: ApiService, operation: str, result: dict[str, Any], request_id: str) -> HttpAnswer:
    """The answer of an operation that is ours, from its output members."""
    if service.protocol is Protocol.JSON:
        body = json.dumps(result, default=_timestamp, separators=(",", ":")).encode()
        return HttpAnswer(200, {"content-type": _JSON, "x-amzn-requestid": request_id}, body)
    from moto.core.serialize import get_serializer_class
    from moto.core.utils import get_service_model

    model = get_service_model(service.name).operation_model(operation)
    serializer = get_serializer_class(service.name, service.protocol.value)(operation_model=model)
    text = serializer.serialize(result)["body"]
    text = text.decode() if isinstance(text, bytes) else str(text)
    # moto's serializer writes a fixed word there.
    text = _REQUEST_ID.sub(f"<RequestId>{request_id}</RequestId>", text)
    return HttpAnswer(200, {"content-type": "text/xml", "x-amzn-requestid": request_id}, text.encode())


def with_request_id(protocol: Protocol, answer: HttpAnswer, request_id: str) -> HttpAnswer:
    """The store's answer with the request's id where the protocol has it and moto writes a fixed word."""
    if protocol is Protocol.REST_XML:
        return replace(answer, headers={**answer.headers, "x-amz-request-id": request_id, "x-amz-id-2": request_id})
    if protocol is Protocol.JSON or b">request-id</" not in answer.body:
        return answer
    return replace(answer, body=answer.body.replace(b">request-id</", f">{request_id}</".encode()))


def readable(service: ApiService, operation: str, answer: HttpAnswer) -> HttpAnswer:
    """The answer if a client can read it, with U+FFFD in place of what XML cannot hold.

    Raises AwsError(InternalFailure), and the log names the call, where it is no XML in another way.
    """
    kind = answer.headers.get("content-type", "")
    is_xml = service.protocol in (Protocol.QUERY, Protocol.EC2) or (
        service.protocol is Protocol.REST_XML and "xml" in kind and operation not in _STORED
    )
    if not is_xml or not answer.body:
        return answer
    try:
        body = xml_text.readable(answer.body)
    except xml_text.Unreadable:
        log.error("%s %s: the answer is not XML", service.name, operation)
        raise AwsError(
            "InternalFailure",
            "The local AWS's answer would not have been readable; its log names the call. (simulated wording)",
            500,
        ) from None
    if body is not answer.body:
        log.warning(
            "%s %s: the state holds a character that XML cannot hold; it was sent as U+FFFD. "
            "Stop the local AWS and run labs cloud --check-state, which repairs that",
            *(service.name, operation),
        )
    return replace(answer, body=body)


def failure(
    protocol: Protocol, error: AwsError, request_id: str, namespace: str = "", head: bool = False
) -> HttpAnswer:
    """An error in a protocol's own envelope; a HEAD request gets none."""
    headers = {"x-amzn-requestid": request_id}
    if protocol is Protocol.JSON:
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return HttpAnswer(error.status, {**headers, "content-type": _JSON, "x-amzn-errortype": error.code}, body)
    code, message = escape(xml_text.held(error.code)), escape(xml_text.held(error.message))
    if protocol is Protocol.EC2:
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        return HttpAnswer(error.status, {**headers, "content-type": "text/xml;charset=UTF-8"}, text.encode())
    if protocol is Protocol.QUERY:
        kind = "Receiver" if error.status >= 500 else "Sender"
        text = (
            f'<ErrorResponse xmlns="{escape(namespace)}"><Error><Type>{kind}</Type><Code>{code}</Code>'
            f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return HttpAnswer(error.status, {**headers, "content-type": "text/xml"}, text.encode())
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
        f"<HostId>{request_id}</HostId></Error>"
    )
    return HttpAnswer(
        error.status,
        {"x-amz-request-id": request_id, "x-amz-id-2": request_id, "content-type": "application/xml"},
        b"" if head else text.encode(),
    )


_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")


def read_error(protocol: Protocol, answer: HttpAnswer) -> tuple[str, str]:
    """Code and message of an error that the store has written itself."""
    if protocol is Protocol.JSON:
        try:
            raw = json.loads(answer.body)
            code = str(raw.get("__type") or answer.headers.get("x-amzn-errortype", ""))
            return code.rsplit("#", 1)[-1], str(raw.get("message") or raw.get("Message") or "")
        except (ValueError, AttributeError):
            return str(answer.status), ""
    codes, messages = _CODE.findall(answer.body), _MESSAGE.findall(answer.body)
    return (
        unescape(codes[0].decode()) if codes else str(answer.status),
        unescape(messages[0].decode("utf-8", "replace")) if messages else "",
    )


def _timestamp(value: object) -> Any:
    """JSON 1.1 writes a time as seconds since the epoch."""
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
