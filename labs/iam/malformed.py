"""Refusing a document: AWS's texts, and what is wrong in plain words, at a path of the document."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labs.iam.positions import JsonPath

# The texts of IAM's MalformedPolicyDocument answers to CreatePolicy and PutRolePolicy, as seen in the field.
SYNTAX = "Syntax errors in policy."
OLD_VERSION = "Policy document must be version 2012-10-17 or greater."
LEGACY = "The policy failed legacy parsing"
SAME_SID = "Statement IDs (SID) in a single policy must be unique."
NO_ACTIONS = "Policy statement must contain actions."
NO_RESOURCES = "Policy statement must contain resources."
NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
COLONS = "Actions/Condition can contain only one colon."
VENDOR = "Vendor {} is not valid"
NOT_ARN = 'Resource {} must be in ARN format or "*".'
PARTITION = 'Partition "{}" is not valid for resource "{}".'
UNQUALIFIED = "Resource vendor must be fully qualified and cannot contain regexes."
IAM_REGION = "IAM resource {} cannot contain region information."
IAM_PATH = 'IAM resource path must either be "*" or start with {}.'
PRINCIPAL = "Policy document should not specify a principal."
SID = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
S3_REGION = "Resource {} can not contain region information."
NO_PRINCIPAL = "Missing required field Principal"

# CreateRole and UpdateAssumeRolePolicy word some refusals of a trust policy in their own way.
TRUST_RESOURCE = "Has prohibited field Resource"
TRUST_ACTION = "AssumeRole policy may only specify STS AssumeRole actions."
TRUST_NOT_PRINCIPAL = "AssumeRole policy must not contain NotPrincipal field."
TRUST_JSON = "This policy contains invalid Json"
TRUST_TEXTS = {
    SAME_SID: "The Statement Ids in the policy are not unique",
    NO_ACTIONS: "Missing required field Action",
}


class DocumentRefusal(Exception):
    """What AWS says, what is wrong, and where: known before the place in the text is."""

    def __init__(self, message: str, detail: str, path: JsonPath = ()) -> None:
        super().__init__(message)
        self.message, self.detail, self.path = message, detail, path


def an_object(value: object, path: JsonPath, what: str) -> Mapping[str, Any]:
    """``value``, which must be an object; ``what`` names it."""
    if not isinstance(value, Mapping):
        raise DocumentRefusal(SYNTAX, f"{what} must be an object in braces.", path)
    return value


def only(value: Mapping[str, Any], known: Sequence[str], path: JsonPath) -> None:
    """Refuse any key but the known ones."""
    for key in value:
        if key not in known:
            raise DocumentRefusal(
                SYNTAX, f"'{key}' is not an element here{did_you_mean(str(key), known)}", (*path, key)
            )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest known one, when one is near."""
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.7)
    return f"; did you mean '{folded[close[0]]}'?" if close else "."


def strings(value: object, path: JsonPath) -> list[tuple[str, JsonPath]]:
    """A string, or a list of strings, each with its path."""
    if isinstance(value, str):
        return [(value, path)]
    if not isinstance(value, list):
        raise DocumentRefusal(SYNTAX, f"{path[-1]} must be a string or a list of strings.", path)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise DocumentRefusal(SYNTAX, f"{path[-1]} must hold strings only.", (*path, index))
    return [(item, (*path, index)) for index, item in enumerate(value)]
