"""What XML 1.0 cannot hold is refused with AWS's code; an answer is always readable; an old state is repaired."""

import json

import pytest
from botocore.exceptions import ClientError

from labs.cloud.contract import AwsError
from labs.cloud.protocols import answers, xml_text
from labs.cloud.protocols.characters import check_characters
from labs.cloud.protocols.services import BY_NAME
from labs.cloud.state.journal import line_of, read_line
from labs.cloud.wire.answer import HttpAnswer
from labs.cloud.wire.request import HttpRequest
from tests.cloud.state.test_state_check import check

BAD = ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x0e", "\x1b", "\x1f", "\ufffe", "\uffff"]
GOOD = [
    "\t",
    "\n",
    "\r",
    " ",
    "<",
    "&",
    '"',
    "'",
    "]]>",
    "\x7f",
    "\x85",
    "é",
    "日本",
    "\U0001f600",
    "\u202e",
    "\ue000",
    "\ufffd",
]


@pytest.mark.unit
@pytest.mark.parametrize("character", BAD, ids=ascii)
def test_a_character_that_xml_cannot_hold_is_found_and_replaced(character):
    assert xml_text.bad_character(f"a{character}b") == f"U+{ord(character):04X}"
    assert xml_text.held(f"a{character}b") == "a\ufffdb"
    with pytest.raises(xml_text.Unreadable):
        xml_text.readable(f"<a>{character}".encode())
    assert xml_text.readable(f"<a>{character}</a>".encode()) == "<a>\ufffd</a>".encode()
    assert (
        xml_text.readable(f"<a>&#{ord(character)};&#x{ord(character):x};&lt;</a>".encode())
        == "<a>\ufffd\ufffd&lt;</a>".encode()
    )


@pytest.mark.unit
@pytest.mark.parametrize("character", GOOD, ids=ascii)
def test_any_other_character_stays(character):
    assert xml_text.bad_character(character) == ""
    assert xml_text.held(character) == character


def _strings(shape, depth=0):
    """For each string of a shape: a value with ``a\\x01b`` in that place, and the string's model."""
    if depth > 5:
        return
    if shape.type_name == "string":
        yield "a\x01b", shape
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            for value, model in _strings(member, depth + 1):
                yield {name: value}, model
    elif shape.type_name == "list":
        for value, model in _strings(shape.member, depth + 1):
            yield [value], model
    elif shape.type_name == "map":
        for value, model in _strings(shape.value, depth + 1):
            yield {"k": value}, model
        yield {"a\x01b": "v"}, shape.key


@pytest.mark.unit
@pytest.mark.parametrize(
    ("service", "code"), [("ec2", "InvalidParameterValue"), ("iam", "ValidationError"), ("sts", "ValidationError")]
)
def test_every_string_of_every_operation_is_looked_at(service, code):
    from moto.core.utils import get_service_model

    model, seen = get_service_model(service), 0
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        for params, string in _strings(shape) if shape is not None else ():
            with pytest.raises(AwsError) as refused:
                check_characters(BY_NAME[service], operation, params, HttpRequest("POST", "/", "", {}))
            assert refused.value.code == code
            if service != "ec2" and string.metadata.get("pattern"):
                assert refused.value.message.endswith(f"regular expression pattern: {string.metadata['pattern']}")
            assert xml_text.bad_character(refused.value.message) == ""
            seen += 1
    assert seen > 30


@pytest.mark.unit
@pytest.mark.parametrize("service", ["ecs", "resourcegroupstaggingapi"])
def test_a_tag_that_reaches_ec2_another_way_is_looked_at_too(service):
    tags = (
        {"TagResources": {"Tags": {"k": "a\x01b"}}}
        if service != "ecs"
        else {
            "RunTask": {"tags": [{"key": "k", "value": "a\x01b"}]},
            "TagResource": {"tags": [{"key": "\x1b", "value": ""}]},
        }
    )
    for operation, params in tags.items():
        with pytest.raises(AwsError) as refused:
            check_characters(BY_NAME[service], operation, params, HttpRequest("POST", "/", "", {}))
        assert refused.value.code == "InvalidParameterException"


