"""moto's SSM: ids that a replay makes again."""

from typing import Any

from moto.moto_api._internal import mock_random


def apply() -> None:
    """Documents made without a name take it from uuid's own generator, not from moto's."""
    from moto.ssm import models

    module: Any = models
    module.uuid4 = mock_random.uuid4
