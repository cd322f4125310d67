"""ECR's own host name for the lab's registry: ``ACCOUNT.dkr.ecr.REGION.amazonaws.com`` is the local AWS, for its own
account and Region alone.

A workflow that is written for AWS names the registry so. Whatever resolves a registry's host asks here.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from labs.errors import LabError
from labs.files import read_json

VARIABLE = "LAB_REGISTRY_ALIAS"


def resolved(host: str, env: Mapping[str, str], home: Path) -> str:
    """The host that is spoken to for ``host``: the local registry for its name on AWS, else the host itself.

    LAB_REGISTRY_ALIAS (``NAME=HOST:PORT``) says both; without it the local AWS of the lab home does.
    """
    if not host.endswith(".amazonaws.com"):
        return host
    name, _, local = env.get(VARIABLE, "").partition("=")
    if not local:
        name, local = _of_home(home)
    return local if local and host == name else host


def ecr_host(account: str, region: str) -> str:
    """The registry's host as it is on AWS (ECR user guide, "Amazon ECR private registries")."""
    return f"{account}.dkr.ecr.{region}.amazonaws.com"


def _of_home(home: Path) -> tuple[str, str]:
    try:
        cloud = read_json(home / "cloud.json") or {}
    except LabError:
        return "", ""
    if not all(isinstance(cloud.get(name), str) for name in ("account", "region", "endpoint")):
        return "", ""
    return ecr_host(cloud["account"], cloud["region"]), urlsplit(cloud["endpoint"]).netloc
