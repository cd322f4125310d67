"""A notebook's verbs as the command lines that do the same: messages are written for notebooks, and read in both."""

import re

_QUOTED = r"""["']([^"']+)["']"""
# Where a verb has no command ("the cell with lab.push_role()"), the notebook is where to go.
_SAME: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\blab\.(check|solve|reset)\({_QUOTED}\)"), r"labs \1 \2"),
    (re.compile(r"\bthe cell with lab\.(clean|diagnose)\(\)"), r"labs \1"),
    (re.compile(r"\blab\.(check|clean|diagnose|hint|status)\(\)"), r"labs \1"),
)
_CONFIRM = re.compile(rf"\blab\.confirm\({_QUOTED}\)")


def as_command_lines(text: str, command: str = "") -> str:
    """``text`` with ``lab.solve("build")`` as ``labs solve build``, and so on.

    ``command`` is the one that was called: where it confirms an account itself, it is named for that.
    """
    for verb, line in _SAME:
        text = verb.sub(line, text)
    confirm = f"labs {command} --account" if command in ("clean", "sweep") else "labs confirm"
    return _CONFIRM.sub(rf"{confirm} \1", text)
