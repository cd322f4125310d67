"""Tasks that start and tasks that do not, through boto3 alone."""

import json

import pytest
from botocore.exceptions import WaiterError

from tests.cloud.ecs.lab_ecs import EXECUTION, EcsLab, until

EXITS = "import sys; print('leaving', flush=True); sys.exit({code})"
CRASH = "raise RuntimeError('the app broke')"
HUNGRY = "import time\nheld = bytearray(300 << 20)\ntime.sleep(60)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(60)"
)
GATE = "import os, time\nwhile not os.path.exists(os.environ['GO']): time.sleep(0.05)"
PLAIN = "import time\nprint('up', flush=True)\ntime.sleep(60)"


def test_without_endpoints_the_first_run_stops_at_registry_authorisation(lab, definition):
    task = lab.reaches(lab.run(definition, lab.vpc(endpoints=(), s3=False)), "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(
        "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth "
        "from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network "
        "configuration."
    )
    assert task["containers"][0]["lastStatus"] == "STOPPED"
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task


@pytest.mark.parametrize(("account", "answer"), [("111122223333", "runs"), ("444455556666", "is refused")])
def test_a_trust_policy_may_ask_which_account_the_task_is_of(lab, vpc, account, answer):
    source = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:*:{account}:*"},
    }
    role = lab.iam.get_role(RoleName=f"{lab.name}-exec")["Role"]
    trust = role["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Condition"] = source
    name = f"{lab.name}-of-{account}"
    arn = lab.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    lab.iam.attach_role_policy(RoleName=name, PolicyArn=EXECUTION)
    definition = lab.register(lab.container(lab.image("hello")), family=f"of-{account}", executionRoleArn=arn)
    if answer == "runs":
        arn = lab.run(definition, vpc)
        lab.reaches(arn, "RUNNING")
        lab.ecs.stop_task(cluster=lab.name, task=arn)
    else:
        with pytest.raises(lab.ecs.exceptions.ClientException, match=f"ECS was unable to assume the role '{arn}'"):
            lab.run(definition, vpc)


def test_the_same_image_runs_from_another_repository_when_the_first_is_gone(cloud, lab, vpc):
    """Equal programs make equal digests; each repository's bytes are its own."""
    program = EXITS.format(code=7)
    gone = EcsLab(cloud, "gone")
    first = gone.run(gone.register(gone.container(gone.image("once", program))), gone.vpc())
    assert gone.reaches(first, "STOPPED")["containers"][0]["exitCode"] == 7
    gone.ecr.delete_repository(repositoryName="gone/app", force=True)
    again = lab.run(lab.register(lab.container(lab.image("again", program)), family="again"), vpc)
    task = lab.reaches(again, "STOPPED")
    assert task["containers"][0].get("exitCode") == 7, task


def test_without_the_s3_gateway_the_layers_hang(lab, definition):
    vpc = lab.vpc(s3=False)
    task = lab.reaches(lab.run(definition, vpc), "STOPPED")
    assert task["stoppedReason"].startswith("CannotPullContainerError: The task cannot pull ")
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    lab.open_s3(vpc)
    arn = lab.run(definition, vpc)
    lab.reaches(arn, "RUNNING")
    lab.ecs.stop_task(cluster=lab.name, task=arn)


def test_with_every_endpoint_it_runs_and_its_line_arrives_while_it_runs(lab, definition, running):
    task = running(definition)
    until(lambda: "hello from the app secret none" in lab.lines(task["taskArn"]))
    assert lab.task(task["taskArn"])["lastStatus"] == "RUNNING"
    assert lab.lines(task["taskArn"])[0].startswith("embedded engine: ")
    assert task["createdAt"] <= task["pullStartedAt"] <= task["pullStoppedAt"] <= task["startedAt"]
    image = lab.ecr.describe_images(repositoryName=f"{lab.name}/app", imageIds=[{"imageTag": "hello"}])
    assert task["containers"][0]["imageDigest"] == image["imageDetails"][0]["imageDigest"]


