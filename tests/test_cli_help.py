"""``labs`` as somebody meets it who does not know it yet: help, examples, suggestions, completion."""

import errno
import json
import os
import pty
import re
import subprocess
import sys

import pytest

from labs import cli
from labs.commands.verbs import as_command_lines


def refused(words, capsys):
    """What is printed to standard error, and nothing is done."""
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def helped(words, capsys):
    assert cli.main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_bare_labs_prints_every_command_in_its_group_and_examples(words, capsys):
    out = helped(words, capsys)
    for title, group in cli.GROUPS.items():
        block = out.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in block.splitlines()] == list(group)
    assert "examples:\n" in out
    assert "--version" in out


def test_a_version_is_printed(capsys):
    assert re.fullmatch(r"labs \d+\.\d+\S* \(the Fargate Lab Kit\)\n", helped(["--version"], capsys))


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_labs_help_of_a_command_has_its_usage_its_exit_codes_and_an_example_that_names_it(name, capsys):
    out = helped(["help", name], capsys)
    assert out.startswith(f"usage: labs {name}")
    assert "exit codes:\n  0  " in out
    assert f"labs {name}" in out.partition("\nexamples:\n")[2]


@pytest.mark.parametrize("name", ["", *cli.COMMANDS])
def test_help_is_never_wider_than_the_terminal(name, capsys, monkeypatch):
    for columns in (80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert max(map(len, helped(["help", *filter(None, [name])], capsys).splitlines())) <= 80


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if name != "docker"])
def test_no_option_is_known_by_its_beginning(name):
    """``labs sweep --delet`` would delete."""
    parser = cli.parser_of(name)
    options = {option for action in parser._actions for option in action.option_strings if option.startswith("--")}
    for option in options:
        for length in range(3, len(option)):
            if option[:length] not in options:
                assert not parser._get_option_tuples(option[:length])


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["swep"], "did you mean labs sweep?"),
        (["Check"], "did you mean labs check?"),
        (["help", "diagnos"], "did you mean labs diagnose?"),
        (["sweep", "--delet"], "did you mean --delete?"),
        (["sweep", "--acount=1"], "did you mean --account?"),
        (["course", "--her"], "did you mean --here?"),
    ],
)
def test_what_is_mistyped_gets_a_suggestion(words, meant, capsys):
    err = refused(words, capsys)
    assert f"Next: {meant}" in err


@pytest.mark.parametrize(("typed", "meant"), [("push-fixd", "push-fixed"), ("privat-subnet", "private-subnet")])
def test_a_mistyped_stage_gets_a_suggestion(typed, meant, capsys):
    assert cli.main(["check", typed]) == 2
    assert f"Next: did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "command", "shown"),
    [
        ('run lab.confirm("111122223333")', "clean", "run labs clean --account 111122223333"),
        ('run lab.confirm("111122223333")', "solve", "run labs confirm 111122223333"),
        ('catch up with lab.solve("build")', "check", "catch up with labs solve build"),
        ("lab.reset('push-fixed') takes it away", "check", "labs reset push-fixed takes it away"),
        ("run the cell with lab.clean()", "check", "run labs clean"),
        ("lab.diagnose() names the cause", "check", "labs diagnose names the cause"),
        ("run the cell with lab.push_role()", "check", "run the cell with lab.push_role()"),
    ],
)
def test_the_command_line_answers_with_command_lines(said, command, shown):
    assert as_command_lines(said, command) == shown


@pytest.fixture(scope="module")
def script():
    """What ``labs completion bash`` prints."""
    labs = [sys.executable, "-m", "labs", "completion", "bash"]
    return subprocess.run(labs, capture_output=True, text=True, check=True, timeout=120).stdout


def completed(script, *typed):
    """What a real bash that has read ``script`` offers after these words."""
    script += 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _labs; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", "labs", *typed], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["dia"], ["diagnose"]),
        (["sweep", "--d"], ["--delete"]),
        (["check", "push-"], ["push-denied", "push-fixed"]),
        (["env", "--shell", "z"], ["zsh"]),
        (["help", "rea"], ["reach"]),
    ],
)
def test_the_tab_key_of_a_real_bash_completes_commands_options_and_stages(script, typed, offered):
    assert completed(script, *typed) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_every_command_stands_in_the_other_shells_scripts(shell, capsys):
    out = helped(["completion", shell], capsys)
    assert all(re.search(rf"\b{name}\b", out) for name in cli.COMMANDS)


@pytest.mark.parametrize("shell", ["sh", "zsh"])
def test_a_posix_shell_is_served_by_its_own_name(shell):
    from labs.commands.env import SHELLS

    assert SHELLS[shell]("NAME", "it's $HOME") == SHELLS["bash"]("NAME", "it's $HOME")


def test_on_a_terminal_labs_cloud_says_what_to_do_next_and_its_line_stays_alone(tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "labs", "cloud", "--state", str(tmp_path / "state")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    try:
        line = process.stdout.readline()
        assert json.loads(line)["endpoint"].startswith("http://127.0.0.1:")
        told = b""
        while b"\n" not in told.partition(b"Next: ")[2]:
            told += os.read(ours, 4096)
        assert f'eval "$(labs env --state {tmp_path}/state)"' in told.decode()
    finally:
        process.terminate()
        assert process.communicate(timeout=60)[0] == ""
        os.close(ours)


@pytest.mark.parametrize("words", [["help", "help"], ["--help", "--help"], ["help", "-h"]])
def test_help_asked_for_twice_is_the_overview(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 0
    assert capsys.readouterr().out.startswith("usage: labs COMMAND")


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full() -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli, "overview", full)
    assert cli.main(["help"]) == 2
    assert capsys.readouterr().err.startswith("The disk is full")


def test_a_file_that_the_system_refuses_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> str:
        raise IsADirectoryError(errno.EISDIR, "Is a directory", "/lab/cloud.lock")

    monkeypatch.setattr(cli, "overview", refused)
    assert cli.main(["help"]) == 2
    assert capsys.readouterr().err.startswith("/lab/cloud.lock cannot be used: Is a directory.\nNext: ")