S3 = {
    "key": HttpRequest("PUT", "/b/a%EF%BF%BEb", "", {}),
    "query": HttpRequest("GET", "/b", "prefix=%01", {}),
    "tagging": HttpRequest("PUT", "/b/k", "", {"x-amz-tagging": "k=%01"}),
    "header": HttpRequest("PUT", "/b/k", "", {"x-amz-grant-read": "id=\x01"}),
}


@pytest.mark.unit
@pytest.mark.parametrize("where", S3)
def test_s3_refuses_it_in_address_and_headers(where):
    with pytest.raises(AwsError) as refused:
        check_characters(BY_NAME["s3"], "PutObject", {}, S3[where])
    assert refused.value.code == ("InvalidArgument" if where in ("tagging", "header") else "InvalidURI")


@pytest.mark.unit
def test_an_answer_that_is_no_xml_at_all_is_never_sent():
    broken = HttpAnswer(200, {"content-type": "text/xml"}, b"<a><b></a>")
    with pytest.raises(AwsError) as refused:
        answers.readable(BY_NAME["ec2"], "DescribeVpcs", broken)
    assert (refused.value.code, refused.value.status) == ("InternalFailure", 500)
    stored = HttpAnswer(200, {"content-type": "application/xml"}, b"<a>\x01")
    assert answers.readable(BY_NAME["s3"], "GetObject", stored) is stored


SET = "Valid {} less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
ASCII = "Value ({}) for parameter {} is invalid. Character sets beyond ASCII are not supported."
GROUPS = [
    ("Description", "it's", "Invalid security group description. " + SET.format("descriptions are strings")),
    ("Description", "a\x01b", "Invalid security group description. " + SET.format("descriptions are strings")),
    ("Description", "a" * 256, "Invalid security group description. " + SET.format("descriptions are strings")),
    ("Description", "日本", ASCII.format("日本", "GroupDescription")),
    ("Description", "a\ufffe", ASCII.format("a\ufffd", "GroupDescription")),
    ("GroupName", "a?", "Invalid security group name. " + SET.format("names are non-empty strings")),
    ("GroupName", "ä", ASCII.format("ä", "GroupName")),
]


@pytest.mark.unit
@pytest.mark.parametrize(("member", "value", "words"), GROUPS, ids=ascii)
def test_a_security_group_takes_ec2s_own_characters(member, value, words):
    with pytest.raises(AwsError) as refused:
        check_characters(BY_NAME["ec2"], "CreateSecurityGroup", {member: value}, HttpRequest("POST", "/", "", {}))
    assert (refused.value.code, refused.value.message) == ("InvalidParameterValue", words.replace("{{}}", "{}"))


