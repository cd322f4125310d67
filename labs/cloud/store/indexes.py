"""What moto keeps beside its stores: made anew from them whenever they were put back.

Without it a bucket of before could be made a second time, empty, and a peering would not be seen on its other side.
"""

import sys
import weakref
from typing import Any


def rebuild() -> None:
    """Make every such index anew. Services that nobody has imported have none."""
    if "moto.s3.models" in sys.modules:
        _bucket_accounts()
    if "moto.ec2.models" in sys.modules:
        _regions_of_ec2()


def _bucket_accounts() -> None:
    """Whose a bucket is, by its name."""
    from moto.s3.models import s3_backends

    s3_backends.bucket_accounts.clear()
    for account, store in list(s3_backends.items()):
        for partition, backend in list(store.items()):
            for name in backend.buckets:
                s3_backends.bucket_accounts[name] = partition, account


def _regions_of_ec2() -> None:
    """Every region's store, for what two regions share."""
    from moto.ec2.models import EC2Backend, ec2_backends

    backend: Any = EC2Backend
    for known in (backend.vpc_refs, backend.vpc_pcx_refs, backend.backend_refs):
        known[backend] = {weakref.ref(each) for store in list(ec2_backends.values()) for each in list(store.values())}
