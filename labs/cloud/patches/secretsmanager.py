"""moto's Secrets Manager: dates that a replay makes again; a policy's principals."""

from types import SimpleNamespace
from typing import Any

from labs.cloud.store import determinism
from labs.cloud.store.principals import anchor


def apply() -> None:
    """Secrets take their dates from time.time(), not from moto's clock."""
    from moto.secretsmanager import models

    module: Any = models
    anchor(models.FakeSecret, "policy")
    module.time = SimpleNamespace(time=lambda: determinism.present().timestamp())
