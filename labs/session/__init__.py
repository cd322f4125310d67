"""Where the lab runs: the local AWS or the trainee's account, the lab's home, and JupyterLab beside it."""

from labs.ledger.lab_account import TargetName
from labs.session.target import Target, connect

__all__ = ["Target", "TargetName", "connect"]
