"""The app's secret: made by stage 01, given to the app at run time, and by stage 05 through Parameter Store."""

from pathlib import Path

from labs.lesson.bench import Bench


def secret_file(bench: Bench) -> Path:
    """Where the trainee's copy lies."""
    return bench.work / "app-secret.txt"


def app_secret(bench: Bench) -> str:
    """The secret; empty before stage 01 has begun."""
    path = secret_file(bench)
    return path.read_text().strip() if path.exists() else ""
