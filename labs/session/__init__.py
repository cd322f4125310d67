"""Where the lab runs: the local AWS or the trainee's account, the lab's home, and JupyterLab beside it."""

from labs.session.target import Target, TargetName, connect

__all__ = ["Target", "TargetName", "connect"]
