"""Which documents are refused, in AWS's words, and where.

IAM User Guide: reference_policies_grammar. The texts are those of IAM's MalformedPolicyDocument answers.
"""

import json

import pytest

from labs.iam import MalformedPolicy, PolicyKind, PolicyTooLong, parse_policy
from labs.iam.parse import CURRENT_VERSION, MANAGED_POLICY_SIZE, TRUST_POLICY_SIZE

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
NOT_ARN = 'Resource x:aws:s3:::b must be in ARN format or "*".'
SID = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
IAM_PATH = (
    'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, '
    "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."
)
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
ARN = "arn:aws:s3:::bucket"
GOOD = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": ARN}


def refused(document, kind=PolicyKind.IDENTITY, **options):
    with pytest.raises(MalformedPolicy) as caught:
        parse_policy(document, kind, **options)
    return caught.value


def one(**changes):
    """A document of one good statement with changes; None takes an element away."""
    statement = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


STATEMENTS = [
    # what is wrong, changes to a good statement, AWS's message, path
    ("no Effect", {"Effect": None}, SYNTAX, "Statement[0]"),
    ("an unknown Effect", {"Effect": "Maybe"}, SYNTAX, "Statement[0].Effect"),
    ("an Effect in small letters", {"Effect": "allow"}, LEGACY, "Statement[0].Effect"),
    ("an Effect that is a list", {"Effect": ["Allow"]}, SYNTAX, "Statement[0].Effect"),
    ("an unknown element", {"Extra": "x"}, SYNTAX, "Statement[0].Extra"),
    ("a misspelt element", {"Resorce": "*"}, SYNTAX, "Statement[0].Resorce"),
    ("Action and NotAction", {"NotAction": "s3:*"}, SYNTAX, "Statement[0].NotAction"),
    ("Resource and NotResource", {"NotResource": ARN}, SYNTAX, "Statement[0].NotResource"),
    ("an Action that is an object", {"Action": {}}, SYNTAX, "Statement[0].Action"),
    ("an Action in a list in a list", {"Action": [[]]}, SYNTAX, "Statement[0].Action[0]"),
    ("a number as Action", {"Action": 1}, SYNTAX, "Statement[0].Action"),
    ("a Resource that is an object", {"Resource": {"a": ARN}}, SYNTAX, "Statement[0].Resource"),
    ("a Resource list with an object", {"Resource": [ARN, {}]}, SYNTAX, "Statement[0].Resource[1]"),
    ("a Sid that is a number", {"Sid": 1}, SYNTAX, "Statement[0].Sid"),
    ("a Sid with a hyphen", {"Sid": "my-sid"}, SID, "Statement[0].Sid"),
    ("no Action", {"Action": None}, "Policy statement must contain actions.", "Statement[0]"),
    ("an empty Action list", {"Action": []}, "Policy statement must contain actions.", "Statement[0].Action"),
    ("no Resource", {"Resource": None}, "Policy statement must contain resources.", "Statement[0]"),
    ("an empty Resource list", {"Resource": []}, "Policy statement must contain resources.", "Statement[0].Resource"),
    (
        "no Resource and a bad Action",
        {"Resource": None, "Action": "x"},
        "Policy statement must contain resources.",
        "Statement[0]",
    ),
    ("an Action without a service", {"Action": "PutImage"}, VENDOR, "Statement[0].Action"),
    ("an empty Action", {"Action": ""}, VENDOR, "Statement[0].Action"),
    ("an empty NotAction", {"Action": None, "NotAction": ""}, VENDOR, "Statement[0].NotAction"),
    (
        "an Action with two colons",
        {"Action": "s3:List:Bucket"},
        "Actions/Condition can contain only one colon.",
        "Statement[0].Action",
    ),
    ("a service with a space", {"Action": "a a:ListBucket"}, "Vendor a a is not valid", "Statement[0].Action"),
    ("a service with a star", {"Action": "ec*:PutImage"}, "Vendor ec* is not valid", "Statement[0].Action"),
    ("an Action without a service's name", {"Action": ":GetObject"}, "Vendor  is not valid", "Statement[0].Action"),
    ("the second of two Actions", {"Action": ["s3:GetObject", "x"]}, VENDOR, "Statement[0].Action[1]"),
    (
        "a Resource that is no ARN",
        {"Resource": "bucket"},
        'Resource bucket must be in ARN format or "*".',
        "Statement[0].Resource",
    ),
    ("an empty Resource", {"Resource": ""}, 'Resource  must be in ARN format or "*".', "Statement[0].Resource"),
    (
        "a Resource with a colon that is no ARN",
        {"Resource": "a:b:cadfsdf"},
        'Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*".',
        "Statement[0].Resource",
    ),
    (
        "a Resource of two parts",
        {"Resource": "a:bsdf"},
        'Partition "bsdf" is not valid for resource "arn:bsdf:*:*:*:*".',
        "Statement[0].Resource",
    ),
    (
        "a Resource of eight parts",
        {"Resource": "a:b:c:d:e:f:g:h"},
        'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".',
        "Statement[0].Resource",
    ),
    (
        "a Resource without arn:aws",
        {"Resource": "s3::bucket/*"},
        'Partition "" is not valid for resource "arn::bucket/*:*:*:*".',
        "Statement[0].Resource",
    ),
    ("an ARN that begins otherwise", {"Resource": "x:aws:s3:::b"}, NOT_ARN, "Statement[0].Resource"),
    (
        "a partition that does not exist",
        {"Resource": "arn:aws2:s3:::b"},
        'Partition "aws2" is not valid for resource "arn:aws2:s3:::b".',
        "Statement[0].Resource",
    ),
    (
        "an ARN without a service",
        {"Resource": "arn:aws"},
        "Resource vendor must be fully qualified and cannot contain regexes.",
        "Statement[0].Resource",
    ),
    (
        "an ARN of any service",
        {"Resource": "arn:aws:*:*:*:*"},
        "Resource vendor must be fully qualified and cannot contain regexes.",
        "Statement[0].Resource",
    ),
    ("an ARN of five parts", {"Resource": "arn:aws:s3::bucket"}, LEGACY, "Statement[0].Resource"),
    ("an ARN with an empty service", {"Resource": "arn:aws::::bucket"}, LEGACY, "Statement[0].Resource"),
    (
        "a bucket in a region",
        {"Resource": "arn:aws:s3:us-east-1::b"},
        "Resource arn:aws:s3:us-east-1::b can not contain region information.",
        "Statement[0].Resource",
    ),
    (
        "a role in a region",
        {"Resource": "arn:aws:iam:us-east-1::role/x"},
        "IAM resource arn:aws:iam:us-east-1::role/x cannot contain region information.",
        "Statement[0].Resource",
    ),
    ("an IAM resource of no kind", {"Resource": "arn:aws:iam:::example"}, IAM_PATH, "Statement[0].Resource"),
    ("a Principal", {"Principal": "*"}, "Policy document should not specify a principal.", "Statement[0].Principal"),
    (
        "a NotPrincipal",
        {"NotPrincipal": {"AWS": "1"}},
        "Policy document should not specify a principal.",
        "Statement[0].NotPrincipal",
    ),
    ("a Condition that is a list", {"Condition": []}, SYNTAX, "Statement[0].Condition"),
    ("a Condition that is a text", {"Condition": "a"}, SYNTAX, "Statement[0].Condition"),
    ("an operator without keys", {"Condition": {"Bool": "b"}}, SYNTAX, "Statement[0].Condition.Bool"),
    ("an unknown operator", {"Condition": {"StringSame": {"aws:a": "b"}}}, SYNTAX, "Statement[0].Condition.StringSame"),
    (
        "an operator in small letters",
        {"Condition": {"stringequals": {"aws:a": "b"}}},
        SYNTAX,
        "Statement[0].Condition.stringequals",
    ),
    (
        "Null with IfExists",
        {"Condition": {"NullIfExists": {"aws:a": "true"}}},
        SYNTAX,
        "Statement[0].Condition.NullIfExists",
    ),
    (
        "an unknown set operator",
        {"Condition": {"ForSome:StringEquals": {"aws:a": "b"}}},
        SYNTAX,
        'Statement[0].Condition["ForSome:StringEquals"]',
    ),
    (
        "a condition value that is an object",
        {"Condition": {"Bool": {"aws:a": {}}}},
        SYNTAX,
        'Statement[0].Condition.Bool["aws:a"]',
    ),
    (
        "a condition value that is null",
        {"Condition": {"Bool": {"aws:a": [None]}}},
        SYNTAX,
        'Statement[0].Condition.Bool["aws:a"][0]',
    ),
    (
        "a condition key without a service",
        {"Condition": {"Bool": {"secure": "true"}}},
        VENDOR,
        "Statement[0].Condition.Bool.secure",
    ),
    (
        "a date that is none",
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}},
        LEGACY,
        'Statement[0].Condition.DateLessThan["aws:CurrentTime"]',
    ),
]


