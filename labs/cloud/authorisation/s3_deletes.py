"""DeleteObjects of S3: every key is decided, deleted and answered for by itself.

Sources: S3 API reference, DeleteObjects ("up to 1,000 keys"; "For each key, Amazon S3 performs a delete operation and
returns the result of that delete, success or failure"; quiet mode; the permissions; Content-MD5 is required) and its
sample response; an answer of S3 to a caller who may not delete, with HTTP 200, in boto/boto3#2884.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.wire.answer import HttpAnswer
from labs.cloud.wire.request import ApiCall, HttpRequest

_MOST_KEYS = 1000
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# ObjectIdentifier in the API reference. The last three delete an object only as it was when it was looked at.
_MEMBERS = ("Key", "VersionId", "ETag", "LastModifiedTime", "Size")
_CONDITIONS = _MEMBERS[2:]
_NO_SUMS = ("type", "algorithm", "mode")


@dataclass(frozen=True)
class Named:
    """One object of the list. ``version`` is "" for the current one; ``conditional``: it comes with a condition."""

    key: str
    version: str = ""
    conditional: bool = False


@dataclass(frozen=True)
class Deletion:
    """What a request asks to delete, in its order; ``quiet``: the answer names failures only."""

    named: tuple[Named, ...]
    quiet: bool = False

    def narrowed(self, call: ApiCall, allowed: Sequence[bool]) -> ApiCall | None:
        """The call with nothing but the objects that may go, None when there is none. What was not decided about cannot
        be in it."""
        kept = [each for each, may in zip(self.named, allowed, strict=True) if may and not each.conditional]
        return replace(call, http=replace(call.http, body=_document(kept))) if kept else None

    def answer(self, allowed: Sequence[bool], store: HttpAnswer | None) -> HttpAnswer:
        """S3's answer: ``store`` has told what was deleted, None where nothing was asked of it."""
        if store is not None and store.status >= 400:
            return store
        told = _read(store.body) if store is not None else ElementTree.Element("DeleteResult")
        lines = [] if self.quiet else [_written("Deleted", _members(each)) for each in _children(told, "Deleted")]
        lines += [_written("Error", _members(each)) for each in _children(told, "Error")]
        for each, may in zip(self.named, allowed, strict=True):
            if not may or each.conditional:
                lines.append(_written("Error", _error(each, may)))
        result = f'<DeleteResult xmlns="{_NAMESPACE}">{"".join(lines)}</DeleteResult>'
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{result}'
        return HttpAnswer(200, {"content-type": "application/xml"}, body.encode())


def deletion_of(call: ApiCall) -> Deletion | None:
    """What a call asks to delete; None for any other call. Raises AwsError for a list that S3 would not read."""
    if (call.service, call.operation) != ("s3", "DeleteObjects"):
        return None
    if not _has_checksum(call.http):
        raise _refused("delete.no_checksum")
    return read(call.http.body)


def read(body: bytes) -> Deletion:
    """The list that a body holds. Raises AwsError(MalformedXML)."""
    try:
        # An entity could hide a key; S3's schema has none.
        top = ElementTree.Element("none") if b"<!DOCTYPE" in body.upper() else _read(body)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise _refused("delete.unreadable") from None
    named, quiet = [], False
    if _name(top) != "Delete":
        raise _refused("delete.unreadable")
    for each in top:
        if _name(each) == "Quiet":
            quiet = (each.text or "").strip() == "true"
        elif _name(each) == "Object":
            named.append(_object(each))
        else:
            raise _refused("delete.unreadable")
    if not 0 < len(named) <= _MOST_KEYS:
        raise _refused("delete.unreadable")
    return Deletion(tuple(named), quiet)


def _object(element: ElementTree.Element) -> Named:
    members = _members(element)
    flat = len(members) == len(element) and not any(len(each) for each in element)
    if not flat or not set(members) <= set(_MEMBERS) or not members.get("Key"):
        raise _refused("delete.unreadable")
    return Named(members["Key"], members.get("VersionId", ""), any(each in members for each in _CONDITIONS))


def _has_checksum(http: HttpRequest) -> bool:
    """Whether a checksum of the body came with it: it was compared when the signature was."""
    names = [*http.headers, *http.headers.get("x-amz-trailer", "").lower().split(",")]
    sums = [name.strip().removeprefix("x-amz-checksum-") for name in names if "x-amz-checksum-" in name]
    return "content-md5" in http.headers or any(each not in _NO_SUMS for each in sums)


def _document(named: Sequence[Named]) -> bytes:
    def objects() -> Iterator[str]:
        for each in named:
            members = {"Key": each.key} | ({"VersionId": each.version} if each.version else {})
            yield _written("Object", members)

    return f'<Delete xmlns="{_NAMESPACE}">{"".join(objects())}</Delete>'.encode()


def _error(named: Named, allowed: bool) -> dict[str, str]:
    text = texts("s3_errors")["delete.condition" if allowed else "delete.denied"]
    version = {"VersionId": named.version} if named.version else {}
    return {"Key": named.key, **version, "Code": text.code, "Message": text.say()}


def _written(name: str, members: dict[str, str]) -> str:
    # A carriage return in a key would be read as a line feed.
    inner = "".join(f"<{each}>{escape(value, {chr(13): '&#13;'})}</{each}>" for each, value in members.items())
    return f"<{name}>{inner}</{name}>"


def _read(body: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(body)


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in element if _name(each) == name]


def _members(element: ElementTree.Element) -> dict[str, str]:
    return {_name(each): each.text or "" for each in element}


def _refused(id: str) -> AwsError:
    text = texts("s3_errors")[id]
    return AwsError(text.code, text.say(), text.status)
