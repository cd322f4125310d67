"""moto's KMS: key material that a replay makes again."""

from typing import Any

from labs.cloud.patches import core
from labs.cloud.store import determinism


def apply() -> None:
    """Apply every patch of KMS."""
    _lasting_material()
    _lasting_default_keys()


def _lasting_material() -> None:
    """A key's material comes from os.urandom: after a replay nothing encrypted before could be decrypted."""
    from moto.kms import models

    module: Any = models
    module.generate_master_key = lambda: determinism.token_bytes(32)


def _lasting_default_keys() -> None:
    """alias/aws/... is made by the first call that names it, be it a read: it needs a seed of its own."""
    from moto.kms.models import KmsBackend

    backend: Any = KmsBackend
    original = backend._generate_default_keys

    def generate(self: Any, alias_name: str) -> Any:
        seed = f"{core.master_seed()}/kms/{self.account_id}/{self.region_name}/{alias_name}"
        with determinism.fixed(seed, core.birth()):
            return original(self, alias_name)

    backend._generate_default_keys = generate
