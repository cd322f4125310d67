"""moto's SSM: ids that a replay makes again, and a label for a parameter that is not there leaves nothing behind."""

from typing import Any

from moto.moto_api._internal import mock_random


def apply() -> None:
    """Documents made without a name take it from uuid's own generator, not from moto's.

    A call that names an unknown parameter's version keeps an empty entry for it, and every list of parameters
    fails from then on.
    """
    from moto.ssm import models

    module: Any = models
    module.uuid4 = mock_random.uuid4
    backend: Any = models.SimpleSystemManagerBackend
    for name in ("label_parameter_version", "unlabel_parameter_version", "put_parameter"):
        setattr(backend, name, _without_empty_entries(getattr(backend, name)))


def _without_empty_entries(method: Any) -> Any:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            for empty in [name for name, versions in self._parameters.items() if not versions]:
                del self._parameters[empty]

    return run