@pytest.mark.parametrize(
    ("changes", "message", "path"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS]
)
def test_a_malformed_statement_is_refused_in_awss_words(changes, message, path):
    error = refused(one(**changes))
    assert (error.message, error.path, error.code) == (message, path, "MalformedPolicyDocument")


DOCUMENTS = [
    ("a list", [], SYNTAX, ""),
    ("nothing in it", {}, SYNTAX, ""),
    ("an unknown element", {"Version": "2012-10-17", "Statement": [GOOD], "Extra": 1}, SYNTAX, "Extra"),
    ("a version that does not exist", {"Version": "2013-10-17", "Statement": [GOOD]}, SYNTAX, "Version"),
    ("a version that is a number", {"Version": 2012, "Statement": [GOOD]}, SYNTAX, "Version"),
    ("an Id that is a list", {"Version": "2012-10-17", "Id": ["x"], "Statement": [GOOD]}, SYNTAX, "Id"),
    ("no Statement", {"Version": "2012-10-17"}, SYNTAX, ""),
    ("an empty list of statements", {"Version": "2012-10-17", "Statement": []}, SYNTAX, "Statement"),
    ("a statement that is a text", {"Version": "2012-10-17", "Statement": ["afd"]}, SYNTAX, "Statement[0]"),
    ("statements that are a text", {"Version": "2012-10-17", "Statement": "afd"}, SYNTAX, "Statement"),
    (
        "two statements with one Sid",
        {"Version": "2012-10-17", "Statement": [{**GOOD, "Sid": "A"}, {**GOOD, "Sid": "A"}]},
        "Statement IDs (SID) in a single policy must be unique.",
        "Statement[1].Sid",
    ),
    ("a mistake in the second statement", {"Version": "2012-10-17", "Statement": [GOOD, {}]}, SYNTAX, "Statement[1]"),
]


