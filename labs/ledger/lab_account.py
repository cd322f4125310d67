"""The lab in an account, as the ledger sees it: what it needs of whoever holds the session."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from labs.ledger.ledger import Ledger
from labs.ledger.names import Names


class TargetName(StrEnum):
    """The switch LAB_TARGET."""

    LOCAL = "local"
    AWS = "aws"


class LabAccount(Protocol):
    """One lab in one account and region; ``labs.session.Target`` is one.

    ``tags`` are on everything the lab creates; ``home`` is the kit's own folder.
    """

    @property
    def name(self) -> TargetName:
        """Whether it is the local AWS or an account of AWS."""

    @property
    def account(self) -> str:
        """The account's number."""

    @property
    def region(self) -> str:
        """The region in which the lab works."""

    @property
    def names(self) -> Names:
        """How the lab names what it creates."""

    @property
    def prefix(self) -> str:
        """What those names begin with."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that say whose it is."""

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether what carries these tags is this lab's."""

    @property
    def home(self) -> Path:
        """Where the kit keeps its files."""

    @property
    def ledger(self) -> Ledger:
        """What this lab created in this account."""

    def client(self, service: str, *, region: str = "") -> Any:
        """A boto3 client; what it creates is written down. ``region`` is by default the lab's own."""

    def require_confirmed(self) -> None:
        """LabError while the account is not confirmed."""
