"""What ``lint`` finds: its kinds, and one of them."""

import enum
from dataclasses import dataclass


class LintCode(enum.Enum):
    """The kinds of finding; the values are stable and may name a message in a catalogue."""

    UNKNOWN_ACTION = "unknown_action"
    UNKNOWN_SERVICE = "unknown_service"
    MATCHES_NOTHING = "matches_nothing"
    NEEDS_ALL_RESOURCES = "needs_all_resources"
    OTHER_SERVICE = "other_service"
    OTHER_ACCOUNT = "other_account"
    OTHER_REGION = "other_region"
    OTHER_PARTITION = "other_partition"
    INCOMPLETE_ARN = "incomplete_arn"
    MALFORMED_ARN = "malformed_arn"
    PLAIN_VARIABLE = "plain_variable"
    BAD_VALUE = "bad_value"
    NO_VERSION = "no_version"
    UNKNOWN_KEY = "unknown_key"
    FOREIGN_KEY = "foreign_key"
    OPERATOR_TYPE = "operator_type"
    PLAIN_WILDCARD = "plain_wildcard"
    SET_OF_ONE = "set_of_one"
    PASSES_EVERY_ROLE = "passes_every_role"


@dataclass(frozen=True)
class LintFinding:
    """One thing to look at. ``path`` as in ``Statement[0].Action``; ``value`` what stands there, as written.

    ``suggestion`` is what to write instead, "" when there is no one answer.
    """

    code: LintCode
    path: str
    value: str
    message: str
    suggestion: str = ""
