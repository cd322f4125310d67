"""``labs diagnose`` as a person calls it: with plain AWS credentials against a running local AWS."""

import json
from pathlib import Path

import pytest

from labs import cli
from tests.cloud.ecs.lab_ecs import until

REGION = "us-east-1"
CRASH = "import sys\nprint('no disk', flush=True)\nsys.exit(3)\n"


@pytest.fixture
def labs(world, capsys, monkeypatch):
    """labs diagnose with the account's own keys: exit code, standard output, standard error."""
    for name, value in {
        "LAB_TARGET": "aws",
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
        "AWS_ACCESS_KEY_ID": world.cloud.admin.access_key_id,
        "AWS_SECRET_ACCESS_KEY": world.cloud.admin.secret,
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)

    def call(*words, cluster=world.name):
        code = cli.main(["diagnose", *words, *(["--cluster", cluster] if cluster else [])])
        printed = capsys.readouterr()
        return code, " ".join(printed.out.split()), printed.err

    return call


@pytest.fixture
def service(world):
    """Create a service and wait until one of its tasks has failed, or all run: service(name, definition)."""
    made = []

    def create(name, definition, **more):
        made.append(name)
        world.lab.service(name, definition, world.vpc, desiredCount=1, **more)
        return name

    yield create
    for name in made:
        world.lab.ecs.delete_service(cluster=world.name, service=name, force=True)


@pytest.fixture
def running(world):
    """A task that runs; its ARN."""
    arn = world.lab.run(world.definition, world.vpc)
    world.lab.reaches(arn, "RUNNING", 60)
    yield arn
    world.lab.ecs.stop_task(cluster=world.name, task=arn)


def failed(world, name):
    """Whether a task of the service has stopped."""
    arns = world.lab.ecs.list_tasks(cluster=world.name, serviceName=name, desiredStatus="STOPPED")["taskArns"]
    return any(world.lab.task(arn)["lastStatus"] == "STOPPED" for arn in arns)


# What it says.


def test_a_failed_task_has_its_cause_the_proof_and_one_next_line(labs, world):
    with world.rules("endpoints") as group:
        task = world.run()
        code, out, err = labs(task["taskArn"], cluster="")
    assert (code, err) == (1, "")
    assert f"Looked at task {task['taskArn'].rsplit('/', 1)[-1]} of diag-app:1 State STOPPED" in out
    assert "It said: ResourceInitializationError: unable to pull secrets or registry auth:" in out
    assert f"registry authorisation: Needed: the task reaches api.ecr.{REGION}.amazonaws.com:443." in out
    assert "Proof: OPEN: DNS:" in out
    assert f"BLOCKED: destination security groups, inbound: No inbound rule of {group} allows tcp 443" in out
    assert "registry authorisation FAILS" in out
    assert out.count("Next: ") == 1
    assert f"Next: in {group}, allow inbound tcp 443 from {world.vpc.group}" in out


def test_no_line_is_wider_than_the_page(labs, world, capsys):
    with world.rules("endpoints"):
        cli.main(["diagnose", world.definition, "--subnet", world.vpc.subnets[0], "--group", world.vpc.group])
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert max(map(len, lines)) <= 100


def test_a_definition_is_asked_before_it_runs(labs, world):
    place = ("--subnet", world.vpc.subnets[0], "--group", world.vpc.group)
    code, out, _ = labs("diag-app", *place)
    assert (code, "Nothing stops this task from starting." in out) == (0, True)
    with world.without_endpoint("s3"):
        code, out, _ = labs("diag-app:1", *place)
    assert code == 1
    assert (
        f"Next: create a gateway endpoint for com.amazonaws.{REGION}.s3 with the route table {world.vpc.table}" in out
    )


def test_a_task_that_runs_has_nothing_in_its_way(labs, running):
    code, out, _ = labs(running.rsplit("/", 1)[-1])
    assert code == 0
    assert "State RUNNING The task runs, and nothing stands in the way of its next start." in out
    assert "Next:" not in out


