"""Private keys of OpenSSL: no seed gives them again, so they are kept as text beside the call that made them."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labs.cloud.store import determinism

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def lasting(make: Callable[[], Any]) -> Any:
    """A new private key; on a replay of the same call, the same one."""
    return from_text(determinism.material(lambda: to_text(make())))


def to_text(key: Any) -> str:
    """A private key as PKCS #8 DER in base64."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def from_text(text: str) -> "PrivateKeyTypes":
    """Read ``to_text`` back."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(base64.b64decode(text), None)
