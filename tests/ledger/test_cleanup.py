import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from labs.errors import LabError
from labs.ledger import cleanup, kinds, removal
from labs.ledger.receipt import Outcome
from labs.ledger.tagging import Tags
from labs.session.docker_login import forget_passwords
from labs.session.target import Target
from tests.ledger.changed_kinds import change, failing

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
}
IMAGE = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "0" * 64, "size": 2},
        "layers": [],
    }
)


def build(target: Target) -> None:
    """A repository with an image, and a role with an inline policy and an attached one."""
    ecr, iam = target.client("ecr"), target.client("iam")
    ecr.create_repository(repositoryName="fargate-lab/app")
    ecr.put_image(repositoryName="fargate-lab/app", imageManifest=IMAGE, imageTag="1")
    iam.create_role(RoleName="fargate-lab-push", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="fargate-lab-push", PolicyName="push", PolicyDocument=json.dumps(ALLOW))
    managed = target.session.client("iam").create_policy(PolicyName="x", PolicyDocument=json.dumps(ALLOW))
    iam.attach_role_policy(RoleName="fargate-lab-push", PolicyArn=managed["Policy"]["Arn"])


def quiet(_line: str) -> None:
    pass


def names_in(target: Target) -> tuple[list[str], list[str]]:
    ecr, iam = target.session.client("ecr"), target.session.client("iam")
    return (
        sorted(repository["repositoryName"] for repository in ecr.describe_repositories()["repositories"]),
        sorted(role["RoleName"] for role in iam.list_roles()["Roles"]),
    )


def count(receipt: cleanup.Receipt) -> tuple[int, int, int]:
    return receipt.created, receipt.gone, len(receipt.left)


def test_everything_the_lab_created_goes_and_the_receipt_counts_it(account: Target) -> None:
    build(account)
    receipt = cleanup.clean(account, quiet)
    assert count(receipt) == (4, 4, 0)
    assert names_in(account) == ([], [])
    assert "created 4, gone 4, left 0" in str(receipt)
    assert "re-read from the account at" in str(receipt)


def test_the_last_created_goes_first(account: Target) -> None:
    build(account)
    lines: list[str] = []
    cleanup.clean(account, lines.append)
    assert [line.split()[1:3] for line in lines] == [
        ["iam", "role"],
        ["iam", "role"],
        ["iam", "role"],
        ["ecr", "repository"],
    ]
    assert "attachment" in lines[0]
    assert all(line.strip().startswith("gone") for line in lines)


