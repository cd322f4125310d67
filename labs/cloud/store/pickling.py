"""moto's stores as bytes and back: its objects as they are, and nothing but them.

A pickle can name any function, so what is read back is limited: moto's own classes, the values they are made of, and
the functions below. The file around it (``labs.cloud.state.checkpoint``) is signed besides.
"""

import copyreg
import pickle
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, BinaryIO

from labs.cloud.store import indexes
from labs.cloud.store.private_keys import from_text, to_text

_VALUES = {
    "_thread": {"allocate_lock"},
    "builtins": {"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"},
    "collections": {"OrderedDict", "defaultdict", "deque"},
    "copyreg": {"__newobj__"},
    "datetime": {"date", "datetime", "timedelta", "timezone"},
    "functools": {"partial"},
    "ipaddress": {"IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network"},
    "labs.cloud.store.pickling": {"bound", "fill"},
    "labs.cloud.store.private_keys": {"from_text"},
    "re": {"_compile"},
    "requests.structures": {"CaseInsensitiveDict"},
    "threading": {"RLock"},
}

_LOCKS = (type(threading.RLock()), type(threading.Lock()))
_PLAIN_DICTS = (dict, defaultdict, OrderedDict)


def collect() -> dict[str, dict[str, Any]]:
    """Every store that a call has touched: service, account, moto's own object."""
    return {str(store.service_name): dict(store) for store in list(_all_books())}


def put_back(stores: Mapping[str, Mapping[str, Any]]) -> None:
    """Hang the stores in again, in place of any that were there."""
    for service, accounts in stores.items():
        books = _books(service)
        for account, store in accounts.items():
            books[account]
            dict.__setitem__(books, account, store)
    indexes.rebuild()


def let_go() -> None:
    """Drop every store; the next call makes a new one."""
    books = _all_books()
    for store in books:
        dict.clear(store)
    books.clear()
    indexes.rebuild()


def dump(value: Any, file: BinaryIO) -> None:
    """Write a value that refers to moto's objects. Raises whatever its parts raise when they cannot be pickled."""
    _Pickler(file, protocol=5).dump(value)


def load(file: BinaryIO) -> Any:
    """Read ``dump`` back. Raises pickle.UnpicklingError for anything that is not moto's, whatever is damaged."""
    return _Unpickler(file).load()


def fill(made: Any, state: tuple[dict[Any, Any], dict[str, Any], Any]) -> None:
    """Finish a class derived from dict: its own methods may answer with something else than what it holds."""
    entries, made.__dict__, factory = state
    dict.update(made, entries)
    if isinstance(made, defaultdict):
        made.default_factory = factory


def bound(owner: Any, name: str) -> Any:
    """A method of one of moto's objects."""
    if not type(owner).__module__.startswith("moto."):
        raise _no_place(type(owner).__module__, type(owner).__name__)
    return MethodType(getattr(type(owner), name), owner)


class _Pickler(pickle.Pickler):
    def persistent_id(self, found: Any) -> Any:
        from moto.core.base_backend import BackendDict

        return found.service_name if type(found) is BackendDict else None

    def reducer_override(self, found: Any) -> Any:
        if isinstance(found, type | FunctionType | BuiltinFunctionType):
            # What could not be read back is not written.
            if not (_is_motos(found) or found.__name__ in _VALUES.get(found.__module__, ())):
                raise _no_place(found.__module__, found.__qualname__)
            return NotImplemented
        if isinstance(found, dict) and type(found) not in _PLAIN_DICTS:
            state = (dict(dict.items(found)), found.__dict__, getattr(found, "default_factory", None))
            return copyreg.__newobj__, (type(found),), state, None, None, fill  # type: ignore[attr-defined]
        if isinstance(found, _LOCKS):
            # Nobody holds one: the store stands still.
            return (threading.RLock if isinstance(found, _LOCKS[0]) else threading.Lock), ()
        if isinstance(found, MethodType):
            # moto's security group rules keep a table of their own methods.
            return bound, (found.__self__, found.__name__)
        if type(found).__module__.startswith("cryptography.") and hasattr(found, "private_bytes"):
            return from_text, (to_text(found),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, service: Any) -> Any:
        return _books(str(service))

    def find_class(self, module: str, name: str) -> Any:
        if name in _VALUES.get(module, ()):
            return super().find_class(module, name)
        if module.startswith("moto."):
            found = super().find_class(module, name)
            if _is_motos(found):
                return found
        raise _no_place(module, name)


def _all_books() -> list[Any]:
    """moto's own list of the services that have an account."""
    from moto.core.base_backend import BackendDict

    books: Any = BackendDict
    found: list[Any] = books._instances
    return found


def _is_motos(found: Any) -> bool:
    """Whether it is a class that moto itself defines."""
    return isinstance(found, type) and found.__module__.startswith("moto.")


def _no_place(module: str, name: str) -> pickle.PickleError:
    return pickle.UnpicklingError(f"{module}.{name} has no place in a checkpoint")


def _books(service: str) -> Any:
    from moto.backends import get_backend

    return get_backend(service)  # type: ignore[call-overload]
