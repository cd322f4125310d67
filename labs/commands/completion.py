"""``labs completion SHELL``: a script that lets the Tab key complete commands, options and stages."""

import argparse
from collections.abc import Mapping, Sequence

EXAMPLES = {
    "labs completion bash >> ~/.bashrc": "from the next bash on",
    'eval "$(labs completion zsh)"': "in this zsh, now",
    "labs completion fish | source": "in this fish, now",
}
EXITS = {0: "the script was printed"}
SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs completion``."""
    parser.add_argument(
        "shell", choices=SHELLS, metavar=f"{{{','.join(SHELLS)}}}", help="which shell the script is for"
    )


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell](words()))
    return 0


def words() -> Mapping[str, Sequence[str]]:
    """What can follow each command: its options, and the choices of its arguments."""
    from labs import cli
    from labs.lesson.stage import stages

    found: dict[str, Sequence[str]] = {"help": tuple(cli.COMMANDS)}
    for name in cli.COMMANDS:
        follow: list[str] = []
        for action in cli.actions_of(name):
            follow += [option for option in action.option_strings if option.startswith("--")]
            follow += [str(each) for each in action.choices or ()]
            follow += [each.name for each in stages()] if action.dest == "stage" else []
        found[name] = follow
    return found


def _bash(follow: Mapping[str, Sequence[str]]) -> str:
    cases = "\n".join(f"    {name}) words='{' '.join(each)}' ;;" for name, each in follow.items())
    return f"""\
_labs() {{
  local words=''
  if [ "$COMP_CWORD" -eq 1 ]; then words='{" ".join(follow)} --help --version'
  else case ${{COMP_WORDS[1]}} in
{cases}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _labs labs"""


def _zsh(follow: Mapping[str, Sequence[str]]) -> str:
    cases = "\n".join(f"    {name}) follow=({' '.join(each)}) ;;" for name, each in follow.items())
    return f"""\
#compdef labs
_labs() {{
  local -a follow
  if (( CURRENT == 2 )); then follow=({" ".join(follow)} --help --version)
  else case $words[2] in
{cases}
  esac; fi
  compadd -- $follow || _files
}}
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}
compdef _labs labs"""


def _fish(follow: Mapping[str, Sequence[str]]) -> str:
    first = f"complete -c labs -n __fish_use_subcommand -f -a '{' '.join(follow)} --help --version'"
    rest = [
        f"complete -c labs -n '__fish_seen_subcommand_from {name}' -a '{' '.join(each)}'"
        for name, each in follow.items()
    ]
    return "\n".join([first, *rest])
