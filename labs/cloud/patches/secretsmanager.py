"""moto's Secrets Manager: dates that a replay makes again."""

from types import SimpleNamespace
from typing import Any

from labs.cloud.store import determinism


def apply() -> None:
    """Secrets take their dates from time.time(), not from moto's clock."""
    from moto.secretsmanager import models

    module: Any = models
    module.time = SimpleNamespace(time=lambda: determinism.present().timestamp())