def test_a_running_task_has_an_interface_with_an_address_of_its_subnet(lab, vpc, definition, running):
    task = running(definition)
    details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
    eni = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])
    shown = eni["NetworkInterfaces"][0]
    assert shown["PrivateIpAddress"] == details["privateIPv4Address"]
    assert (shown["SubnetId"], shown["Groups"][0]["GroupId"]) == (vpc.subnets[0], vpc.group)
    assert shown["Description"].endswith(f":attachment/{task['attachments'][0]['id']}")
    lab.ecs.stop_task(cluster=lab.name, task=task["taskArn"])
    gone = lab.reaches(task["taskArn"], "STOPPED")
    assert gone["attachments"][0]["status"] == "DELETED"
    wanted = [{"Name": "network-interface-id", "Values": [details["networkInterfaceId"]]}]
    assert lab.ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"] == []


def test_stop_task_gives_the_app_its_sigterm_and_keeps_the_reason(lab, definition, running):
    task = running(definition)
    # RUNNING says that the container runs, not that the app has read its first line.
    until(lambda: len(lab.lines(task["taskArn"])) > 1)
    stopping = lab.ecs.stop_task(cluster=lab.name, task=task["taskArn"], reason="enough")["task"]
    assert stopping["desiredStatus"] == "STOPPED"
    stopped = lab.reaches(task["taskArn"], "STOPPED")
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "enough")
    assert stopped["containers"][0]["exitCode"] == 0
    assert stopped["stoppingAt"] <= stopped["executionStoppedAt"] <= stopped["stoppedAt"]


# Who ends at SIGTERM gets the time that AWS gives by default; who does not is not waited for as long.
@pytest.mark.parametrize(("program", "code", "stop_timeout"), [(PLAIN, 143, 30), (STUBBORN, 137, 2)])
def test_an_app_that_does_not_handle_sigterm_has_the_signals_exit_code(lab, running, program, code, stop_timeout):
    image = lab.image(f"signal{code}", program)
    task = running(lab.register(lab.container(image, stopTimeout=stop_timeout), family=f"signal{code}"))
    until(lambda: len(lab.lines(task["taskArn"])) > 1)
    lab.ecs.stop_task(cluster=lab.name, task=task["taskArn"])
    stopped = lab.reaches(task["taskArn"], "STOPPED")
    assert stopped["stoppedReason"] == "Task stopped by user"
    assert stopped["containers"][0]["exitCode"] == code


@pytest.mark.parametrize(("program", "code"), [(EXITS.format(code=0), 0), (EXITS.format(code=3), 3), (CRASH, 1)])
def test_an_essential_container_that_ends_ends_the_task(lab, vpc, program, code):
    image = lab.image(f"exit{code}", program)
    arn = lab.run(lab.register(lab.container(image), family=f"exit{code}"), vpc)
    task = lab.reaches(arn, "STOPPED")
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert task["containers"][0]["exitCode"] == code
    assert "startedAt" in task
    # Its last line is there before the task has stopped.
    assert ("leaving" in lab.lines(arn)[-1]) or ("the app broke" in lab.lines(arn)[-1])


def test_too_much_memory_is_137_with_the_agents_words(lab, vpc):
    container = lab.container(lab.image("hungry", HUNGRY), memory=128)
    task = lab.reaches(lab.run(lab.register(container, family="hungry"), vpc), "STOPPED")
    assert task["containers"][0]["exitCode"] == 137
    assert task["containers"][0]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert task["stoppedReason"] == "Essential container in task exited"


def test_one_image_for_another_cpu_is_pulled_and_cannot_run(lab, vpc):
    definition = lab.register(lab.container(lab.single("armonly", "arm64")), family="armonly")
    arn = lab.run(definition, vpc)
    task = lab.reaches(arn, "STOPPED")
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 1)
    assert lab.lines(arn)[-1].endswith("exec format error")


def test_an_index_without_the_tasks_cpu_is_a_pull_error(lab, vpc):
    image = lab.image("amd", platforms=("amd64",))
    definition = lab.register(
        lab.container(image),
        family="amd",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    )
    task = lab.reaches(lab.run(definition, vpc), "STOPPED")
    assert "image Manifest does not contain descriptor matching platform 'linux/arm64" in task["stoppedReason"]


def test_an_arm64_task_runs_and_says_what_it_runs_on(lab, running):
    definition = lab.register(
        lab.container(lab.image("both")),
        family="arm",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    )
    task = running(definition)
    assert task["attributes"] == [{"name": "ecs.cpu-architecture", "value": "arm64"}]
    first = until(lambda: lab.lines(task["taskArn"]))[0]
    assert first.startswith("embedded engine: ")
    assert "a process of this machine" in first


