"""Thirty trainees at the same time, in one account and in an account each: no error, nobody sees another's things."""

from concurrent.futures import ThreadPoolExecutor

from tests.cloud.forking import forked
from tests.cloud.lab_cloud import Keys, client
from tests.cloud.lesson import Trainee, principals

CLASS = 30


def learn_together(trainees):
    """Every trainee's lesson in a thread of its own; the digests they pushed."""
    with ThreadPoolExecutor(len(trainees)) as pool:
        return list(pool.map(Trainee.learn, trainees))


def test_thirty_principals_of_one_account_learn_together(start, tmp_path):
    cloud = start()
    trainees = principals(cloud.line, CLASS, tmp_path / "images")
    digests = learn_together(trainees)
    assert len(set(digests)) == CLASS
    for trainee, other in zip(trainees[:5], trainees[5:10], strict=True):
        trainee.meets(other)
    names = {found["repositoryName"] for found in cloud.client("ecr").describe_repositories()["repositories"]}
    assert names == {trainee.repository for trainee in trainees}
    assert "failed" not in cloud.log.read_text()


def test_thirty_accounts_learn_together(tmp_path):
    with forked() as clouds:
        lines = [
            clouds.start(tmp_path / f"{number}", "--account", f"{200000000000 + number}") for number in range(CLASS)
        ]
        trainees = []
        for line in lines:
            keys = Keys(line["access_key_id"], line["secret_access_key"])
            # All of one name: what tells them apart is the account alone.
            trainees.append(Trainee(line, keys, "same", tmp_path / line["account"]))
        assert len({line["account"] for line in lines}) == CLASS
        learn_together(trainees)
        for trainee in trainees:
            listed = client("ecr", trainee.endpoint, trainee.keys).describe_repositories()["repositories"]
            assert [found["repositoryArn"] for found in listed] == [trainee.arn]
            roles = client("iam", trainee.endpoint, trainee.keys).list_roles()["Roles"]
            assert {role["Arn"].split(":")[4] for role in roles} == {trainee.account}
