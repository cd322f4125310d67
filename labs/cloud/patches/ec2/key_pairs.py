"""Key pairs that a replay makes again: OpenSSL draws their private keys itself."""

import json
from collections.abc import Callable
from typing import Any

from labs.cloud.store import determinism


def apply() -> None:
    """Keep what a key pair was made of beside the call that made it."""
    from moto.ec2.models import key_pairs

    module: Any = key_pairs
    for name in ("random_rsa_key_pair", "random_ed25519_key_pair"):
        setattr(module, name, _kept(getattr(module, name)))


def _kept(original: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def details() -> dict[str, Any]:
        kept = determinism.material(lambda: json.dumps({name: _text(value) for name, value in original().items()}))
        found = json.loads(kept)
        return {name: value if name == "fingerprint" else value.encode() for name, value in found.items()}

    return details


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
