"""EC2's encoded authorization failure messages. STS API reference, DecodeAuthorizationMessage."""

import json
import re

import pytest

from tests.cloud.lab_cloud import Keys, allow, deny, policy, refused, trusts

FORM = re.compile(
    r"You are not authorized to perform this operation\. (User: .* action|.* policy)"
    r"\. Encoded authorization failure message: ([A-Za-z0-9_-]+)"
)


def message_of(call, **parameters):
    """The encoded message of a call that EC2 refuses."""
    code, words, status = refused(call, **parameters)
    assert (code, status) == ("UnauthorizedOperation", 403)
    found = FORM.fullmatch(words)
    assert found is not None, words
    return found.group(2)


def decoded(cloud, message, keys=None):
    return json.loads(cloud.client("sts", keys).decode_authorization_message(EncodedMessage=message)["DecodedMessage"])


def values_of(conditions):
    return {item["key"]: [value["value"] for value in item["values"]["items"]] for item in conditions["items"]}


def test_a_missing_allow_decodes_to_principal_action_resource_and_keys(cloud, name):
    keys = cloud.user(name)
    found = decoded(cloud, message_of(cloud.client("ec2", keys).create_subnet, VpcId="vpc-1", CidrBlock="10.0.0.0/24"))
    assert (found["allowed"], found["explicitDeny"], found["matchedStatements"]) == (False, False, {"items": []})
    context = found["context"]
    assert context["principal"]["name"] == name
    assert context["principal"]["arn"] == f"arn:aws:iam::{cloud.account}:user/{name}"
    assert context["principal"]["id"].startswith("AIDA")
    assert context["action"] == "ec2:CreateSubnet"
    assert context["resource"] == f"arn:aws:ec2:{cloud.region}:{cloud.account}:subnet/*"
    keys_of_request = values_of(context["conditions"])
    assert keys_of_request["aws:Region"] == [cloud.region]
    assert keys_of_request["aws:Type"] == ["subnet"]
    assert keys_of_request["ec2:Vpc"] == [f"arn:aws:ec2:{cloud.region}:{cloud.account}:vpc/vpc-1"]


def test_an_explicit_deny_decodes_to_the_statement_that_denies(cloud, name):
    condition = {"StringEquals": {"ec2:Region": cloud.region}}
    statement = {**deny(["ec2:CreateVpc", "ec2:DeleteVpc"]), "Sid": "NoVpcs", "Condition": condition}
    role = cloud.role(name, trusts({"AWS": cloud.account}), allow("ec2:*"), statement)
    keys = cloud.assume(role)
    found = decoded(cloud, message_of(cloud.client("ec2", keys).create_vpc, CidrBlock="10.0.0.0/16"))
    assert found["explicitDeny"] is True
    (matched,) = found["matchedStatements"]["items"]
    assert (matched["statementId"], matched["effect"]) == ("NoVpcs", "DENY")
    assert [item["value"] for item in matched["actions"]["items"]] == ["ec2:CreateVpc", "ec2:DeleteVpc"]
    assert [item["value"] for item in matched["resources"]["items"]] == ["*"]
    assert values_of(matched["conditions"]) == {"ec2:Region": [cloud.region]}
    principal = found["context"]["principal"]
    assert principal["id"].endswith(":lab")
    assert "name" not in principal


def test_a_call_without_a_resource_has_no_message(cloud, name):
    _, words, _ = refused(cloud.client("ec2", cloud.user(name)).describe_vpcs)
    assert "Encoded" not in words


def test_who_may_not_decode_is_told_so_and_sees_nothing(cloud, name):
    keys = cloud.user(name)
    message = message_of(cloud.client("ec2", keys).create_vpc, CidrBlock="10.0.0.0/16")
    code, words, status = refused(cloud.client("sts", keys).decode_authorization_message, EncodedMessage=message)
    assert (code, status) == ("AccessDenied", 403)
    assert words == (
        f"User: arn:aws:iam::{cloud.account}:user/{name} is not authorized to perform: sts:DecodeAuthorizationMessage "
        "because no identity-based policy allows the sts:DecodeAuthorizationMessage action"
    )
    cloud.client("iam").put_user_policy(
        UserName=name, PolicyName="decode", PolicyDocument=policy(allow("sts:DecodeAuthorizationMessage"))
    )
    assert decoded(cloud, message, keys)["context"]["action"] == "ec2:CreateVpc"


@pytest.mark.parametrize("spoil", ["", "not a message", "A" * 40, "A" * 10_241, "line\nbreak"])
def test_a_message_that_was_not_made_here_is_refused(cloud, spoil):
    assert refused(cloud.client("sts").decode_authorization_message, EncodedMessage=spoil)[::2] in [
        ("InvalidAuthorizationMessageException", 400),
        ("ValidationError", 400),
    ]


def test_a_changed_message_is_refused_and_none_repeats(cloud, name):
    create = cloud.client("ec2", cloud.user(name)).create_vpc
    first, second = (message_of(create, CidrBlock="10.0.0.0/16") for _ in range(2))
    assert first != second
    for place in (0, 20, len(first) // 2):
        changed = first[:place] + ("A" if first[place] != "A" else "B") + first[place + 1 :]
        code, _, _ = refused(cloud.client("sts").decode_authorization_message, EncodedMessage=changed)
        assert code == "InvalidAuthorizationMessageException"


def test_a_message_is_read_after_a_restart_and_by_no_other_cloud(cloud, start, tmp_path):
    own = start()
    keys = own.user("ana")
    message = message_of(own.client("ec2", keys).create_vpc, CidrBlock="10.0.0.0/16")
    code, _, _ = refused(cloud.client("sts").decode_authorization_message, EncodedMessage=message)
    assert code == "InvalidAuthorizationMessageException"
    own.close()
    again = start(state=tmp_path / "state")
    assert decoded(again, message, Keys(again.admin.access_key_id, again.admin.secret))["allowed"] is False
