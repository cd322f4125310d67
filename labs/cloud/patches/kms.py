"""moto's KMS: key material that a replay makes again."""

from types import SimpleNamespace
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.store import determinism
from labs.cloud.store.principals import anchor
from labs.cloud.store.private_keys import lasting


def apply() -> None:
    """Apply every patch of KMS."""
    from moto.kms import models

    anchor(models.Key, "policy")
    _ecrs_own_key()
    _lasting_material()
    _lasting_default_keys()
    _lasting_private_keys()


def _ecrs_own_key() -> None:
    """moto does not know alias/aws/ecr, the key of a repository that names none (ECR User Guide, "Encryption")."""
    from moto.kms import utils

    utils.RESERVED_ALIASE_TARGET_KEY_IDS.setdefault("alias/aws/ecr", "5d0b8c4f-2f6e-4f0b-9d53-3b1f7c2e9a61")
    if "alias/aws/ecr" not in utils.RESERVED_ALIASES:
        utils.RESERVED_ALIASES.append("alias/aws/ecr")


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
        seed = f"{determinism.origin_seed()}/kms/{self.account_id}/{self.region_name}/{alias_name}"
        with determinism.fixed(seed, determinism.birth()):
            return original(self, alias_name)

    backend._generate_default_keys = generate


def _lasting_private_keys() -> None:
    """OpenSSL draws private keys itself, and moto makes an RSA pair (50 ms) for symmetric keys too."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from moto.kms import models, utils

    places: list[Any] = [models, utils]
    kms, functions = places
    original = kms.generate_private_key

    def rsa_key(**parameters: Any) -> Any:
        return lasting(lambda: rsa.generate_private_key(**parameters))

    def ec_key(curve: Any) -> Any:
        return lasting(lambda: ec.generate_private_key(curve))

    def generate(key_spec: str) -> Any:
        return original(key_spec) if key_spec.startswith(("RSA", "ECC")) else None

    functions.rsa = SimpleNamespace(generate_private_key=rsa_key)
    functions.ec = SimpleNamespace(**{**vars(ec), "generate_private_key": ec_key})
    kms.generate_private_key = generate
    _no_public_key_without_a_pair(kms.KmsBackend)


def _no_public_key_without_a_pair(backend: Any) -> None:
    """KMS API reference, GetPublicKey: an asymmetric key; UnsupportedOperationException for any other."""
    original = backend.get_public_key

    def get_public_key(self: Any, key_id: str) -> Any:
        if self.describe_key(key_id).private_key is None:
            raise AwsError(
                "UnsupportedOperationException", f"The key {key_id} is not an asymmetric key. (simulated wording)"
            )
        return original(self, key_id)

    backend.get_public_key = get_public_key