@pytest.mark.parametrize(
    ("document", "message", "path"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS]
)
def test_a_malformed_document_is_refused_in_awss_words(document, message, path):
    error = refused(document)
    assert (error.message, error.path) == (message, path)


TEXTS = [
    # text, line, column, a word of the explanation
    ("", 1, 1, "empty"),
    ("not json", 1, 1, "'n' at the beginning"),
    ('{\n  "Version": "2012-10-17",\n}', 3, 1, "no comma after the last item"),
    ('{\n  "Version": "2012-10-17"\n  "Statement": []\n}', 3, 3, "a comma is missing"),
    ('{"Version": "2012-10-17", "Statement": [', 1, 41, "] is missing"),
    ("{\"Version\": '2012-10-17'}", 1, 13, "single quote"),
    ('{"Version": "2012-10-17"} {}', 1, 27, "after the end"),
    ('{\n "Version": "2012-10-17",\n "Version": "2012-10-17"}', 3, 2, "'Version' appears twice"),
    ('{"Statement": [{"Effect": "Allow",\n    "Action": "a:b", "Action": "c:d"}]}', 2, 22, "'Action' appears twice"),
    ('{"Version": NaN}', 1, 13, "NaN"),
    ('{"Version": ' + "1" * 5000 + "}", 1, 1, "JSON"),
    ("[" * 100_000, 1, 1, "deep"),
    ('{"a": 1, "a": 2, "Version": }', 1, 29, "a value is missing"),
    ('[{"b": [1, {"c\\"d": 1,\n "c\\"d": 2}]}, {"e": 1}]', 2, 2, "appears twice"),
]


