"""ECR: the registry under ``/v2/``, the ECR API, and the store behind both.

Door: ``EcrApi``, ``registry_app`` and ``ExpiryLoop`` over one ``EcrStore``.
"""

from labs.cloud.registry.api.ecr_api import EcrApi
from labs.cloud.registry.data_plane.expiry import ExpiryLoop
from labs.cloud.registry.data_plane.http import registry_app
from labs.cloud.registry.store.registry_store import EcrStore

__all__ = ["EcrApi", "EcrStore", "ExpiryLoop", "registry_app"]
