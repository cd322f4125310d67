"""docker login and logout, and where the password goes."""

import json
import stat

import pytest


def test_a_right_password_is_kept_for_this_user_only(kit, ecr, tmp_path):
    result = kit.docker("login", "--username", "AWS", "--password-stdin", ecr.host, stdin=ecr.password() + "\n")
    file = tmp_path / "docker" / "config.json"
    assert (result.code, result.out) == (0, "Login Succeeded\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(json.loads(file.read_text())["auths"]) == [ecr.host]


def test_a_wrong_password_is_told_as_docker_does_and_not_kept(kit, ecr, tmp_path):
    result = kit.docker("login", "-u", "AWS", "--password-stdin", f"http://{ecr.host}", stdin="wr0ng-secret")
    words = f"Error response from daemon: login attempt to http://{ecr.host}/v2/ failed with status: 401 Unauthorized"
    assert result.code == 1
    assert words in result.err
    assert "wr0ng-secret" not in result.err + result.out
    assert not (tmp_path / "docker" / "config.json").exists()


def test_a_password_on_the_command_line_is_warned_about(kit, ecr):
    result = kit.docker("login", "-u", "AWS", "-p", ecr.password(), ecr.host)
    assert "WARNING! Using --password via the CLI is insecure. Use --password-stdin." in result.err
    assert result.code == 0


def test_a_prompt_is_not_offered(kit):
    result = kit.docker("login", "127.0.0.1:1")
    assert "Error: Cannot perform an interactive login from a non TTY device" in result.err


def test_other_logins_and_settings_survive(kit, ecr, tmp_path):
    file = tmp_path / "docker" / "config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"auths": {"other": {"auth": "eDp5"}}, "currentContext": "mine"}))
    kit.docker("login", "-u", "AWS", "--password-stdin", ecr.host, stdin=ecr.password())
    kit.docker("logout", ecr.host)
    assert json.loads(file.read_text()) == {"auths": {"other": {"auth": "eDp5"}}, "currentContext": "mine"}


def test_a_logout_says_what_it_forgets(kit):
    result = kit.docker("logout", "127.0.0.1:1")
    assert (result.code, result.out) == (0, "Removing login credentials for 127.0.0.1:1\n")


@pytest.mark.parametrize("text", ["{", '{"auths": {"127.0.0.1:1": {"auth": "%%%"}}}'])
def test_a_damaged_config_is_one_sentence(kit, tmp_path, text):
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(text)
    kit.build("FROM base:1\n")
    kit.docker("tag", "app:dev", "127.0.0.1:1/x:1")
    result = kit.docker("login", "-u", "a", "--password-stdin", "127.0.0.1:1", stdin="x")
    assert result.code == 1
    assert "Traceback" not in result.err
