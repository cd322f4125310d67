"""A repository creation template, which moto does not know: written down, and taken back by the lab alone."""

import pytest

from labs.errors import LabError
from labs.ledger import cleanup
from labs.session import Target, connect
from labs.session.local import Cloud


@pytest.fixture
def target(on_local_aws: Cloud) -> Target:
    """The lab on the local AWS."""
    return connect()


def test_a_creation_template_is_written_down_and_taken_back(target: Target) -> None:
    ecr = target.client("ecr")
    ecr.create_repository_creation_template(
        prefix="fargate-lab/team", appliedFor=["CREATE_ON_PUSH"], description="ours"
    )
    [made] = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert made["description"].startswith("ours [fargate-lab-kit=fargate-lab owner=")
    assert [(entry.kind, entry.id) for entry in target.ledger.entries()] == [
        ("ecr creation template", "fargate-lab/team")
    ]
    with pytest.raises(LabError, match="was not sent"):
        ecr.create_repository_creation_template(prefix="ROOT", appliedFor=["CREATE_ON_PUSH"])
    assert cleanup.clean(target, lambda _line: None).left == ()
    assert ecr.describe_repository_creation_templates()["repositoryCreationTemplates"] == []


def test_a_template_that_somebody_else_has_described_is_not_touched(target: Target) -> None:
    mine, theirs = target.client("ecr"), target.session.client("ecr")
    mine.create_repository_creation_template(prefix="fargate-lab/team", appliedFor=["CREATE_ON_PUSH"])
    theirs.update_repository_creation_template(prefix="fargate-lab/team", description="theirs [really]")
    assert [item.id for item in cleanup.clean(target, lambda _line: None).left] == ["fargate-lab/team"]
    theirs.delete_repository_creation_template(prefix="fargate-lab/team")