def test_secrets_arrive_decrypted_and_are_in_no_answer(lab, vpc, running):
    lab.ssm.put_parameter(Name=f"/{lab.name}/secret", Value="correct-horse", Type="SecureString")
    keeper = lab.cloud.client("secretsmanager")
    made = keeper.create_secret(Name=f"{lab.name}-db", SecretString=json.dumps({"who": "the database"}))["ARN"]
    statement = {"Effect": "Allow", "Action": ["ssm:GetParameters", "secretsmanager:GetSecretValue"], "Resource": "*"}
    lab.iam.put_role_policy(
        RoleName=f"{lab.name}-exec",
        PolicyName="secrets",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    secrets = [
        {"name": "APP_SECRET", "valueFrom": f"/{lab.name}/secret"},
        {"name": "WHO", "valueFrom": f"{made}:who::"},
    ]
    definition = lab.register(lab.container(lab.image("secret"), secrets=secrets), family="secret")
    task = running(definition)
    until(lambda: "hello from the database secret correct-horse" in lab.lines(task["taskArn"]))
    assert "correct-horse" not in json.dumps(lab.task(task["taskArn"]), default=str)


def test_a_role_that_may_not_read_the_secret_stops_the_task_with_the_sentence(lab, vpc):
    lab.ssm.put_parameter(Name=f"/{lab.name}/other", Value="x", Type="SecureString")
    trust = lab.iam.get_role(RoleName=f"{lab.name}-exec")["Role"]["AssumeRolePolicyDocument"]
    role = lab.iam.create_role(RoleName=f"{lab.name}-bare", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    lab.iam.attach_role_policy(
        RoleName=f"{lab.name}-bare", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    )
    container = lab.container(lab.image("denied"), secrets=[{"name": "APP_SECRET", "valueFrom": f"/{lab.name}/other"}])
    arn = lab.run(lab.register(container, family="denied", executionRoleArn=role), vpc)
    task = lab.reaches(arn, "STOPPED")
    session = f"arn:aws:sts::{lab.cloud.account}:assumed-role/{lab.name}-bare/{arn.rsplit('/', 1)[-1]}"
    assert f"User: {session} is not authorized to perform: ssm:GetParameters" in task["stoppedReason"]
    trail = lab.cloud.client("cloudtrail")
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "GetParameters"}]
    events = [json.loads(each["CloudTrailEvent"]) for each in trail.lookup_events(LookupAttributes=wanted)["Events"]]
    refused = [each for each in events if each.get("errorCode") == "AccessDenied"]
    assert refused[0]["userIdentity"]["arn"] == session


def test_overrides_change_command_and_environment(lab, vpc):
    program = "import os, sys; print(sys.argv[1:], os.environ['WHO'], flush=True)"
    image = lab.image("override", program, Cmd=["from-image"])
    container = lab.container(image, environment=[{"name": "WHO", "value": "definition"}])
    definition = lab.register(container, family="override")
    plain = lab.run(definition, vpc)
    given = {"name": "app", "command": ["from-call"], "environment": [{"name": "WHO", "value": "call"}]}
    changed = lab.run(definition, vpc, overrides={"containerOverrides": [given]})
    lab.reaches(plain, "STOPPED")
    lab.reaches(changed, "STOPPED")
    assert lab.lines(plain)[-1] == "['from-image'] definition"
    assert lab.lines(changed)[-1] == "['from-call'] call"


def test_containers_wait_for_those_they_depend_on(lab, vpc):
    first = lab.container(lab.image("first", EXITS.format(code=0)), name="first", essential=False)
    image = lab.image("second", EXITS.format(code=5))
    second = lab.container(image, name="second", dependsOn=[{"containerName": "first", "condition": "SUCCESS"}])
    arn = lab.run(lab.register(second, first, family="order"), vpc)
    task = lab.reaches(arn, "STOPPED")
    assert {each["name"]: each["exitCode"] for each in task["containers"]} == {"first": 0, "second": 5}
    assert lab.lines(arn, "first")[-1] == lab.lines(arn, "second")[-1] == "leaving"