def test_a_task_that_runs_but_would_not_start_again_is_told(labs, world, running):
    with world.permitted(secret=None):
        code, out, _ = labs(running)
    assert code == 1
    assert "The task runs, but as things are now it would not start again. secrets: Needed:" in out


def test_a_cause_that_has_been_fixed_since_is_told(labs, world):
    with world.permitted(parameter=None):
        arn = world.run()["taskArn"]
    code, out, _ = labs(arn)
    assert code == 0
    assert "does not allow ssm:GetParameters. As things are now, nothing stops it." in out
    assert out.endswith("Next: run the task again")


def test_a_task_that_ended_by_itself_is_told_apart_from_one_that_did_not_start(labs, world):
    definition = world.register(image=world.lab.image("crash", CRASH), family="crash")
    arn = world.lab.run(definition, world.vpc)
    until(lambda: world.lab.task(arn)["lastStatus"] == "STOPPED", 60)
    code, out, _ = labs(arn)
    assert code == 1
    assert "after the start: It started, and then app ended with exit code 3." in out
    assert "container start not needed" in out


def test_a_service_that_does_not_settle_has_the_cause_of_its_tasks(labs, world, service):
    with world.as_definition(log={"awslogs-group": "/ecs/not-there"}):
        name = service("unsettled", world.definition)
    until(lambda: failed(world, name), 60)
    code, out, _ = labs(name)
    assert code == 1
    assert "Looked at service unsettled, diag-other:" in out
    assert "0 of 1 tasks run" in out
    assert "log stream: Needed: the log group /ecs/not-there is there." in out
    assert f"Next: create the log group /ecs/not-there in {REGION}" in out
    # Without a name it is what most needs a look.
    assert "Looked at service unsettled" in labs()[1]


def test_a_service_whose_role_cannot_be_assumed_has_no_task_but_a_cause(labs, world, service):
    with world.trusted_by("ec2.amazonaws.com"):
        name = service("distrusted", world.definition)
        until(lambda: any("unable to assume" in each for each in world.lab.events(name)), 60)
        code, out, _ = labs(name)
    assert code == 1
    assert "roles: Needed: ECS may assume" in out
    assert "Next: let ecs-tasks.amazonaws.com assume the role" in out


def test_a_service_that_is_steady_has_nothing_in_its_way(labs, world, service):
    name = service("steady", world.definition)
    until(lambda: world.lab.described(name)["runningCount"] == 1, 60)
    until(lambda: len(world.lab.described(name)["deployments"]) == 1, 60)
    code, out, _ = labs(world.lab.described(name)["serviceArn"], cluster="")
    assert (code, "1 of 1 tasks run" in out, "nothing stands in the way" in out) == (0, True, True)


def test_ecs_exec_is_asked_about_when_wanted(labs, world):
    place = ("--subnet", world.vpc.subnets[0], "--group", world.vpc.group)
    code, out, _ = labs("diag-app:1", *place, "--exec")
    assert code == 1
    assert "Nothing stops this task from starting. A shell in it (ECS Exec) would fail." in out
    assert f"com.amazonaws.{REGION}.ssmmessages" in out
    assert "ECS Exec: Needed: the task has a task role. Found: it has none." in out