def test_what_aws_removes_late_is_told_where_it_was_removed_all_the_same(
    account: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second", "third"):
        account.client("ecr").create_repository(repositoryName=f"fargate-lab/{name}")
    repository = kinds.known().named("ecr repository")
    assert repository is not None
    lingering = ["still there", "still there"]

    def tags(client: Any, name: str) -> Tags | None:
        """The last one made, which goes first, stays in the answers for two more readings."""
        try:
            return repository.tags(client, name)
        except ClientError:
            if name.endswith("third") and lingering:
                return {**account.tags, lingering.pop(): ""}
            raise

    change(monkeypatch, "ecr repository", tags=tags)
    lines: list[str] = []
    receipt = cleanup.clean(account, lines.append)
    assert [line.split()[-1] for line in lines if "gone" in line] == [
        "fargate-lab/third",
        "fargate-lab/second",
        "fargate-lab/first",
    ]
    assert lingering == []
    assert count(receipt) == (3, 3, 0)


def test_cleaning_twice_gives_the_same_receipt(account: Target) -> None:
    build(account)
    first, second = cleanup.clean(account, quiet), cleanup.clean(account, quiet)
    assert count(first) == count(second) == (4, 4, 0)


def test_cleaning_an_empty_account_is_no_error(account: Target) -> None:
    assert count(cleanup.clean(account, quiet)) == (0, 0, 0)


def test_what_others_made_stays_even_under_the_labs_prefix(account: Target) -> None:
    theirs = account.session.client("ecr")
    theirs.create_repository(repositoryName="production/app")
    theirs.create_repository(repositoryName="fargate-lab/untagged")
    theirs.create_repository(
        repositoryName="fargate-lab-ben/app",
        tags=[{"Key": "fargate-lab-kit", "Value": "fargate-lab-ben"}, {"Key": "owner", "Value": "anna"}],
    )
    build(account)
    assert count(cleanup.clean(account, quiet)) == (4, 4, 0)
    assert names_in(account)[0] == ["fargate-lab-ben/app", "fargate-lab/untagged", "production/app"]


def test_a_repository_that_was_there_before_the_lab_is_not_touched(account: Target) -> None:
    account.session.client("ecr").create_repository(repositoryName="fargate-lab/app")
    with pytest.raises(ClientError):
        account.client("ecr").create_repository(repositoryName="fargate-lab/app")
    lines: list[str] = []
    assert count(cleanup.clean(account, lines.append)) == (0, 0, 0)
    assert "not ours" in lines[0]
    assert names_in(account)[0] == ["fargate-lab/app"]


def test_a_resource_that_lost_its_tags_is_left_and_named(account: Target) -> None:
    build(account)
    ecr = account.session.client("ecr")
    arn = ecr.describe_repositories()["repositories"][0]["repositoryArn"]
    ecr.untag_resource(resourceArn=arn, tagKeys=["fargate-lab-kit"])
    receipt = cleanup.clean(account, quiet)
    assert count(receipt) == (4, 3, 1)
    assert "fargate-lab/app" in str(receipt)
    assert "lost the lab's tags" in str(receipt)
    assert names_in(account) == (["fargate-lab/app"], [])


def test_a_lost_ledger_loses_no_resource(account: Target) -> None:
    build(account)
    account.ledger.file.unlink()
    assert count(cleanup.clean(account, quiet)) == (2, 2, 0)
    assert names_in(account) == ([], [])


def test_a_resource_deleted_by_hand_is_counted_as_gone(account: Target) -> None:
    build(account)
    account.session.client("ecr").delete_repository(repositoryName="fargate-lab/app", force=True)
    assert count(cleanup.clean(account, quiet)) == (4, 4, 0)


def test_an_intention_that_never_became_a_resource_is_not_counted(account: Target) -> None:
    account.ledger.intend("ecr repository", "fargate-lab/app", "us-east-1")
    assert count(cleanup.clean(account, quiet)) == (0, 0, 0)


def test_an_intention_whose_answer_was_lost_is_taken_back(account: Target) -> None:
    account.client("ecr").create_repository(repositoryName="fargate-lab/app")
    rows = account.ledger.file.read_text().splitlines()
    account.ledger.file.write_text(rows[0] + "\n")
    assert count(cleanup.clean(account, quiet)) == (1, 1, 0)


class Interrupted(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("when", ["before-call", "after-call"])
def test_an_interrupted_cleaning_goes_on_where_it_stopped(
    account: Target, monkeypatch: pytest.MonkeyPatch, after: int, when: str
) -> None:
    build(account)
    deletes: list[str] = []
    real = Target.client

    def interrupting(self: Target, service: str, **more: Any) -> Any:
        client = real(self, service, **more)

        def stop(model: Any, **_: object) -> None:
            if model.name.startswith(("Delete", "Detach")):
                deletes.append(model.name)
                if len(deletes) > after:
                    raise Interrupted

        client.meta.events.register_first(when, stop)
        return client

    with monkeypatch.context() as patch:
        patch.setattr(Target, "client", interrupting)
        with pytest.raises(Interrupted):
            cleanup.clean(replace(account, _clients={}), quiet)
    # The next process starts with clients of its own.
    assert count(cleanup.clean(replace(account, _clients={}), quiet)) == (4, 4, 0)
    assert names_in(account) == ([], [])


def test_a_refused_delete_is_left_with_awss_words_and_the_rest_goes(
    account: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(account)
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "DeleteRepository")
    change(monkeypatch, "ecr repository", remove=failing(refused))
    receipt = cleanup.clean(account, quiet)
    assert count(receipt) == (4, 3, 1)
    assert receipt.left[0].reason == "AccessDeniedException: not authorized"
    assert names_in(account) == (["fargate-lab/app"], [])


def test_an_account_that_cannot_be_searched_is_never_called_clean(
    account: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListRoles")
    change(monkeypatch, "iam role", found=failing(refused))
    receipt = cleanup.clean(account, quiet)
    assert [(item.kind, item.outcome) for item in receipt.left] == [("iam role", Outcome.LEFT)]
    assert "cannot check" in receipt.left[0].reason


def test_what_may_not_be_listed_and_was_never_used_is_said_and_not_left(
    account: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(account)
    refused = ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "DescribeVpcs")
    change(monkeypatch, "ec2 vpc", claimed=failing(refused))
    receipt = cleanup.clean(account, quiet)
    assert count(receipt) == (4, 4, 0)
    assert "not looked for, for lack of permission: ec2 vpc" in str(receipt)


def test_what_may_not_be_listed_though_the_lab_used_it_is_left(
    account: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(account)
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListRoles")
    change(monkeypatch, "iam role", found=failing(refused))
    assert count(cleanup.clean(account, quiet)) == (4, 4, 1)


def test_an_account_that_went_away_is_one_sentence(account: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    build(account)
    gone = failing(EndpointConnectionError(endpoint_url="http://127.0.0.1:9"))
    change(monkeypatch, "ecr repository", remove=gone)
    with pytest.raises(LabError, match=r"AWS does not answer at http://127\.0\.0\.1:9 while removing ecr repository"):
        cleanup.clean(account, quiet)


def test_a_delete_that_takes_no_effect_is_left_after_the_deadline(
    account: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.client("ecr").create_repository(repositoryName="fargate-lab/app")
    change(monkeypatch, "ecr repository", remove=lambda *_: None)
    monkeypatch.setattr(removal, "LONGEST_WAIT_S", 0.0)
    receipt = cleanup.clean(account, quiet)
    assert count(receipt) == (1, 0, 1)
    assert "still there" in receipt.left[0].reason


def test_the_preview_names_what_would_go_and_changes_nothing(account: Target) -> None:
    build(account)
    before = account.ledger.file.read_bytes()
    items = cleanup.preview(account)
    assert {item.outcome for item in items} == {Outcome.WOULD_GO}
    assert items[-1].id == "fargate-lab/app"
    assert len(items) == 4
    assert names_in(account) == (["fargate-lab/app"], ["fargate-lab-push"])
    assert account.ledger.file.read_bytes() == before


def test_the_preview_shows_what_only_its_tags_tell(account: Target) -> None:
    build(account)
    account.ledger.file.unlink()
    assert [(item.id, item.reason) for item in cleanup.preview(account)] == [
        ("fargate-lab-push", "found by its tags"),
        ("fargate-lab/app", "found by its tags"),
    ]


def test_the_passwords_in_the_kits_docker_configuration_go_and_the_rest_stays(home: Path) -> None:
    config = home / "docker" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {"127.0.0.1:1": {"auth": "QVdTOng="}}, "currentContext": "x"}))
    assert forget_passwords(home) == 1
    assert json.loads(config.read_text()) == {"currentContext": "x"}
    assert forget_passwords(home) == 0


def test_a_damaged_docker_configuration_is_removed_because_it_may_hold_a_password(home: Path) -> None:
    config = home / "docker" / "config.json"
    config.parent.mkdir()
    config.write_text('{"auths": {"x": {"auth": "QVdT')
    forget_passwords(home)
    assert not config.exists()
