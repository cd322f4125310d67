import subprocess
from pathlib import Path

import pytest

from labs import cli
from labs.commands.env import SHELLS
from labs.session.local import Cloud
from tests import places

home, on_local_aws = places.home, places.on_local_aws
shared_cloud, shared_home = places.shared_cloud, places.shared_home


def printed(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["env", *words]) == 0
    return capsys.readouterr().out


def test_a_shell_that_evaluates_it_is_pointed_at_the_local_aws(
    on_local_aws: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    script = printed([], capsys) + 'echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"'
    script += '; echo "$AWS_REGION $AWS_DEFAULT_REGION http://$REGISTRY"'
    seen = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={}).stdout.split()
    cloud = on_local_aws
    keys = [cloud.access_key_id, cloud.secret_access_key]
    assert seen == [cloud.endpoint, *keys, cloud.region, cloud.region, cloud.endpoint]


def test_every_line_is_one_export(on_local_aws: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(["--shell", "bash"], capsys).splitlines()
    assert [line.split("=")[0] for line in lines] == [f"export {name}" for name in on_local_aws.variables()]


def test_a_cloud_is_found_by_its_state_and_by_its_home(
    shared_home: Path, shared_cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    by_state = printed(["--state", str(shared_home / "cloud")], capsys)
    by_home = printed(["--home", str(shared_home)], capsys)
    assert by_state == by_home
    assert shared_cloud.endpoint in by_state


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export NAME='it'\"'\"'s $HOME'"),
        ("fish", "set -gx NAME 'it\\'s $HOME'"),
        ("powershell", "$Env:NAME = 'it''s $HOME'"),
    ],
)
def test_no_shell_reads_anything_into_a_value(shell: str, line: str) -> None:
    assert SHELLS[shell]("NAME", "it's $HOME") == line


@pytest.mark.parametrize("words", [[], ["--state", "nowhere"], ["--home", "nowhere"]])
def test_without_a_running_cloud_it_says_so_and_prints_nothing(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["env", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Next: " in err


def test_a_variable_that_would_lead_elsewhere_is_named(
    on_local_aws: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert cli.main(["env"]) == 0
    assert "AWS_PROFILE is set here" in capsys.readouterr().err
