"""Solving puts the push role right, whatever a mistake has put on it."""

import json

from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.subjects.push import lab_repository, push_role
from labs.subjects.push.role_policies import read_role


def test_solving_takes_off_what_a_mistake_has_put_on_the_push_role(bench: Bench) -> None:
    runner.reset("push-fixed", bench)
    runner.solve("push-fixed", bench)
    iam, role = bench.client("iam"), bench.push_role
    owned = f"arn:{bench.partition}:iam::aws:policy"
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    readers = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    iam.attach_role_policy(RoleName=role, PolicyArn=f"{owned}/AmazonEC2ContainerRegistryPowerUser")
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=_policy(everything))
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=f"{owned}/AmazonEC2ContainerRegistryReadOnly")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=_policy(everybody))
    bench.client("ecr").set_repository_policy(repositoryName=bench.repository_name, policyText=_policy(readers))
    assert not runner.ask(stage("push-fixed"), bench).verdict.passed
    assert runner.solve("push-fixed", bench)[-1].verdict.passed
    found = read_role(iam, role)
    assert found is not None
    assert [each.name for each in found.documents] == [push_role.POLICY_NAME]
    assert found.boundary is None
    assert lab_repository.policy(bench.client("ecr"), bench.repository_name) is None


def _policy(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
