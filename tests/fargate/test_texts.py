"""The catalogue: its form, its evidence, and telling which text a reason is."""

from pathlib import Path

import pytest

from labs.aws_texts import Mark, Text, Wording
from labs.fargate.recognition import recognise
from labs.fargate.refusals import REFUSALS
from labs.fargate.texts import TEXTS

EVERY = {**TEXTS, **REFUSALS}
# One value for every placeholder there is.
VALUES = {
    "role": "arn:aws:iam::111122223333:role/execution",
    "subnet": "subnet-0a",
    "subnets": "subnet-0a",
    "group": "sg-0a",
    "groups": "sg-0a",
    "subject": "The subnet subnet-0b",
    "detail": "InvalidSubnetID.NotFound",
    "host": "api.ecr.us-east-1.amazonaws.com",
    "dial": "tcp 10.0.0.9:443: i/o timeout",
    "request_id": "0b9fd1a4-0000-4000-8000-000000000000",
    "sentence": "User: arn:aws:sts::111122223333:assumed-role/execution/t is not authorized to perform: x",
    "secret": "/fargate-lab/greeting",
    "json_key": "password",
    "stage": "AWSCURRENT",
    "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/fargate-lab/app:1",
    "url": "https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/fargate-lab/app/manifests/1",
    "reference": "1",
    "name": "111122223333.dkr.ecr.us-east-1.amazonaws.com/fargate-lab/app:1",
    "hash": "e" * 64,
    "platform": "linux/arm64 v8",
    "reason": "exec: no such file",
    "command": "/app",
    "deployment": "ecs-svc/123",
    "service": "app",
    "cpu": "256",
    "memory": "4096",
    "driver": "json-file",
    "variable": "GREETING",
}
# Texts whose words are another's: a reason cannot tell them apart.
TWINS = [{"manifest.no_tag", "manifest.no_repository"}, {"layers.denied", "layers.bucket_denied"}]


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize("wording", Wording)
def test_a_text_is_rendered_whole(text, wording):
    rendered = text.render(VALUES, wording)
    assert rendered
    assert "{" not in rendered


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_a_text_says_its_cause_and_its_evidence(text):
    assert text.case
    assert text.evidence
    assert text.placeholders <= set(VALUES)


REST = {"id": "x", "service": "ecs", "operations": (), "case": "y", "evidence": "w"}


def test_only_a_simulated_text_says_so():
    with pytest.raises(ValueError, match="simulated"):
        Text(words="z", mark=Mark.SIMULATED, **REST)
    with pytest.raises(ValueError, match="simulated"):
        Text(words="z (simulated wording)", mark=Mark.FIELD, **REST)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("wording", Wording)
def test_a_reason_is_recognised_in_either_wording(text, wording):
    found = {each.id for each in recognise(text.render(VALUES, wording), TEXTS.values())}
    assert text.id in found
    assert len(found) == 1 or found in TWINS


# Lines of real runs, with the accounts' own names replaced.
REAL = [line.split("\t") for line in (Path(__file__).parent / "reasons.tsv").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("id", "reason"), REAL)
def test_a_real_reason_is_recognised(id, reason):
    assert [text.id for text in recognise(reason, TEXTS.values())] == [id]


def test_a_truncated_reason_leaves_every_text_it_may_be():
    cut = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
        "arn:aws:secretsmanager:ap-northeast-1:5394593..."
    )
    found = {text.id for text in recognise(cut, TEXTS.values())}
    assert found == {"asm.denied", "asm.missing", "asm.no_value", "asm.kms_denied"}


@pytest.mark.parametrize("reason", ["", "Something else.", "exec", "Host EC2 (instance i-0) terminated."])
def test_other_words_are_not_recognised(reason):
    assert recognise(reason, TEXTS.values()) == ()
