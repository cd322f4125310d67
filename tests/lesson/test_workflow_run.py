"""What a run of a workflow gets as ``vars``."""

from labs.lesson import additions, workflow_run


def test_a_run_gets_the_lab_s_names_and_what_a_stage_brings(bench, monkeypatch):
    monkeypatch.setattr(
        additions, "workflow_values", lambda: {"PUSH_ROLE_ARN": lambda bench: "arn:x", "MORE": lambda bench: "y"}
    )
    found = workflow_run.values(bench)
    target = bench.target
    assert found["REGISTRY"] == f"{target.account}.dkr.ecr.{target.region}.amazonaws.com"
    assert (found["AWS_REGION"], found["REPOSITORY"]) == (target.region, bench.repository_name)
    assert (found["REGISTRY_USER"], found["PYTHON_IMAGE"]) == ("", bench.python_image)
    assert (found["PUSH_ROLE_ARN"], found["MORE"], found["ACCOUNT"]) == ("arn:x", "y", target.account)
