"""Where the lab runs: the target, its names and tags, the ledger of what it creates, and cleaning up."""

from labs.target.target import Target, TargetName, connect

__all__ = ["Target", "TargetName", "connect"]
