"""moto's EC2: the catalogue of instance types when it is asked for, endpoint services with lasting ids."""

from collections.abc import Iterator
from typing import Any

from labs.cloud.patches import core
from labs.cloud.store import determinism

_OFFERINGS = "ec2/resources/instance_type_offerings/"


def apply() -> None:
    """Apply every patch of EC2."""
    _lazy_offerings()
    _lasting_endpoint_services()
    _few_endpoint_services()


def _lazy_offerings() -> None:
    """Which type is offered in which zone of every region: 0.4 s and 70 MB at import, for a lab without instances."""
    from moto.utilities import utils

    original = utils.load_resource
    importing = True

    class Offerings(list[Any]):
        """A region's offerings, read from moto's file when first looked at after the import."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self._path, self._location = path, path.split("/")[-2]

        def __iter__(self) -> Iterator[Any]:
            if not importing and self._path:
                path, self._path = self._path, ""
                self.extend({**item, "LocationType": self._location} for item in original(path))
            return super().__iter__()

    def load_resource(resource: str) -> Any:
        return Offerings(resource) if resource.startswith(_OFFERINGS) else original(resource)

    utils.load_resource = load_resource
    try:
        import moto.ec2.models.instance_types  # noqa: F401
    finally:
        utils.load_resource = original
        importing = False


def _lasting_endpoint_services() -> None:
    """moto gives every endpoint service a random id at the first look at the list, be it by a read."""
    from moto.ec2.models.vpcs import VPCBackend

    backend: Any = VPCBackend
    original = backend._collect_default_endpoint_services

    def collect(account_id: str, region: str) -> Any:
        with determinism.fixed(f"{core.master_seed()}/endpoint services/{region}", determinism.present()):
            return original(account_id, region)

    backend._collect_default_endpoint_services = staticmethod(collect)


def _few_endpoint_services() -> None:
    """To list endpoint services moto imports eleven of its services, CloudFormation and with it all others too.

    Three have entries of a form of their own; the rest get moto's own default entry.
    """
    from moto.ec2.models import vpcs

    own = ["dynamodb", "ecr", "s3"]
    vpcs.IMPLEMENTED_ENDPOINT_SERVICES[:] = own
    vpcs.COVERED_ENDPOINT_SERVICES[:] = [*own, "ecr.api", "ecr.dkr"]
