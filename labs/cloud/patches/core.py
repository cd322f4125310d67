"""moto's core: deterministic ids and times, no IAM of its own, less work for each request."""

import functools
from typing import Any

from labs.cloud.store import determinism


def apply() -> None:
    """Apply every patch of the core."""
    _seeded_ids()
    _frozen_time()
    _seeded_backends()
    _no_authorisation()
    _one_request_id()
    _cached_method_names()
    _cached_member_names()
    _one_loader()


def _seeded_ids() -> None:
    """Every id comes from one shared generator; a read at the same moment would shift a write's ids."""
    from moto.moto_api._internal import mock_random
    from moto.moto_api._internal.moto_random import MotoRandom

    class ThreadRandom(MotoRandom):
        """Draws from the thread's own generator. All of Random's methods build on these two."""

        def random(self) -> float:
            return determinism.generator().random()

        def getrandbits(self, k: int, /) -> int:
            return determinism.generator().getrandbits(k)

    mock_random.__class__ = ThreadRandom


def _frozen_time() -> None:
    """Fifty modules hold their own reference to utcnow: its code is replaced, not the name."""
    from moto.core import utils

    def utcnow():  # type: ignore[no-untyped-def]
        from labs.cloud.store.determinism import naive_present

        return naive_present()

    utils.utcnow.__code__ = utcnow.__code__


def _seeded_backends() -> None:
    """A region's store, default VPC included, is made by the first call, even a read: it needs a seed of its own."""
    from moto.core.base_backend import AccountSpecificBackend, backend_lock

    regions: Any = AccountSpecificBackend
    original = regions.__getitem__

    def getitem(self: Any, region: str) -> Any:
        found = dict.get(self, region)
        if found is not None:
            return found
        with backend_lock:
            found = dict.get(self, region)
            if found is not None or not determinism.origin_seed():
                return found if found is not None else original(self, region)
            seed = f"{determinism.origin_seed()}/{self.service_name}/{self.account_id}/{region}"
            with determinism.fixed(seed, determinism.birth()):
                return original(self, region)

    regions.__getitem__ = getitem


def _no_authorisation() -> None:
    """The gateway has decided already; moto would import its own IAM on each request and ignore resources."""
    from moto.core.authorization import ActionAuthenticatorMixin

    mixin: Any = ActionAuthenticatorMixin
    mixin._authenticate_and_authorize_action = lambda self, iam_request_cls, resource="*": None


def _one_request_id() -> None:
    """moto draws 52 letters for each answer; the gateway has an id for the request already."""
    from moto.core import responses

    def request_id(headers: Any = None) -> str:
        value = determinism.request_id()
        if isinstance(headers, dict):
            headers["x-amzn-requestid"] = value
        return value

    module: Any = responses
    module.gen_amzn_requestid_long = request_id


def _cached_method_names() -> None:
    """moto lists a response class's 600 methods again for each request."""
    from moto.core import responses

    module: Any = responses
    module.method_names_from_class = functools.cache(module.method_names_from_class)


def _cached_member_names() -> None:
    """moto works out again, for each member of each answer, by what names its object may know it."""
    import xmltodict  # type: ignore[import-untyped]
    from moto.core import serialize

    def cached(picker: Any) -> None:
        original = picker.get_possible_keys

        def names(self: Any, context: Any) -> Any:
            if context.shape is None:
                return original(self, context)
            # With the shape, so that it goes when the shape goes.
            known = context.shape.__dict__.setdefault("_member_names", {})
            place = picker, context.key, type(context.obj)
            if place not in known:
                known[place] = tuple(original(self, context))
            return known[place]

        picker.get_possible_keys = names

    cached(serialize.AttributePicker)
    cached(serialize.XFormedAttributePicker)
    module: Any = xmltodict
    module._validate_name = functools.lru_cache(1 << 12)(module._validate_name)


def _one_loader() -> None:
    """moto reads a service's model once for itself and once for its list of regions: EC2's costs 0.2 s and 12 MB."""
    from moto.core import utils
    from moto.core.base_backend import AccountSpecificBackend

    def loader() -> Any:
        return AccountSpecificBackend.get_session()._session.get_component("data_loader")

    module: Any = utils
    module.create_loader = loader