@pytest.mark.parametrize(("text", "line", "column", "word"), TEXTS, ids=[text[:40] for text, *_ in TEXTS])
def test_bad_json_is_refused_with_line_and_column(text, line, column, word):
    error = refused(text)
    assert (error.message, error.line, error.column) == (SYNTAX, line, column)
    assert word in error.detail


def test_a_structural_mistake_is_shown_where_it_stands_in_the_text():
    text = json.dumps(one(Action=["s3:GetObject", "PutImage"]), indent=2)
    error = refused(text)
    assert text.splitlines()[error.line - 1][error.column - 1 :].startswith('"PutImage"')
    assert str(error) == (
        f"{VENDOR} 'PutImage' needs a service before it, as in ecr:PutImage."
        f" (Statement[0].Action[1], line {error.line}, column {error.column})"
    )


def test_a_misspelt_name_gets_a_suggestion():
    assert "did you mean 'Resource'?" in str(refused(one(Resorce="*")))
    assert "did you mean 'StringEquals'?" in str(refused(one(Condition={"StringEqual": {"aws:a": "b"}})))


def test_a_decoded_document_has_a_path_and_no_line():
    error = refused(one(Effect="Maybe"))
    assert (error.line, error.column) == (0, 0)
    assert str(error).endswith("(Statement[0].Effect)")


