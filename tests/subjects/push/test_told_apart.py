"""What a trainee wrote is shown so that it can be told from what belongs there."""

from pathlib import Path

import pytest

from labs.errors import LabError
from labs.iam import Principal, PrincipalKind
from labs.lesson.stage import said
from labs.stages.push_denied.causes import sentence
from labs.subjects.push import role_policies
from labs.subjects.push.policy_review import NEEDED, TOKEN, PolicyDocument, PolicyProblem, PushContext, Reviewer

pytestmark = pytest.mark.unit
ACCOUNT = "111122223333"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
PUSHER = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/push/lab", ACCOUNT, PrincipalKind.ROLE_SESSION, "role")


def fault(arn: str) -> PolicyProblem:
    statements = [
        {"Effect": "Allow", "Action": list(NEEDED), "Resource": arn},
        {"Effect": "Allow", "Action": TOKEN, "Resource": "*"},
    ]
    document = PolicyDocument("push", {"Version": "2012-10-17", "Statement": statements})
    found = Reviewer((document,), PushContext(PUSHER, REPOSITORY)).first_fault()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "/app",
            "/app ",
            [
                'Found:    the name "repository/fargate-lab/app "',
                "Why:      It has a space (U+0020) at its end, after character 26.",
            ],
        ),
        (
            "/app",
            "/\u200bapp",
            [
                'Found:    the name "repository/fargate-lab/[zero width space (U+200B)]app"',
                "Why:      Character 24 of it is a zero width space (U+200B), which does not belong there.",
            ],
        ),
        (
            "/app",
            "/\u0430pp",
            [
                'Found:    the name "repository/fargate-lab/\u0430pp"',
                "Why:      Character 24 of it is \u0430, a cyrillic small letter a (U+0430), not 'a'.",
            ],
        ),
        ("/app", "/apps", ['Found:    the name "repository/fargate-lab/apps"']),
        (ACCOUNT, "", [f'Found:    an ARN without an account: "{REPOSITORY.replace(ACCOUNT, "")}"']),
        (ACCOUNT, "444455556666", ['Found:    an ARN in account "444455556666"']),
        (
            ACCOUNT,
            "1111\u00a022223333",
            [
                'Found:    an ARN in account "1111[no-break space (U+00A0)]22223333"',
                "Why:      Character 5 of it is a no-break space (U+00A0), which does not belong there.",
            ],
        ),
        ("us-east-1", "", [f'Found:    an ARN without a Region: "{REPOSITORY.replace("us-east-1", "")}"']),
        (
            "us-east-1",
            "US-East-1",
            ['Found:    an ARN in Region "US-East-1"', "Why:      Character 1 of it is 'U', not 'u'."],
        ),
        (
            "arn:aws:",
            "arn:aws-cn:",
            [f'Found:    the partition "aws-cn" in "{REPOSITORY.replace("aws:", "aws-cn:", 1)}"'],
        ),
    ],
)
def test_an_arn_that_is_not_the_repositorys_shows_where(old: str, new: str, lines: list[str]) -> None:
    found = fault(REPOSITORY.replace(old, new, 1))
    shown = said(f"push.fixed.{found.name}", found.values).lines()
    assert [each for each in shown if each.startswith(("Found", "Why"))] == lines
    assert len(shown) <= 5
    assert found.values["found"] in sentence(found)


def test_a_verdict_hides_no_character() -> None:
    shown = str(said("push.fixed.typo", {"action": "ecr:Put\u200bIm\u00a0age", "suggestion": "ecr:PutImage"}))
    assert r'"ecr:Put\u200bIm[no-break space (U+00A0)]age"' in shown


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_of_another_encoding_is_named_by_its_first_character(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "push-policy.json"
    path.write_text('{"Version": "2012-10-17", "Statement": []}', encoding=encoding)
    with pytest.raises(LabError, match=r"line 1, column 1: .*byte order mark \(U\+FEFF\); save the file as UTF-8"):
        role_policies.read_policy(role_policies.text_of(path))


def test_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "push-policy.json"
    statement = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}'
    path.write_bytes(f'{{"Version": "2012-10-17",\r\n"Statement": {statement}}}\r\n'.encode())
    assert role_policies.read_policy(role_policies.text_of(path))["Version"] == "2012-10-17"
