"""Each patch: what moto 5.2.5 does without it, what it does with it.

When a test here fails on the first half, moto has fixed it: take the patch out.
"""

import importlib.metadata

import pytest

from labs.cloud.protocols.services import BY_NAME


def both(plain, patched, code):
    return plain(code), patched(code)


def test_moto_is_the_version_the_patches_were_made_for():
    assert importlib.metadata.version("moto") == "5.2.5"


def test_core_ids_repeat_under_a_seed_and_are_not_shifted_by_other_threads(plain, patched):
    code = """
    import threading
    from datetime import datetime, UTC
    from labs.cloud.store.determinism import fixed
    PREPARE("iam")
    from moto.moto_api._internal import mock_random
    def draw(other):
        with fixed("seed", datetime.now(UTC)):
            first = mock_random.uuid4().hex
            if other:
                thread = threading.Thread(target=lambda: [mock_random.random() for _ in range(5)])
                thread.start(); thread.join()
            return first, mock_random.choice("abcdef"), mock_random.get_random_hex(8), mock_random.choices("xyz", k=9)
    print(draw(False) == draw(True))
    """
    assert both(plain, patched, code) == ("False", "True")


def test_core_time_stands_still(plain, patched):
    code = """
    from datetime import datetime, UTC
    from labs.cloud.store.determinism import fixed
    PREPARE("iam")
    from moto.iam.models import utcnow
    with fixed("seed", datetime(2026, 1, 2, tzinfo=UTC)):
        print(utcnow().isoformat() == "2026-01-02T00:00:00")
    """
    assert both(plain, patched, code) == ("False", "True")


def test_core_default_resources_come_from_the_state_folders_seed(plain, patched):
    code = """
    from datetime import datetime, UTC
    PREPARE("ec2")
    from labs.cloud.store import determinism
    determinism.set_origin("seed", datetime(2026, 1, 2, tzinfo=UTC))
    from moto.ec2.models import ec2_backends
    print(",".join(ec2_backends["111122223333"]["us-east-1"].vpcs))
    """
    assert plain(code) != plain(code)
    assert patched(code) == patched(code)
    assert patched(code).startswith("vpc-")


def test_core_moto_does_not_decide_who_may_call(plain, patched):
    code = """
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    answer = call("iam", "ListUsers", Version="2010-05-08")
    print(answer.status)
    """
    assert both(plain, patched, code) == ("403", "200")


def test_core_one_request_id(plain, patched):
    code = """
    from labs.cloud.store import determinism
    determinism.set_request_id("the-id")
    answer = call("iam", "ListUsers", Version="2010-05-08")
    print(answer.headers["x-amzn-requestid"] == "the-id", b"the-id" in answer.body)
    """
    assert both(plain, patched, code) == ("False False", "True True")


def test_core_method_names_are_listed_once(plain, patched):
    code = """
    PREPARE("iam")
    from moto.core import responses
    print(responses.method_names_from_class(str) is responses.method_names_from_class(str))
    """
    assert both(plain, patched, code) == ("False", "True")


def test_core_the_mocks_for_tests_are_not_imported(plain, patched):
    code = """
    import sys
    PREPARE("iam")
    import moto.iam.responses
    print("responses" in sys.modules)
    """
    assert both(plain, patched, code) == ("True", "False")


def test_iam_managed_policies_are_there_when_named(plain, patched):
    code = """
    call("iam", "CreateUser", UserName="u")
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    print(call("iam", "AttachUserPolicy", UserName="u", PolicyArn=arn).status)
    """
    assert both(plain, patched, code) == ("404", "200")


def test_iam_users_have_permissions_boundaries(plain, patched):
    code = """
    from labs.cloud.contract import AwsError
    call("iam", "CreateUser", UserName="u")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    try:
        call("iam", "PutUserPermissionsBoundary", UserName="u", PermissionsBoundary=arn)
        print(arn.encode() in call("iam", "GetUser", UserName="u").body)
    except AwsError as error:
        print(error.code)
    """
    assert both(plain, patched, code) == ("UnknownOperationException", "True")