TRUSTED = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = [
    ("no Principal", {"Principal": None}, "Missing required field Principal"),
    (
        "a NotPrincipal",
        {"Principal": None, "NotPrincipal": {"AWS": "1"}},
        "AssumeRole policy must not contain NotPrincipal field.",
    ),
    ("a Resource", {"Resource": "*"}, "Has prohibited field Resource"),
    ("no Action", {"Action": None}, "Missing required field Action"),
    (
        "another service's Action",
        {"Action": "ecr:PutImage"},
        "AssumeRole policy may only specify STS AssumeRole actions.",
    ),
    ("any Action", {"Action": "*"}, "AssumeRole policy may only specify STS AssumeRole actions."),
    ("an unknown type of principal", {"Principal": {"Aws": "1"}}, SYNTAX),
    ("a Principal that names nobody", {"Principal": {}}, SYNTAX),
    ("a Principal type that names nobody", {"Principal": {"AWS": []}}, SYNTAX),
    ("a Principal that is a text", {"Principal": "111122223333"}, SYNTAX),
    ("a wildcard in a Principal's name", {"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}}, SYNTAX),
]


@pytest.mark.parametrize(("changes", "message"), [row[1:] for row in TRUST], ids=[row[0] for row in TRUST])
def test_a_malformed_trust_policy_is_refused_in_awss_words(changes, message):
    statement = {key: value for key, value in {**TRUSTED, **changes}.items() if value is not None}
    assert refused({"Version": "2012-10-17", "Statement": statement}, PolicyKind.TRUST).message == message


def test_a_trust_policy_has_its_own_words_for_bad_json_and_equal_sids():
    assert refused("{", PolicyKind.TRUST).message == "This policy contains invalid Json"
    twice = {"Version": "2012-10-17", "Statement": [{**TRUSTED, "Sid": "A"}, {**TRUSTED, "Sid": "A"}]}
    assert refused(twice, PolicyKind.TRUST).message == "The Statement Ids in the policy are not unique"


ACCEPTED = [
    ("a single statement without a list", {"Version": "2012-10-17", "Statement": GOOD}, PolicyKind.IDENTITY),
    ("no Version", {"Statement": GOOD}, PolicyKind.IDENTITY),
    ("the old Version", {"Version": "2008-10-17", "Statement": GOOD}, PolicyKind.IDENTITY),
    ("empty Sids", {"Statement": [{**GOOD, "Sid": ""}, {**GOOD, "Sid": ""}]}, PolicyKind.IDENTITY),
    (
        "numbers and booleans in a condition",
        one(Condition={"Bool": {"a:b": True}, "NumericEquals": {"a:c": 5}}),
        PolicyKind.IDENTITY,
    ),
    ("a trust policy", {"Version": "2008-10-17", "Statement": TRUSTED}, PolicyKind.TRUST),
    (
        "a repository policy, which has no Resource",
        {"Version": "2008-10-17", "Statement": {"Sid": "a b", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}},
        PolicyKind.RESOURCE,
    ),
    ("an endpoint policy", {"Statement": {**GOOD, "Principal": "*"}}, PolicyKind.ENDPOINT),
    ("a role of IAM", one(Resource="arn:aws:iam::111122223333:role/x"), PolicyKind.IDENTITY),
    (
        "an access point in a region",
        one(Resource="arn:aws:s3:us-east-1:111122223333:accesspoint/x"),
        PolicyKind.IDENTITY,
    ),
    (
        "any set operator with IfExists",
        one(Condition={"ForAnyValue:StringLikeIfExists": {"a:b": []}}),
        PolicyKind.IDENTITY,
    ),
]


@pytest.mark.parametrize(("document", "kind"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_a_sound_document_is_accepted_as_text_and_decoded(document, kind):
    assert len(parse_policy(document, kind).statements) == len(parse_policy(json.dumps(document), kind).statements)


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_a_managed_policy_must_have_the_current_version(version):
    error = refused(json.dumps({**version, "Statement": GOOD}), oldest_version=CURRENT_VERSION)
    assert error.message == "Policy document must be version 2012-10-17 or greater."


def test_a_document_over_its_size_is_refused_without_counting_white_space():
    text = json.dumps(one(Resource=[ARN + str(number) for number in range(200)]), indent=8)
    size = sum(not character.isspace() for character in text)
    assert parse_policy(text, max_size=size).statements
    with pytest.raises(PolicyTooLong) as caught:
        parse_policy(text, max_size=size - 1)
    assert caught.value.code == "LimitExceeded"
    assert caught.value.message == f"Cannot exceed quota for PolicySize: {size - 1}"


@pytest.mark.parametrize(
    ("kind", "limit", "message"),
    [
        (PolicyKind.IDENTITY, MANAGED_POLICY_SIZE, "Cannot exceed quota for PolicySize: 6144"),
        (PolicyKind.TRUST, TRUST_POLICY_SIZE, "Cannot exceed quota for ACLSizePerRole: 2048"),
    ],
)
def test_the_quotas_have_awss_names(kind, limit, message):
    assert refused({"Statement": "x" * limit}, kind, max_size=limit).message == message


def test_the_policy_keeps_its_name_kind_version_and_id():
    policy = parse_policy({"Id": "mine", "Statement": GOOD}, PolicyKind.BOUNDARY, "limits")
    assert (policy.name, policy.kind, policy.version, policy.id) == (
        "limits",
        PolicyKind.BOUNDARY,
        "2008-10-17",
        "mine",
    )
