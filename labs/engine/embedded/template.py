"""The few Go templates that people and a pipeline's actions write after ``--format``.

``{{.A.B}}``, ``{{json .A}}`` and text around them.
"""

import json
import re
from typing import Any

from labs.errors import LabError


def render(template: str, value: Any, indent: int | None = None) -> str:
    """Fill a template from nested dictionaries; LabError for what needs a real template engine.

    JSON is compact, or indented as buildx does it.
    """

    def fill(match: re.Match[str]) -> str:
        words = match[1].strip().split()
        as_json = words[:1] == ["json"]
        path = words[1:] if as_json else words
        if len(path) != 1 or not re.fullmatch(r"(\.|(\.[A-Za-z_][A-Za-z0-9_]*)+)", path[0]):
            raise LabError(
                f"the template {match[0]} needs a Docker Engine",
                "write it like {{.Name}} or {{json .Name}}",
                id="template-not-served",
            )
        found = _walk(value, path[0], match[0])
        return (
            json.dumps(found, separators=(",", ": " if indent else ":"), indent=indent)
            if as_json or isinstance(found, dict | list)
            else _text(found)
        )

    return re.sub(r"\{\{(.*?)\}\}", fill, template)


def _walk(value: Any, path: str, shown: str) -> Any:
    for name in [name for name in path.split(".") if name]:
        if not isinstance(value, dict) or name not in value:
            raise LabError(f'template: {shown}: map has no entry for key "{name}"', id="template-key-unknown")
        value = value[name]
    return value


def _text(value: Any) -> str:
    if value is None:
        return "<no value>"
    return str(value).lower() if isinstance(value, bool) else str(value)