def test_iam_unique_ids_tell_the_kind(plain, patched):
    code = """
    user, group = call("iam", "CreateUser", UserName="u"), call("iam", "CreateGroup", GroupName="g")
    print(b"<UserId>AIDA" in user.body, b"<GroupId>AGPA" in group.body)
    """
    assert both(plain, patched, code) == ("False False", "True True")


def test_iam_the_text_of_all_managed_policies_is_not_kept(plain, patched):
    code = """
    import gc, sys
    PREPARE("iam")
    from moto.iam import models
    call("iam", "CreateUser", UserName="u")
    arns = ("AdministratorAccess", "ReadOnlyAccess", "NoSuchPolicy")
    for name in arns:
        call("iam", "AttachUserPolicy", UserName="u", PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    kept = "aws_managed_policies_data" in vars(models) or "moto.iam.aws_managed_policies" in sys.modules
    print(kept, call("iam", "ListAttachedUserPolicies", UserName="u").body.count(b"<PolicyName>"))
    """
    assert both(plain, patched, code) == ("True 0", "False 2")


def test_ec2_instance_types_are_read_when_asked_for(plain, patched):
    code = """
    PREPARE("ec2")
    from moto.ec2.models.instance_types import INSTANCE_TYPES
    before = len(INSTANCE_TYPES)
    asked = {"Version": "2016-11-15", "InstanceType.1": "t3.micro"}
    body = call("ec2", "DescribeInstanceTypes", **asked).body
    print(before > 500, body.count(b"<instanceType>t3.micro"), b"<sizeInMiB>1024" in body)
    """
    assert both(plain, patched, code) == ("True 1 True", "False 1 True")


def test_ec2s_model_is_read_once(plain, patched):
    code = """
    from botocore.loaders import JSONFileLoader
    original, read = JSONFileLoader.load_file, []
    JSONFileLoader.load_file = lambda self, path: (read.append(path), original(self, path))[1]
    PREPARE("ec2")
    call("ec2", "DescribeVpcs", Version="2016-11-15")
    models = [path for path in read if "/ec2/" in path and path.endswith("service-2")]
    print("once" if len(models) == 1 else "again")
    """
    assert both(plain, patched, code) == ("again", "once")


def test_core_an_answers_members_are_named_once_and_the_answers_stay_the_same(plain, patched):
    code = """
    import re
    from moto.core import serialize
    PREPARE("ec2")
    worked_out = []
    original = serialize.NoAlias.get_alias
    serialize.NoAlias.get_alias = lambda self, key: (worked_out.append(key), original(self, key))[1]
    counts, bodies = [], []
    for _ in range(3):
        worked_out.clear()
        body = call("ec2", "DescribeSecurityGroups", Version="2016-11-15").body.decode()
        counts.append(len(worked_out))
        bodies.append(re.sub("<requestId>[^<]*", "", body))
    print(counts[0] > 0, counts[-1] > 0, bodies[0] == bodies[1] == bodies[2])
    """
    assert both(plain, patched, code) == ("True True True", "True False True")


@pytest.mark.parametrize("first", sorted(name for name, service in BY_NAME.items() if service.module))
def test_whichever_service_is_asked_first_none_is_used_unpatched(patched, first):
    code = f"""
    import importlib
    PREPARE("iam")
    PREPARE({first!r})
    importlib.import_module("moto.{BY_NAME[first].module}.urls")
    PREPARE("ec2")
    from moto.ec2.models import ec2_backends
    print(all(vpc.dhcp_options for vpc in ec2_backends["111122223333"]["us-east-1"].vpcs.values()))
    """
    assert patched(code) == "True"


def test_ec2_offerings_are_read_when_asked_for(plain, patched):
    code = """
    PREPARE("ec2")
    from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
    region = INSTANCE_TYPE_OFFERINGS["region"]["us-east-1"]
    before = len(region)
    print(before > 0, len(list(region)) > 500, next(iter(region))["LocationType"])
    """
    assert both(plain, patched, code) == ("True True region", "False True region")


