"""moto's SSM: ids that a replay makes again, and a label for a parameter that is not there leaves nothing behind."""

from typing import Any

from moto.moto_api._internal import mock_random


def apply() -> None:
    """Documents made without a name take it from uuid's own generator, not from moto's.

    LabelParameterVersion of an unknown name keeps an empty entry, and every list of parameters fails from then on.
    """
    from moto.ssm import models

    module: Any = models
    module.uuid4 = mock_random.uuid4
    backend: Any = models.SimpleSystemManagerBackend
    label = backend.label_parameter_version

    def label_parameter_version(self: Any, name: str, version: int, labels: list[str]) -> Any:
        try:
            return label(self, name, version, labels)
        finally:
            # The store is a defaultdict with a get of its own: ask for the key, make none.
            if name in self._parameters and not self._parameters[name]:
                del self._parameters[name]

    backend.label_parameter_version = label_parameter_version
