"""Where the lab runs: the local AWS or the trainee's account, the lab's home, and JupyterLab beside it.

``connect`` is the door: it returns a ``Target`` whose boto3 clients keep the ledger. The local AWS is started as a
process (``local``), never imported.
"""

from labs.ledger.lab_account import TargetName
from labs.session.target import Target, connect

__all__ = ["Target", "TargetName", "connect"]
