"""moto's SSM: ids that a replay makes again, no lambda that a checkpoint cannot hold, no empty entries."""

from collections import defaultdict
from functools import partial
from typing import Any

from moto.moto_api._internal import mock_random


def apply() -> None:
    """Apply every patch of SSM."""
    from moto.ssm import models

    module: Any = models
    # Documents made without a name take it from uuid's own generator, not from moto's.
    module.uuid4 = mock_random.uuid4
    backend: Any = models.SimpleSystemManagerBackend
    # A call that names an unknown parameter's version keeps an empty entry for it, and every list of parameters
    # fails from then on.
    for name in ("label_parameter_version", "unlabel_parameter_version", "put_parameter"):
        setattr(backend, name, _without_empty_entries(getattr(backend, name)))
    _tags_without_a_lambda(backend)


def _without_empty_entries(method: Any) -> Any:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            for empty in [name for name, versions in self._parameters.items() if not versions]:
                del self._parameters[empty]

    return run


def _tags_without_a_lambda(backend: Any) -> None:
    """A lambda cannot be pickled."""
    original = backend.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._resource_tags = defaultdict(partial(defaultdict, dict))

    backend.__init__ = init
