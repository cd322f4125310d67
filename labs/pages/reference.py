"""The blocks of docs/reference.md: every command, and every error by its id."""

import argparse
from collections.abc import Sequence

from labs import cli
from labs.pages.error_sites import error_sites

_STAGE = "a stage's name, number or notebook: `push-fixed`, `03` or `03-push-fixed`"


def commands(words: Sequence[str]) -> str:
    """Every command in its group: how it is written, its options, exit codes and examples."""
    parts = []
    for title, group in cli.GROUPS.items():
        parts.append(f"### {title[0].upper()}{title[1:]}")
        parts += [_command(name, listed.line) for name, listed in group.items()]
    return "\n\n".join(parts)


def _command(name: str, line: str) -> str:
    command = cli.load(name)
    actions = [each for each in cli.actions_of(name) if not isinstance(each, argparse._HelpAction)]
    positionals = "".join(f" {_shown(each)}" for each in actions if not each.option_strings)
    options = " [options]" if any(each.option_strings for each in actions) else ""
    lines = [f"#### labs {name}", "", f"`labs {name}{positionals}{options}`: {line}."]
    if actions:
        lines += ["", *(f"- `{_shown(each)}`: {_STAGE if each.dest == 'stage' else each.help}" for each in actions)]
    lines += ["", f"Exit codes: {'; '.join(f'{code} {says}' for code, says in command.EXITS.items())}.", ""]
    lines += ["```", *(f"{example}  # {does}" for example, does in command.EXAMPLES.items()), "```"]
    return "\n".join(lines)


def _shown(action: argparse.Action) -> str:
    """An option or argument as it is typed."""
    value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
    if not action.option_strings:
        return f"[{value} ...]" if action.nargs == "*" else f"[{value}]" if action.nargs == "?" else value
    if action.nargs == 0:
        return action.option_strings[-1]
    return f"{action.option_strings[-1]} {f'[{value}]' if action.nargs == '?' else value}"


def errors(words: Sequence[str]) -> str:
    """Every id with the words of the error and the one thing to do."""
    lines = []
    for site in sorted((each for each in error_sites() if each.id), key=lambda each: each.id):
        lines.append(f"- `{site.id}`: {_quoted(site.what)}")
        if site.next_step:
            lines.append(f"  - Next: {_quoted(site.next_step)}")
    return "\n".join(lines)


def _quoted(words: str) -> str:
    """Words in one line, their own marks and angle brackets as they are."""
    return " ".join(words.split()).replace("<", "\\<").replace("*", "\\*").replace("_", "\\_").replace("`", "")