def test_the_clusters_record_of_sessions_is_asked_of_the_task_role(labs, world):
    record = {"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "/ecs/shells"}}
    world.lab.ecs.create_cluster(clusterName="recorded", configuration={"executeCommandConfiguration": record})
    definition = world.register(family="shell", taskRoleArn=world.lab.role)
    place = ("--subnet", world.vpc.subnets[0], "--group", world.vpc.group)
    code, out, _ = labs(definition, *place, "--exec", cluster="recorded")
    assert code == 1
    assert "diag-exec may call logs:DescribeLogStreams on" in out
    assert "ssmmessages:OpenDataChannel" in out


def test_groups_that_are_not_known_are_asked_for(labs, world, monkeypatch):
    with world.permitted(secret=None):
        arn = world.run()["taskArn"]
    # On AWS the call comes into CloudTrail some minutes later.
    monkeypatch.setattr("labs.account.placement.pages", lambda *_, **__: [])
    code, out, _ = labs(arn)
    assert code == 2
    assert "The task has stopped, and CloudTrail does not have (yet) how it was started." in out
    assert out.endswith("Next: say which they were: --group sg-...")
    code, out, _ = labs(arn, "--group", world.vpc.group)
    assert (code, "CANNOT CHECK" in out) == (0, False)


def test_the_policy_of_all_that_is_read_is_printed(labs, capsys):
    code = cli.main(["diagnose", "--policy"])
    assert code == 0
    assert json.loads(capsys.readouterr().out)["Version"] == "2012-10-17"


def test_the_help_has_the_exit_codes_and_examples(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["diagnose", "--help"])
    out = capsys.readouterr().out
    assert end.value.code == 0
    for code in ("0  nothing is wrong", "1  causes were found", "2  something could not be checked"):
        assert code in out.partition("exit codes:")[2]
    assert "labs diagnose my-service --cluster lab" in out


# What cannot be answered.

ARN = f"arn:aws:ecs:{REGION}:111122223333"
MISTAKES = {
    "a task that is not there": (["f" * 32], "ECS does not know the task", "ECS keeps a stopped task for an hour"),
    "no such service or definition": (["nobody"], "There is no service and no task definition 'nobody'", "--cluster"),
    "no such revision": (["nobody:3"], "There is no task definition 'nobody:3'.", "give a task's id"),
    "an ARN of something else": (
        ["arn:aws:s3:::bucket"],
        "is not the ARN of a task, a service or a task",
        "give a task's",
    ),
    "an ARN cut short": ([f"{ARN}:task/"], "is not the ARN of a task", "give a task's"),
    "another Region": (["arn:aws:ecs:eu-west-1:111122223333:task/c/" + "f" * 32], "is in eu-west-1", "AWS_REGION=eu"),
    "another account": ([f"arn:aws:ecs:{REGION}:999999999999:service/c/s"], "in account 999999999999", "AWS_PROFILE"),
    "a name with letters ECS does not have": (["my service"], "'my service' is not a name in ECS.", "give a task's"),
    "no such service by its ARN": ([f"{ARN}:service/diag/nobody"], "There is no service nobody", "check the name"),
    "a definition without a place": (["diag-app"], "does not say where it will run", "--subnet subnet-... --group sg-"),
    "a subnet that is none": (["diag-app", "--subnet", "vpc-1"], "'vpc-1' is not an id for --subnet.", "subnet-..."),
    "a subnet that is not there": (["diag-app", "--subnet", "subnet-0123"], "There is no subnet subnet-0123", "check"),
    "a place without a name": (["--group", "sg-1"], "--subnet, --group and --public need a name.", "say which"),
}


@pytest.mark.parametrize(("words", "error", "action"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence_and_a_next_step(labs, words, error, action):
    code, out, err = labs(*words)
    assert (code, out) == (2, "")
    assert error in err
    what, _, following = err.partition("\nNext: ")
    assert action in following
    assert "\n" not in what


def test_a_cluster_that_is_not_there_is_said(labs):
    code, _, err = labs("f" * 32, cluster="nowhere")
    assert (code, "There is no cluster nowhere." in err) == (2, True)
    code, _, err = labs(cluster="nowhere")
    assert (code, "There is no task and no service in the cluster nowhere." in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "AWS does not answer"),
        ("AWS_SECRET_ACCESS_KEY", "wrong", "The secret access key does not fit"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "AWS does not know this access key"),
        ("AWS_DEFAULT_REGION", None, "No AWS region is set."),
    ],
)
def test_an_account_that_cannot_be_asked_is_one_sentence(labs, monkeypatch, tmp_path, name, value, error):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    code, out, err = labs("f" * 32)
    assert (code, out) == (2, "")
    assert error in err


def test_without_credentials_it_says_so(labs, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    code, _, err = labs("f" * 32)
    assert (code, "There are no AWS credentials." in err) == (2, True)


def test_nothing_of_the_local_aws_is_used():
    """Plain boto3 only: the same code asks AWS."""
    folder = Path(__file__).parents[2] / "labs" / "diagnose"
    assert all("labs.cloud" not in file.read_text("utf-8") for file in folder.glob("*.py"))
