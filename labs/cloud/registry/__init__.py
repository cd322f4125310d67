"""ECR: the registry under ``/v2/``, the ECR API, and the store behind both."""

from labs.cloud.registry.ecr_api import EcrApi
from labs.cloud.registry.http import registry_app
from labs.cloud.registry.store import EcrStore

__all__ = ["EcrApi", "EcrStore", "registry_app"]
