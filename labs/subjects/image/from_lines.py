"""What a Dockerfile's FROM is pinned to: then each platform's build begins with the same image.

Source: the Dockerfile reference, "FROM": --platform overrides the platform of the build; a digest names one content.
"""

from pathlib import Path

from labs.engine.embedded import dockerfile
from labs.errors import LabError


def pin_of(path: Path, arguments: dict[str, str]) -> str:
    """Where the Dockerfile's last stage is pinned, as in ``line 2 says --platform=linux/amd64``; empty when nowhere.

    ``arguments``: the build arguments that were given. Empty, too, for a Dockerfile that cannot be read.
    """
    try:
        read = dockerfile.read(path.read_bytes())
    except (LabError, OSError):
        return ""
    values = {name: value for each in read.arguments for name, _, value in [each.value.partition("=")]} | arguments
    stage = read.stages[-1] if read.stages else None
    seen = set()
    while stage is not None and stage.line not in seen:
        seen.add(stage.line)
        if stage.platform:
            return f"line {stage.line} says --platform={stage.platform}"
        base = _filled(stage.base, values)
        if "@sha256:" in base:
            return f"line {stage.line} names it by its digest, {base}"
        stage = next((each for each in read.stages if each.name and each.name == base.lower()), None)
    return ""


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value.strip("\"'")).replace(f"${name}", value.strip("\"'"))
    return text
