"""Many at once: nothing fails, nothing crosses over, one of many equal creations succeeds."""

from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from tests.cloud.lab_cloud import allow, refused


def together(count, call):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def test_two_hundred_kept_connections_each_with_calls(cloud):
    sts = cloud.client("sts", max_pool_connections=200)
    for _ in range(3):
        answers = together(200, lambda _: sts.get_caller_identity()["Account"])
        assert answers == [cloud.account] * 200


def test_two_hundred_creations_of_one_name_have_one_success(cloud, name):
    iam = cloud.client("iam", max_pool_connections=50)

    def create(_):
        try:
            iam.create_user(UserName=name)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "made"

    answers = together(200, create)
    assert answers.count("made") == 1
    assert set(answers) == {"made", "EntityAlreadyExists"}


def test_same_subnet_once(cloud):
    ec2 = cloud.client("ec2", max_pool_connections=30)
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]

    def create(number):
        try:
            ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "made"

    assert together(30, create).count("made") == 1


def test_reads_beside_writes(cloud, name):
    ec2, iam = (cloud.client(service, max_pool_connections=30) for service in ("ec2", "iam"))
    before = len(ec2.describe_security_groups()["SecurityGroups"])

    def call(number):
        if number % 3 == 0:
            ec2.create_security_group(GroupName=f"{name}-{number}", Description="d")
        elif number % 3 == 1:
            ec2.describe_security_groups()
        else:
            iam.list_users()

    together(90, call)
    assert len(ec2.describe_security_groups()["SecurityGroups"]) == before + 30


def test_principals_side_by_side_keep_to_their_own(cloud, name):
    keys = []
    for number in range(10):
        arn = f"arn:aws:ssm:{cloud.region}:{cloud.account}:parameter/{name}/{number}/*"
        keys.append(cloud.user(f"{name}-{number}", allow(["ssm:PutParameter", "ssm:GetParameter"], arn)))

    def call(number):
        ssm = cloud.client("ssm", keys[number])
        for turn in range(5):
            ssm.put_parameter(Name=f"/{name}/{number}/p", Value=f"{number}-{turn}", Type="String", Overwrite=True)
            assert ssm.get_parameter(Name=f"/{name}/{number}/p")["Parameter"]["Value"] == f"{number}-{turn}"
            assert refused(ssm.get_parameter, Name=f"/{name}/{(number + 1) % 10}/p")[0] == "AccessDeniedException"

    together(10, call)


def test_everything_made_at_once_survives_sigkill_in_the_same_order(start):
    cloud = start()
    ssm = cloud.client("ssm", max_pool_connections=30)
    together(60, lambda number: ssm.put_parameter(Name=f"/p/{number}", Value=str(number), Type="String"))
    ec2 = cloud.client("ec2", max_pool_connections=20)
    groups = together(20, lambda n: ec2.create_security_group(GroupName=f"g{n}", Description="d")["GroupId"])
    cloud.kill()
    again = start()
    found = again.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/p")
    assert {p["Name"]: p["Value"] for page in found for p in page["Parameters"]} == {
        f"/p/{number}": str(number) for number in range(60)
    }
    seen = again.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]
    assert {group["GroupId"] for group in seen} == set(groups)
