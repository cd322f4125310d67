"""The contract that other tools rely on: one line, loopback, one port, SIGTERM and SIGINT, keep-alive."""

import http.client
import ipaddress
import json
import signal
import socket
from pathlib import Path

import pytest

from tests.cloud.lab_cloud import Keys, client, launch, read_line, refused, stop


def test_prints_exactly_one_line_of_json(cloud):
    assert set(cloud.line) == {"endpoint", "account", "region", "access_key_id", "secret_access_key"}
    assert cloud.line["account"] == "111122223333"
    assert cloud.line["region"] == "us-east-1"
    assert cloud.line["endpoint"] == f"http://127.0.0.1:{cloud.port}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_on_a_signal(tmp_path, number):
    process = launch(tmp_path / "state", fresh=True)
    try:
        line = read_line(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(line["endpoint"].rsplit(":", 1)[1])), timeout=2).close()
    finally:
        stop(process)


def test_an_interrupt_before_it_serves_ends_it_too(tmp_path):
    process = launch(tmp_path / "state", program=(str(Path(__file__).with_name("interrupted_cloud.py")),), fresh=True)
    try:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert "Traceback" not in err
    finally:
        stop(process)


def test_goes_on_when_nobody_reads_its_log(tmp_path):
    process = launch(tmp_path / "state", fresh=True)
    try:
        line = read_line(process)
        keys = Keys(line["access_key_id"], line["secret_access_key"])
        kms = client("kms", line["endpoint"], keys)
        # moto stumbles over it, which is logged: more lines than a pipe holds.
        for _ in range(1000):
            code, _, _ = refused(kms.generate_random)
            assert code == "ValidationException"
        process.terminate()
        assert process.wait(15) == 0
    finally:
        stop(process)


def test_listens_on_loopback_only(cloud):
    with open(f"/proc/{cloud.process.pid}/net/tcp") as table:  # noqa: PTH123
        listening = [line.split() for line in table if line.split()[3] == "0A"]
    addresses = {row[1].split(":")[0] for row in listening if int(row[1].split(":")[1], 16) == cloud.port}
    (address,) = addresses
    assert ipaddress.ip_address(bytes.fromhex(address)[::-1]).is_loopback


def test_one_port_for_the_apis_and_the_registry(cloud):
    status, headers, _ = cloud.raw("GET", "/v2/")
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic realm=")
    assert headers["docker-distribution-api-version"] == "registry/2.0"


def test_the_admin_is_an_ordinary_user_with_a_managed_policy(cloud):
    iam = cloud.client("iam")
    attached = iam.list_attached_user_policies(UserName="lab-admin")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AdministratorAccess"]


def test_one_connection_carries_many_requests(cloud):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=60)
    for _ in range(50):
        connection.request("GET", "/v2/")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 401
    assert connection.sock is not None
    connection.close()


def test_a_client_that_waits_for_100_continue_gets_it(cloud):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"{}")
        assert b"403" in connection.recv(4096).split(b"\r\n", 1)[0]


def test_streamed_s3_uploads_of_boto3(cloud, name):
    import io

    s3 = cloud.client("s3")
    bucket = f"streams-{name}"
    s3.create_bucket(Bucket=bucket)
    big = bytes(range(256)) * 40_000
    s3.upload_fileobj(io.BytesIO(big), bucket, "big")
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == big
    s3.put_object(Bucket=bucket, Key="crc", Body=io.BytesIO(b"x" * 5000), ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket=bucket, Key="crc")["ContentLength"] == 5000


def test_head_object_tells_the_length_and_a_range_is_cut_out(cloud, name):
    s3 = cloud.client("s3")
    bucket = f"heads-{name}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789", ContentType="application/x-www-form-urlencoded")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == 10
    assert len(head["ResponseMetadata"]["RequestId"]) == 36
    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=2-4")
    assert (part["Body"].read(), part["ResponseMetadata"]["HTTPStatusCode"]) == (b"234", 206)


def test_get_resources_knows_the_repositories(cloud, name):
    tags = [{"Key": "lab", "Value": name}]
    made = cloud.client("ecr").create_repository(repositoryName=f"lab/{name}", tags=tags)["repository"]
    cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    tagging = cloud.client("resourcegroupstaggingapi")
    found = tagging.get_resources(TagFilters=[{"Key": "lab", "Values": [name]}])["ResourceTagMappingList"]
    assert made["repositoryArn"] in [row["ResourceARN"] for row in found]
    assert len(found) == 2
    only = tagging.get_resources(ResourceTypeFilters=["ec2:vpc"], TagFilters=[{"Key": "lab"}])["ResourceTagMappingList"]
    assert not [row for row in only if ":ecr:" in row["ResourceARN"]]


def test_the_ready_line_is_valid_json_on_its_own_line(tmp_path):
    process = launch(tmp_path / "state", fresh=True)
    try:
        line = read_line(process)
        process.terminate()
        rest, _ = process.communicate(timeout=15)
        assert json.dumps(line)
        assert rest == ""
    finally:
        stop(process)