def test_a_health_check_is_run_and_shown(lab, running):
    check = {"command": ["CMD", "python", "-c", "raise SystemExit(0)"], "interval": 5, "timeout": 30, "retries": 1}
    task = running(lab.register(lab.container(lab.image("well"), healthCheck=check), family="well"))
    assert until(lambda: lab.task(task["taskArn"])["healthStatus"] == "HEALTHY")
    check = {"command": ["CMD-SHELL", "python -c 'raise SystemExit(1)' || exit 1"], "interval": 5, "retries": 1}
    task = running(lab.register(lab.container(lab.image("ill"), healthCheck=check), family="ill"))
    assert until(lambda: lab.task(task["taskArn"])["healthStatus"] == "UNHEALTHY")
    # A task that no service keeps goes on.
    assert lab.task(task["taskArn"])["lastStatus"] == "RUNNING"


def test_awslogs_may_create_its_group_only_when_the_role_may(lab, vpc):
    container = lab.container(lab.image("group", EXITS.format(code=0)))
    container["logConfiguration"]["options"] |= {"awslogs-group": f"/made/{lab.name}", "awslogs-create-group": "true"}
    definition = lab.register(container, family="group")
    task = lab.reaches(lab.run(definition, vpc), "STOPPED")
    assert "failed to create Cloudwatch log group" in task["stoppedReason"]
    statement = {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"}
    lab.iam.put_role_policy(
        RoleName=f"{lab.name}-exec",
        PolicyName="group",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    assert lab.reaches(lab.run(definition, vpc), "STOPPED")["stopCode"] == "EssentialContainerExited"
    groups = lab.logs.describe_log_groups(logGroupNamePrefix=f"/made/{lab.name}")["logGroups"]
    assert [each["logGroupName"] for each in groups] == [f"/made/{lab.name}"]


def test_boto3s_waiters_work(lab, vpc, definition):
    arn = lab.run(definition, vpc)
    quick = {"Delay": 1, "MaxAttempts": 60}
    lab.ecs.get_waiter("tasks_running").wait(cluster=lab.name, tasks=[arn], WaiterConfig=quick)
    lab.ecs.stop_task(cluster=lab.name, task=arn)
    lab.ecs.get_waiter("tasks_stopped").wait(cluster=lab.name, tasks=[arn], WaiterConfig=quick)
    with pytest.raises(WaiterError):
        lab.ecs.get_waiter("tasks_running").wait(cluster=lab.name, tasks=[arn], WaiterConfig=quick)


def test_states_only_go_forward(lab, vpc, tmp_path):
    order = ["PROVISIONING", "PENDING", "RUNNING", "STOPPING", "DEPROVISIONING", "STOPPED"]
    go = tmp_path / "go"
    # The app waits for a container that ends when this test says so: however slow it looks, it sees PENDING.
    first = lab.container(
        lab.image("gate", GATE), name="gate", essential=False, environment=[{"name": "GO", "value": str(go)}]
    )
    after = [{"containerName": "gate", "condition": "SUCCESS"}]
    app = lab.container(lab.image("gated"), dependsOn=after)
    made = lab.ecs.run_task(
        cluster=lab.name,
        taskDefinition=lab.register(first, app, family="gated"),
        launchType="FARGATE",
        networkConfiguration=vpc.configuration,
    )["tasks"][0]
    seen = [order.index(made["lastStatus"])]

    def over():
        task = lab.task(made["taskArn"])
        status = task["lastStatus"]
        seen.append(order.index(status))
        if status == "PENDING":
            go.touch()
        if status == "RUNNING" and task["desiredStatus"] == "RUNNING":
            lab.ecs.stop_task(cluster=lab.name, task=made["taskArn"])
        return status == "STOPPED"

    until(over)
    assert seen == sorted(seen)
    assert {order[each] for each in seen} >= {"PROVISIONING", "PENDING", "RUNNING", "STOPPED"}


def test_listing_tells_running_from_stopped(lab, definition, running):
    task = running(definition, startedBy="lister", count=1)
    listed = lab.ecs.list_tasks(cluster=lab.name, startedBy="lister")["taskArns"]
    assert listed == [task["taskArn"]]
    lab.ecs.stop_task(cluster=lab.name, task=task["taskArn"])
    assert lab.ecs.list_tasks(cluster=lab.name, startedBy="lister")["taskArns"] == []
    stopped = lab.ecs.list_tasks(cluster=lab.name, startedBy="lister", desiredStatus="STOPPED")["taskArns"]
    assert stopped == [task["taskArn"]]
