"""``labs policy check`` and ``labs policy diff``: what is printed, and the exit code."""

import json

import pytest

from labs.cli import main

REPOSITORY = "arn:aws:ecr:us-east-1:111122223333:repository/app"
PUSH = {"Effect": "Allow", "Action": ["ecr:PutImage", "ecr:UploadLayerPart"], "Resource": REPOSITORY}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Write a policy of some statements, or any text; the folder is the one to work in."""
    monkeypatch.chdir(tmp_path)

    def write(name, *statements, text=None):
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        (tmp_path / name).write_text(json.dumps(document, indent=1) if text is None else text)
        return name

    return write


@pytest.fixture
def run(capsys):
    def call(*words):
        code = main(["policy", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_check_lists_what_a_policy_may_allow_with_its_place(file, run):
    conditional = {**PUSH, "Action": "ecr:BatchGetImage", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    code, out, _ = run("check", file("p.json", PUSH, conditional))
    assert code == 0
    assert "p.json:7:5: ecr:PutImage and ecr:UploadLayerPart on" in out
    assert "if IpAddress aws:SourceIp 10.0.0.0/8" in " ".join(out.split())
    assert "with aws:SourceIp 10.0.0." in " ".join(out.split())


def test_check_against_what_is_wanted_says_what_is_beyond_and_what_is_missing(file, run):
    wanted = file("wanted.json", PUSH)
    assert run("check", file("same.json", PUSH), "--wanted", wanted)[0] == 0
    code, out, _ = run("check", file("wide.json", {**PUSH, "Action": "ecr:*"}), "--wanted", wanted)
    assert code == 1
    assert "wide.json may allow more than wanted.json:" in out
    assert "for instance ecr:BatchCheckLayerAvailability on" in out
    code, out, _ = run("check", file("short.json", {**PUSH, "Action": "ecr:PutImage"}), "--wanted", wanted)
    assert code == 1
    assert "ecr:UploadLayerPart on" in out
    assert "is missing" in out
    narrow = {**PUSH, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    code, out, _ = run("check", file("narrow.json", narrow), "--wanted", wanted)
    assert code == 1
    assert "unless Bool aws:MultiFactorAuthPresent true" in " ".join(out.split())


def test_check_says_what_is_denied_and_where(file, run):
    denied = file("denied.json", PUSH, {"Effect": "Deny", "Action": "ecr:Put*", "Resource": "*", "Sid": "NoPush"})
    code, out, _ = run("check", denied, "--wanted", file("wanted.json", PUSH))
    assert code == 1
    assert "is denied by identity-based policy denied.json, statement 2 (NoPush), line 12" in " ".join(out.split())


def test_check_tells_who_may_assume_a_role(file, run):
    code, out, _ = run("check", file("trust.json", TRUST))
    assert code == 0
    assert "sts:AssumeRole on" in out
    assert "by ecs-tasks.amazonaws.com" in " ".join(out.split())
    wide = file("wide.json", TRUST, {**TRUST, "Principal": "*"})
    code, out, _ = run("check", wide, "--wanted", "trust.json", "--account", "111122223333")
    assert code == 1
    assert "by arn:aws:sts::999988887777:assumed-role/" in " ".join(out.split())


def test_diff_tells_what_each_of_two_allows_alone(file, run):
    one, other = file("one.json", PUSH), file("other.json", {**PUSH, "Action": ["ecr:PutImage", "ecr:ListImages"]})
    code, out, _ = run("diff", one, other)
    assert code == 1
    assert "one.json may allow, and other.json does not:" in out
    assert "ecr:UploadLayerPart on" in out
    assert "ecr:ListImages on" in out
    spelled = file("spelled.json", {**PUSH, "Action": "ecr:putimage"}, {**PUSH, "Action": "ecr:UploadLayerPar?"})
    code, out, _ = run("diff", one, spelled)
    assert code == 0
    assert out.count("allows nothing that") == 2


def test_an_endpoint_policy_is_judged_when_it_is_said_to_be_one(file, run):
    whole = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    pull = {**whole, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::layers/*"}
    code, out, _ = run("check", file("e.json", pull, whole), "--wanted", file("w.json", pull), "--kind", "endpoint")
    assert code == 1
    assert "e.json may allow more than w.json" in out


BAD = {
    "no such file": (["check", "missing.json"], "missing.json cannot be read: No such file or directory."),
    "a folder": (["check", "."], "cannot be read: Is a directory."),
    "no JSON": (["check", "broken.json"], "broken.json: The policy is malformed at line 1, column"),
    "no policy": (["check", "list.json"], "list.json: The policy is malformed at line 1, column 1"),
    "another kind": (["check", "trust.json", "--kind", "identity"], "trust.json: The policy is malformed at line"),
    "one file for two": (["diff", "trust.json"], "diff compares two"),
    "two files for one": (["check", "trust.json", "trust.json"], "check judges one file"),
    "no account": (["check", "trust.json", "--account", "12"], "'12' is not an account's number"),
}


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_judged_is_one_sentence(file, run, words, said):
    file("broken.json", text="{'Version': 1}")
    file("list.json", text="[]")
    file("trust.json", TRUST)
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 2
    assert "\nNext: " in err