def test_ec2_endpoint_services_keep_their_ids_and_do_not_import_all_of_moto(plain, patched):
    code = """
    import re, sys
    from labs.cloud.contract import AwsError
    PREPARE("ec2")
    from labs.cloud.store import determinism
    determinism.set_origin("seed", None)
    try:
        body = call("ec2", "DescribeVpcEndpointServices", Version="2016-11-15").body.decode()
        print(sorted(set(re.findall("vpce-svc-[0-9a-f]+", body)))[:3], "moto.cloudformation.models" in sys.modules)
    except AwsError as error:
        print("refused", error.code)
    """
    assert plain(code) == "refused InvalidParameterValue"
    assert patched(code) == patched(code)
    assert patched(code).endswith("False")


def test_ec2_all_endpoint_services_are_still_there(patched):
    code = """
    body = call("ec2", "DescribeVpcEndpointServices", Version="2016-11-15").body.decode()
    from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES
    print([name for name in ("ecr.api", "ecr.dkr", "s3", "dynamodb", *AWS_ENDPOINT_SERVICES)
           if f"<serviceName>com.amazonaws.us-east-1.{name}</serviceName>" not in body])
    """
    assert patched(code) == "[]"


def test_kms_key_material_repeats(plain, patched):
    code = """
    from datetime import datetime, UTC
    from labs.cloud.store.determinism import fixed
    PREPARE("kms")
    from moto.kms import models
    def make():
        with fixed("seed", datetime.now(UTC)):
            return models.generate_master_key()
    print(make() == make(), len(make()))
    """
    assert both(plain, patched, code) == ("False 32", "True 32")


def test_kms_default_keys_keep_their_ids(plain, patched):
    code = """
    from datetime import datetime, UTC
    PREPARE("kms")
    from labs.cloud.store import determinism
    determinism.set_origin("seed", datetime(2026, 1, 2, tzinfo=UTC))
    from moto.kms.models import kms_backends
    backend = kms_backends["111122223333"]["us-east-1"]
    print(backend.get_key_id_from_alias("alias/aws/ssm"))
    """
    assert plain(code) != plain(code)
    assert patched(code) == patched(code)


def test_s3_dates_and_upload_ids_repeat(plain, patched):
    code = """
    from datetime import datetime, UTC
    from labs.cloud.store.determinism import fixed
    PREPARE("s3")
    from moto.s3.models import FakeBucket, FakeMultipart
    def make():
        with fixed("seed", datetime(2026, 1, 2, tzinfo=UTC)):
            return FakeBucket("b", "111122223333", "us-east-1").creation_date, FakeMultipart(
                "k", {}, "111122223333", "us-east-1").id
    print(make() == make())
    """
    assert both(plain, patched, code) == ("False", "True")


def test_secretsmanager_dates_stand_still(plain, patched):
    code = """
    from datetime import datetime, UTC
    from labs.cloud.store.determinism import fixed
    PREPARE("secretsmanager")
    from moto.secretsmanager import models
    with fixed("seed", datetime(2026, 1, 2, tzinfo=UTC)):
        print(models.time.time() == datetime(2026, 1, 2, tzinfo=UTC).timestamp())
    """
    assert both(plain, patched, code) == ("False", "True")


def test_ssm_document_ids_repeat(plain, patched):
    code = """
    from datetime import datetime, UTC
    from labs.cloud.store.determinism import fixed
    PREPARE("ssm")
    from moto.ssm import models
    def make():
        with fixed("seed", datetime.now(UTC)):
            return models.uuid4()
    print(make() == make())
    """
    assert both(plain, patched, code) == ("False", "True")


def test_ssm_a_label_for_an_unknown_parameter_leaves_the_store_as_it_was(plain, patched):
    code = """
    import json
    from labs.cloud.store.dispatch import MotoStore, StoreRequest
    store = MotoStore(PREPARE)
    def ask(operation, **parameters):
        headers = {"x-amz-target": f"AmazonSSM.{operation}", "content-type": "application/x-amz-json-1.1"}
        body = json.dumps(parameters).encode()
        request = StoreRequest(
            "ssm", operation, "111122223333", "us-east-1", "AKIA", "POST", "/", "", headers, body
        )
        try:
            return store.run(request).status
        except Exception:
            return "stumbled"
    print(ask("LabelParameterVersion", Name="n", ParameterVersion=1, Labels=["l"]), ask("DescribeParameters"))
    """
    assert both(plain, patched, code) == ("400 stumbled", "400 200")
