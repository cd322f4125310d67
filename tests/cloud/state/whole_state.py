"""Something in every service, and all of it looked at: what must be the same after a restart."""

from tests.cloud.lab_cloud import allow, until

TRUST = {"AWS": "111122223333"}


def fill(cloud):
    """Something in every service; returns what is needed to look at it again."""
    ec2, iam, kms, s3 = (cloud.client(s) for s in ("ec2", "iam", "kms", "s3"))
    vpc = ec2.create_vpc(
        CidrBlock="10.0.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "blue"}]}],
    )["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.ecr.api",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=False,
    )
    # What passes by time must have passed before the first look.
    until(lambda: ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["State"] == "available")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    s3.create_bucket(Bucket="kept-bucket")
    s3.put_object(Bucket="kept-bucket", Key="k", Body=bytes(range(256)))
    s3.create_multipart_upload(Bucket="kept-bucket", Key="parts")
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket="versions", Key="k", Body=body)
    s3.delete_object(Bucket="versions", Key="k")
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="v")
    cloud.client("ecs").create_cluster(clusterName="c")
    cloud.client("ecs").register_task_definition(
        family="f", containerDefinitions=[{"name": "a", "image": "b", "memory": 64}]
    )
    cloud.client("ssm").put_parameter(Name="/p", Value="v", Type="SecureString")
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    logs.put_log_events(logGroupName="/g", logStreamName="s", logEvents=[{"timestamp": 1767225600000, "message": "m"}])
    cloud.client("ecr").create_repository(repositoryName="lab/app")
    iam.create_group(GroupName="g")
    ec2.create_key_pair(KeyName="rsa")
    ec2.create_key_pair(KeyName="ed", KeyType="ed25519")
    signing = {}
    for spec, algorithm in (("RSA_2048", "RSASSA_PSS_SHA_256"), ("ECC_NIST_P256", "ECDSA_SHA_256")):
        made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signed = kms.sign(KeyId=made, Message=b"m", SigningAlgorithm=algorithm)["Signature"]
        signing[made] = {"Message": b"m", "Signature": signed, "SigningAlgorithm": algorithm}
    user = cloud.user("u", allow("ecs:*"))
    session = cloud.assume(cloud.role("r", {"Effect": "Allow", "Principal": TRUST, "Action": "sts:AssumeRole"}))
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    return {"key": key, "sealed": sealed, "user": user, "session": session, "signing": signing}


def picture(cloud, things):
    """All that the calls of the course would see."""
    ec2, iam, kms, s3, logs = (cloud.client(s) for s in ("ec2", "iam", "kms", "s3", "logs"))
    looks = {
        "vpcs": ec2.describe_vpcs,
        "subnets": ec2.describe_subnets,
        "security groups": ec2.describe_security_groups,
        "rules": ec2.describe_security_group_rules,
        "route tables": ec2.describe_route_tables,
        "network acls": ec2.describe_network_acls,
        "interfaces": ec2.describe_network_interfaces,
        "endpoints": ec2.describe_vpc_endpoints,
        "endpoint services": ec2.describe_vpc_endpoint_services,
        "prefix lists": ec2.describe_managed_prefix_lists,
        "gateways": ec2.describe_internet_gateways,
        "users": iam.list_users,
        "groups": iam.list_groups,
        "roles": iam.list_roles,
        "user's keys": lambda: iam.list_access_keys(UserName="u"),
        "key": lambda: kms.describe_key(KeyId=things["key"]),
        "default key": lambda: kms.describe_key(KeyId="alias/aws/ssm"),
        "opened": lambda: kms.decrypt(CiphertextBlob=things["sealed"]),
        "buckets": s3.list_buckets,
        "objects": lambda: s3.list_objects_v2(Bucket="kept-bucket"),
        "object": lambda: {"bytes": s3.get_object(Bucket="kept-bucket", Key="k")["Body"].read()},
        "versions": lambda: s3.list_object_versions(Bucket="versions"),
        "key pairs": ec2.describe_key_pairs,
        "uploads": lambda: s3.list_multipart_uploads(Bucket="kept-bucket"),
        "secrets": cloud.client("secretsmanager").list_secrets,
        "clusters": lambda: cloud.client("ecs").describe_clusters(clusters=["c"]),
        "task definition": lambda: cloud.client("ecs").describe_task_definition(taskDefinition="f"),
        "parameter": lambda: cloud.client("ssm").get_parameter(Name="/p", WithDecryption=True),
        "log groups": logs.describe_log_groups,
        "log streams": lambda: logs.describe_log_streams(logGroupName="/g"),
        "log events": lambda: logs.get_log_events(logGroupName="/g", logStreamName="s"),
        "repositories": cloud.client("ecr").describe_repositories,
        "user is": cloud.client("sts", things["user"]).get_caller_identity,
        "session is": cloud.client("sts", things["session"]).get_caller_identity,
    }
    for key, signature in things["signing"].items():
        looks[f"public key {key}"] = lambda key=key: kms.get_public_key(KeyId=key)
        looks[f"signature {key}"] = lambda key=key, signature=signature: kms.verify(KeyId=key, **signature)
    seen = {}
    for what, look in looks.items():
        answer = look()
        answer.pop("ResponseMetadata", None)
        seen[what] = answer
    return seen
