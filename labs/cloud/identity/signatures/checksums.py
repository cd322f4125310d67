"""The checksums that a client sends with an object's bytes, in a header or behind them, are those of the bytes.

Source: S3 user guide, "Checking object integrity"; RFC 3720 (CRC-32C), the NVMe base specification (CRC-64).
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import cache

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.wire.request import HttpRequest

_PREFIX = "x-amz-checksum-"
# Two of the sums take a second for 8 MiB here; SDKs send them for larger objects only where they are asked to.
_SLOW_MOST = 8 << 20
_SLOW = ("crc32c", "crc64nvme")


def check_checksums(request: HttpRequest, trailers: Mapping[str, str], body: bytes) -> None:
    """Raises AwsError for a checksum that is none, or not that of ``body``. ``trailers``: what stood behind it.

    CompleteMultipartUpload's are the whole object's and not of its body.
    """
    if request.method != "PUT" and "delete" not in request.query_values:
        return
    for name, value in {**request.headers, **trailers}.items():
        kind = name.removeprefix(_PREFIX)
        if name == "content-md5":
            if _decoded(value) != hashlib.md5(body, usedforsecurity=False).digest():
                raise _refused("checksum.md5")
        elif name.startswith(_PREFIX) and kind in _SUMS:
            given = _decoded(value)
            if given is None or len(given) != _LENGTHS[kind]:
                raise _refused("checksum.value", header=name)
            if (kind not in _SLOW or len(body) <= _SLOW_MOST) and given != _SUMS[kind](body):
                raise _refused("checksum.wrong", kind=kind.upper())


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _refused(id: str, /, **values: object) -> AwsError:
    text = texts("s3_errors")[id]
    return AwsError(text.code, text.say(**values), text.status)


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    """The remainders of all bytes for a reflected polynomial."""
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (polynomial if number & 1 else 0)
        table.append(number)
    return tuple(table)


def _crc(body: bytes, polynomial: int, size: int) -> bytes:
    """A reflected CRC of ``size`` bytes, inverted before and after."""
    table, full = _table(polynomial), (1 << 8 * size) - 1
    found = full
    for byte in body:
        found = table[(found ^ byte) & 0xFF] ^ found >> 8
    return (found ^ full).to_bytes(size, "big")


_SUMS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "crc32c": lambda body: _crc(body, 0x82F63B78, 4),
    "crc64nvme": lambda body: _crc(body, 0x9A6C9329AC4BC9B5, 8),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}
_LENGTHS = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