@pytest.mark.unit
@pytest.mark.parametrize("value", ["a -> b", "it's", "日本", "a" * 256, "\x01"], ids=ascii)
@pytest.mark.parametrize("holder", ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"])
def test_a_rules_description_takes_the_same_characters(holder, value):
    params = {"IpPermissions": [{holder: [{"Description": value}]}]}
    for operation in ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"):
        with pytest.raises(AwsError, match=r"Invalid rule description\. Valid descriptions are strings less than 256"):
            check_characters(BY_NAME["ec2"], operation, params, HttpRequest("POST", "/", "", {}))
    right = {"IpPermissions": [{holder: [{"Description": "a 1. _-:/()#,@[]+=&;{}!$*"}]}]}
    check_characters(BY_NAME["ec2"], "AuthorizeSecurityGroupIngress", right, HttpRequest("POST", "/", "", {}))


def _calls(ec2, iam, tagging, vpc, text):
    """Calls that store a text, of which the model says little; each with a read that shows it."""
    trust = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    arn = f"arn:aws:ec2:us-east-1:111122223333:vpc/{vpc}"
    tag = {"Key": "k", "Value": text}
    return {
        "tag": (lambda: ec2.create_tags(Resources=[vpc], Tags=[tag]), lambda: ec2.describe_vpcs(VpcIds=[vpc])),
        "tag key": (lambda: ec2.create_tags(Resources=[vpc], Tags=[{"Key": text, "Value": ""}]), ec2.describe_tags),
        "prefix list": (
            lambda: ec2.create_managed_prefix_list(
                PrefixListName=text,
                MaxEntries=1,
                AddressFamily="IPv4",
                Entries=[{"Cidr": "10.0.0.0/8", "Description": text}],
            ),
            ec2.describe_managed_prefix_lists,
        ),
        "DHCP options": (
            lambda: ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": [text]}]),
            ec2.describe_dhcp_options,
        ),
        "interface": (
            lambda: ec2.create_network_interface(
                SubnetId=ec2.describe_subnets()["Subnets"][0]["SubnetId"], Description=text
            ),
            ec2.describe_network_interfaces,
        ),
        "policy": (
            lambda: iam.create_policy(PolicyName="x", Description=text, PolicyDocument=policy),
            lambda: iam.list_policies(Scope="Local"),
        ),
        "user path": (lambda: iam.create_user(UserName="x", Path=f"/{text}/"), iam.list_users),
        "role tag": (
            lambda: iam.create_role(RoleName="x", AssumeRolePolicyDocument=trust, Tags=[{"Key": "k", "Value": text}]),
            iam.list_roles,
        ),
        "tagging": (
            lambda: tagging.tag_resources(ResourceARNList=[arn], Tags={"k": text}),
            ec2.describe_tags,
        ),
    }  # fmt: skip


def test_what_xml_cannot_hold_is_refused_everywhere(cloud):
    ec2, iam = cloud.client("ec2"), cloud.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    for text in ("a\x01b", "\ufffe"):
        for case, (store, read) in _calls(ec2, iam, cloud.client("resourcegroupstaggingapi"), vpc, text).items():
            with pytest.raises(ClientError) as refused:
                store()
            assert refused.value.response["Error"]["Code"] in (
                "InvalidParameterValue",
                "ValidationError",
                "InvalidParameterException",
            ), case
            read()
    # A moto parameter that the model does not know is looked at as well, and its value is not quoted as it is.
    events = ec2.meta.events
    events.register("before-call.ec2.CreateTags", lambda params, **_: params["body"].update({"Odd\x01": "x"}))
    with pytest.raises(ClientError, match="holds the character U"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k", "Value": "v"}])


@pytest.mark.parametrize("text", ["<&>\"']]>", "日本\U0001f600", "a\u202eb\x7f\x85"], ids=ascii)
def test_what_xml_can_hold_comes_back_as_it_was(cloud, text):
    ec2, tag = cloud.client("ec2"), {"Key": text, "Value": text}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [tag]}])["Vpc"]
    assert vpc["Tags"] == [tag]
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["Tags"] == [tag]
    made = ec2.create_managed_prefix_list(
        PrefixListName="x", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": "10.0.0.0/8", "Description": text}]
    )["PrefixList"]
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=made["PrefixListId"])["Entries"]
    assert entries == [{"Cidr": "10.0.0.0/8", "Description": text}]


def _as_an_earlier_version_took_it(state):
    """Put the control character where the state has MARK."""
    journal = state / "journal"
    lines = []
    for line in journal.read_bytes().splitlines(keepends=True):
        record = read_line(line)
        text = json.dumps(record).replace("MARK", "a%01b")
        lines.append(line_of(json.loads(text)))
    journal.write_bytes(b"".join(lines))


def test_a_state_that_has_one_is_readable_and_check_state_repairs_it(start):
    cloud = start()
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="MARK", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "MARK", "Value": "MARK"}])
    cloud.client("iam").create_user(UserName="u", Path="/MARK/")
    cloud.close()
    _as_an_earlier_version_took_it(cloud.state)

    def shown(cloud):
        ec2 = cloud.client("ec2")
        return (
            ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["Description"],
            ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"],
            cloud.client("iam").get_user(UserName="u")["User"]["Path"],
        )

    expected = ("a\ufffdb", [{"Key": "a\ufffdb", "Value": "a\ufffdb"}], "/a\ufffdb/")
    cloud = start(state=cloud.state)
    assert shown(cloud) == expected
    cloud.close()
    code, out, _ = check(cloud.state)
    assert code == 1
    assert out[0].startswith("journal: lines 5, 6, 7 with characters that XML cannot hold: each is U+FFFD now")
    assert check(cloud.state)[0] == 0
    assert b"%01" not in (cloud.state / "journal").read_bytes()
    assert shown(start(state=cloud.state)) == expected
