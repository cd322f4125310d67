"""Secrets baked into an image: in a file of any layer, in its environment and labels, or in its history.

A file that a later layer deletes is still in the earlier one, so every layer is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labs import oci
from labs.engine.archive import Image

# Forms that are secrets wherever they stand. AWS key ids: IAM user guide, "Unique identifiers" (AKIA, ASIA).
_PATTERNS = (
    ("an AWS access key id", re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("a private key", re.compile(rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----")),
)
_NAMES = re.compile(
    r"(?i)SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|(?:^|_)(?:PASS|PWD|PW)$|_(?:PASS|PWD)(?:_|$)|(?:^|_)TOKENS?(?:$|_)"
    r"|(?:AUTH|ACCESS|API|BEARER|BOT|REFRESH|GITHUB)TOKEN|(?:API|PRIVATE|ACCESS|SIGNING|ENCRYPTION|SECRET)[_-]?KEY"
)
# What says where a secret is or how it is handled, and not what it is; and values that are no secret.
_ABOUT = re.compile(
    r"(?i)[_-](?:FILE|PATH|DIR|ARN|NAME|ID|TTL|URL|URI|LENGTH|SIZE|COUNT|EXPIRY|TIMEOUT|ENABLED|TYPE|HEADER|VERSION|PROVIDER|MODE|STORE|MANAGER|RULES?|POLICY)$"
)
_NO_SECRET = re.compile(r"(?i)|true|false|yes|no|none|null|on|off|\d{1,4}|/\S*|arn:\S+|\$\{?\w+\}?|\*+")
_IN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?!\*+@|\$)[^/\s@]+@")
# The system's own files hold test keys and examples; only the lab's known secret is looked for there.
_SYSTEM = ("usr/", "lib/", "lib64/", "etc/ssl/", "var/lib/dpkg/", "bin/", "sbin/")
_LIMIT = 8 << 20


@dataclass(frozen=True)
class Leak:
    """One secret: ``where`` is layer, env or history; ``place`` the file, variable or step; ``kind`` in words.

    The secret itself is never carried along.
    """

    where: str
    place: str
    kind: str


def leaks(image: Image, platform: oci.Platform, known: str) -> Iterator[Leak]:
    """Every secret found in one platform's image, the cheapest places first; ``known`` is the lab's own, or ''."""
    document = image.config(platform)
    config = document.get("config") or {}
    variables = [str(each).partition("=")[::2] for each in config.get("Env") or []]
    labels = [(str(name), str(value)) for name, value in (config.get("Labels") or {}).items()]
    for name, value in [*variables, *labels]:
        kind = secret_in(name, value, known)
        if kind:
            yield Leak("env", name, kind)
    for number, step in enumerate(document.get("history") or [], start=1):
        kind = _kind(str(step.get("created_by", "")).encode(), known)
        if kind:
            yield Leak("history", f"step {number}", kind)
    for entry in image.files(platform):
        if not entry.info.isreg() or not entry.info.size:
            continue
        system = entry.path.startswith(_SYSTEM)
        if system and not known:
            continue
        kind = _kind(entry.read(_LIMIT), known, patterns=not system)
        if kind:
            yield Leak("layer", f"/{entry.path}", kind)


def secret_in(name: str, value: str, known: str) -> str:
    """What kind of secret a variable or a label holds, in words; empty when none is seen. ``known``: the lab's, or ''.

    A name alone is enough where it says that the value is one: PGPASSWORD, api-token, AWS_SECRET_ACCESS_KEY.
    """
    kind = _kind(value.encode(), known)
    if kind:
        return kind
    if _IN_ADDRESS.search(value):
        return "a password inside an address"
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_")
    if _NAMES.search(plain) and not _ABOUT.search(plain) and not _NO_SECRET.fullmatch(value):
        return "a value under a secret's name"
    return ""


def _kind(data: bytes, known: str, *, patterns: bool = True) -> str:
    if known and known.encode() in data:
        return "the app's secret"
    if not patterns:
        return ""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(data)), "")
