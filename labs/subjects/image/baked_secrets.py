"""Secrets baked into an image: in a file of any layer, in its environment and labels, or in its history.

A file that a later layer deletes is still in the earlier one, so every layer is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labs import oci
from labs.engine.archive import Image, LayerFile
from labs.subjects.image.layer_search import search
from labs.subjects.image.secret_texts import secret_in, secret_of_bytes, secret_of_settings, secret_of_text

# The system's own files hold test keys and examples; only the lab's known secret is looked for there.
SYSTEM = (
    *("bin/", "sbin/", "lib/", "lib64/", "etc/ssl/", "var/lib/dpkg/", "usr/bin/", "usr/sbin/", "usr/lib", "usr/share/"),
    *(f"usr/local/{each}/" for each in ("bin", "sbin", "lib", "share", "include")),
    *("usr/include/", "usr/libexec/"),
)
# Files that hold settings, where a name says that its value is a secret; their examples are none.
_SETTINGS = re.compile(
    r"(?i)\.env(?:\.\w+)?|\w*\.(?:env|ini|cfg|conf|properties|toml|ya?ml)|credentials|config\.json"
    r"|\.(?:netrc|npmrc|pypirc|pgpass|git-credentials|dockercfg)"
)
_EXAMPLE = re.compile(r"(?i)\.(?:example|sample|template|dist)$")
_LIMIT, _SETTINGS_LIMIT = 8 << 20, 256 << 10


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
        kind = secret_of_text(str(step.get("created_by", "")), known)
        if kind:
            yield Leak("history", f"step {number}", kind)
    question = f"secrets, and {oci.sha256(known.encode())}"
    yield from search(image, platform, question, lambda entry: _leak(entry, known))


def _leak(entry: LayerFile, known: str) -> Leak | None:
    if not entry.info.isreg() or not entry.info.size:
        return None
    system = entry.path.startswith(SYSTEM)
    if system and not known:
        return None
    kind = _of_file(entry.path.rpartition("/")[2], entry.read(_LIMIT), known, system=system)
    return Leak("layer", f"/{entry.path}", kind) if kind else None


def _of_file(name: str, data: bytes, known: str, *, system: bool) -> str:
    kind = secret_of_bytes(data, known, forms=not system)
    if kind or system or not _SETTINGS.fullmatch(name) or _EXAMPLE.search(name):
        return kind
    return secret_of_settings(data[:_SETTINGS_LIMIT].decode("utf-8", "replace"))
