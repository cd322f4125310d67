"""moto's EC2: what a VPC lab meets and moto leaves open, one module a matter.

``offerings`` instance types and endpoint services · ``addresses`` and ``interfaces`` network interfaces ·
``endpoints``, ``endpoint_checks``, ``endpoint_plans`` VPC endpoints · ``gateways`` NAT and internet gateways ·
``route_tables`` · ``groups`` security groups · ``networks`` VPCs, subnets, DHCP options · ``prefix_lists`` ·
``lifetimes`` what passes by time · ``absences`` unknown ids · ``ec2_errors`` what is refused · ``key_pairs``.

Two rules hold everywhere. A call checks all before it changes anything: a refused call is not in the journal, so
it must leave no trace. And what passes by time is decided by the time of the call, never stored by a read.
"""

import importlib

# The offerings come first: they must act before moto's EC2 is imported.
_PARTS = (
    "offerings",
    "lifetimes",
    "interfaces",
    "endpoints",
    "gateways",
    "route_tables",
    "groups",
    "networks",
    "prefix_lists",
    "absences",
    "key_pairs",
)


def apply() -> None:
    """Apply every patch of EC2."""
    for name in _PARTS:
        importlib.import_module(f"{__name__}.{name}").apply()
