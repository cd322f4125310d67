"""Pages of a list: a token names the last entry shown, and only this state folder can make one.

AWS's tokens are opaque and belong to the call that gave them. Here a token is sealed with HMAC-SHA256 under the state
folder's seed, together with the operation and all other parameters: one that was made up, damaged, or given by another
call is refused in the service's own words. It names an entry and not a number, so that nothing is passed over when
entries are deleted between two pages.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

_SEAL = 16
_LONGEST = 4096


@dataclass(frozen=True)
class PageForm:
    """How a service pages: what its members are called, and its refusals, as exceptions to raise.

    ``bad_size`` takes the largest page; None where the service's model has refused the size before.
    """

    service: str
    bad_token: Callable[[], Exception]
    bad_size: Callable[[int], Exception] | None = None
    token_member: str = "nextToken"
    size_member: str = "maxResults"


class Pages:
    """Makes and reads the tokens of one state folder; ``seed`` is its secret."""

    def __init__(self, seed: str) -> None:
        self._key = hashlib.sha256(b"pages\0" + seed.encode()).digest()

    def page(
        self,
        form: PageForm,
        operation: str,
        params: Mapping[str, Any],
        entries: Sequence[T],
        place: Callable[[T], Sequence[Any]],
        *,
        usual: int = 100,
        most: int = 100,
        descending: bool = False,
    ) -> tuple[list[T], dict[str, str]]:
        """The entries of the wanted page, and the member with the next token, or ``{}`` on the last page.

        ``entries`` are in the order of ``place``, which is different for each of them and made of JSON's plain values.
        ``usual`` is the size when none is asked for. Raises what ``form`` says.
        """
        size = int(params.get(form.size_member) or usual)
        if form.bad_size is not None and not 1 <= size <= most:
            raise form.bad_size(most)
        start = 0
        after = self.place(form, operation, params)
        if after is not None:
            ahead = (number for number, entry in enumerate(entries) if _is_past(list(place(entry)), after, descending))
            start = next(ahead, len(entries))
        shown = list(entries[start : start + size])
        if start + size >= len(entries):
            return shown, {}
        return shown, {form.token_member: self.token(form, operation, params, place(shown[-1]))}

    def token(self, form: PageForm, operation: str, params: Mapping[str, Any], place: Sequence[Any]) -> str:
        """The token for what follows ``place`` in the answer to this very call."""
        raw = json.dumps(list(place)).encode()
        return base64.urlsafe_b64encode(self._seal(form, operation, params, raw) + raw).decode()

    def place(self, form: PageForm, operation: str, params: Mapping[str, Any]) -> list[Any] | None:
        """The place that the call's token names; None without a token, or with an empty one. Raises ``bad_token``."""
        token = params.get(form.token_member)
        if token is None or token == "":
            return None
        if not isinstance(token, str) or len(token) > _LONGEST:
            raise form.bad_token()
        try:
            raw = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise form.bad_token() from error
        if not hmac.compare_digest(raw[:_SEAL], self._seal(form, operation, params, raw[_SEAL:])):
            raise form.bad_token()
        found: list[Any] = json.loads(raw[_SEAL:])
        return found

    def _seal(self, form: PageForm, operation: str, params: Mapping[str, Any], place: bytes) -> bytes:
        others = {name: value for name, value in params.items() if name not in (form.token_member, form.size_member)}
        call = json.dumps([form.service, operation, others], sort_keys=True, default=str).encode()
        return hmac.digest(self._key, call + b"\0" + place, hashlib.sha256)[:_SEAL]


def _is_past(place: list[Any], last: list[Any], descending: bool) -> bool:
    return place < last if descending else place > last
