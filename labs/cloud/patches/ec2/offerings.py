"""moto's EC2: the catalogue of instance types when it is asked for, endpoint services with lasting ids."""

import functools
from collections.abc import Iterator
from typing import Any

from labs.cloud.store import determinism

_TYPES = "ec2/resources/instance_types.json"
_OFFERINGS = "ec2/resources/instance_type_offerings/"


def apply() -> None:
    """Apply every patch of EC2."""
    _lazy_instance_types()
    _lasting_endpoint_services()
    _few_endpoint_services()


def _lazy_instance_types() -> None:
    """What each type is, and where it is offered: 0.6 s and 100 MB at import, for a lab without instances."""
    import boto3
    from moto.core.base_backend import AccountSpecificBackend
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
        if resource == _TYPES:
            return {}
        return Offerings(resource) if resource.startswith(_OFFERINGS) else original(resource)

    utils.load_resource = load_resource
    # A session of its own would read EC2's model and all endpoints again, to list the regions.
    session = boto3.Session
    vars(boto3)["Session"] = AccountSpecificBackend.get_session
    try:
        from moto.ec2.models import instance_types
    finally:
        utils.load_resource = original
        vars(boto3)["Session"] = session
        importing = False

    @functools.cache
    def types() -> list[Any]:
        instance_types.INSTANCE_TYPES.update(original(_TYPES))
        return list(map(instance_types.InstanceType, instance_types.INSTANCE_TYPES))

    backend: Any = instance_types.InstanceTypeBackend
    backend.instance_types = property(lambda self: types())


def _lasting_endpoint_services() -> None:
    """moto gives every endpoint service a random id at the first look at the list, be it by a read."""
    from moto.ec2.models.vpcs import VPCBackend

    backend: Any = VPCBackend
    original = backend._collect_default_endpoint_services

    def collect(account_id: str, region: str) -> Any:
        with determinism.fixed(f"{determinism.origin_seed()}/endpoint services/{region}", determinism.present()):
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
