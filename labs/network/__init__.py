"""Which interface of a VPC reaches what, and where a packet stops: pure functions over EC2's describe_* answers.

``Snapshot.parse`` reads the answers once, ``reach`` walks one path. Source of the rules: the Amazon VPC User Guide and
the AWS PrivateLink guide; each module names its pages.
"""

from labs.network.doors import Beyond, Door, doors
from labs.network.path import (
    BadDestination,
    DecideEndpoint,
    Destination,
    Fix,
    Hop,
    HopVerdict,
    Path,
    PathStep,
    PolicyAnswer,
    ProposedInterface,
    UnknownSource,
)
from labs.network.reach import reach
from labs.network.reader import MalformedSnapshot
from labs.network.snapshot import Snapshot
from labs.network.vpc import Endpoint, EndpointKind, Route, TargetKind

__all__ = [
    "BadDestination",
    "Beyond",
    "DecideEndpoint",
    "Destination",
    "Door",
    "Endpoint",
    "EndpointKind",
    "Fix",
    "Hop",
    "HopVerdict",
    "MalformedSnapshot",
    "Path",
    "PathStep",
    "PolicyAnswer",
    "ProposedInterface",
    "Route",
    "Snapshot",
    "TargetKind",
    "UnknownSource",
    "doors",
    "reach",
]
