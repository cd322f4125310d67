"""What an endpoint is to be after CreateVpcEndpoint or ModifyVpcEndpoint, worked out and checked beforehand."""

from collections.abc import Mapping, Sequence
from typing import Any

from labs.cloud.patches.ec2 import addresses, ec2_errors
from labs.cloud.patches.ec2 import endpoint_checks as checks
from labs.cloud.patches.ec2.endpoint_checks import GATEWAY, INTERFACE


def for_new(backend: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Everything a new endpoint is to be, checked. Raises the first refusal."""
    vpc_id, name = str(parameters.get("VpcId") or ""), str(parameters.get("ServiceName") or "")
    kind = parameters.get("VpcEndpointType") or GATEWAY
    backend.get_vpc(vpc_id)
    entry = checks.service(backend, name, kind)
    checks.only_for(kind, parameters)
    checks.options(parameters)
    address_type = parameters.get("IpAddressType") or "ipv4"
    subnets = checks.subnets(backend, vpc_id, name, entry, parameters.get("SubnetIds") or ())
    checks.addressing(subnets, address_type)
    groups = list(dict.fromkeys(parameters.get("SecurityGroupIds") or ()))
    checks.groups(backend, vpc_id, groups)
    prefix_list = _prefix_list(backend, name) if kind == GATEWAY else None
    tables = list(dict.fromkeys(parameters.get("RouteTableIds") or ()))
    checks.route_tables(backend, vpc_id, tables, prefix_list or "")
    checks.policy(parameters.get("PolicyDocument"))
    private_dns = _private_dns(kind, entry, parameters.get("PrivateDnsEnabled"))
    dns_options = (
        _dns_options(name, address_type, parameters.get("DnsOptions"), private_dns) if kind == INTERFACE else {}
    )
    if private_dns:
        checks.private_dns(backend, vpc_id, entry)
        only_inbound = bool(dns_options.get("PrivateDnsOnlyForInboundResolverEndpoint"))
        checks.inbound_resolver(backend, vpc_id, name, only_inbound)
    if kind == INTERFACE and not groups:
        groups = [backend.get_default_security_group(vpc_id).id]
    _check_room(backend, subnets)
    return {
        "vpc_id": vpc_id,
        "service": name,
        "type": kind,
        "entry": entry,
        "base": next(iter(entry["BaseEndpointDnsNames"]), ""),
        "names": checks.private_names(entry) if kind == INTERFACE else [],
        "subnets": subnets,
        "groups": groups,
        "route_tables": tables,
        "prefix_list": prefix_list,
        "private_dns": private_dns,
        "address_type": address_type,
        "dns_options": dns_options,
    }


def for_changed(backend: Any, endpoint: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Everything an endpoint is to become, checked. Raises the first refusal."""
    _check_changeable(endpoint, parameters)
    address_type = parameters.get("IpAddressType") or endpoint.ip_address_type
    return {
        "address_type": address_type,
        **_changed_subnets(backend, endpoint, parameters, address_type),
        **_changed_groups(backend, endpoint, parameters),
        **_changed_tables(backend, endpoint, parameters),
        **_changed_dns(backend, endpoint, parameters, address_type),
    }


def _check_changeable(endpoint: Any, parameters: Mapping[str, Any]) -> None:
    """The endpoint is there, the parameters fit its kind, and each is right by itself."""
    if endpoint.gone_at is not None:
        raise ec2_errors.refused("endpoint.being_deleted", endpoint=endpoint.id)
    kind = endpoint.vpc_endpoint_type
    for name in ("RouteTableIds", "SubnetIds", "SecurityGroupIds"):
        checks.only_for(kind, {name: [*_added(parameters, name), *_removed(parameters, name)]})
    checks.only_for(kind, {name: parameters.get(name) for name in ("PrivateDnsEnabled", "DnsOptions")})
    checks.options(parameters)
    checks.policy(parameters.get("PolicyDocument"))


def _changed_subnets(
    backend: Any, endpoint: Any, parameters: Mapping[str, Any], address_type: str
) -> dict[str, Sequence[Any]]:
    """What is removed, by id, and what is added, as moto's subnets: one that is both gets a new interface."""
    removed = [subnet for subnet in _removed(parameters, "SubnetIds") if subnet in endpoint.subnet_ids]
    kept = [subnet for subnet in endpoint.subnet_ids if subnet not in removed]
    added = [subnet for subnet in _added(parameters, "SubnetIds") if subnet not in kept]
    subnets = checks.subnets(backend, endpoint.vpc_id, endpoint.service_name, endpoint.entry, [*kept, *added])
    checks.addressing(subnets, address_type)
    new = [subnet for subnet in subnets if subnet.id in added]
    _check_room(backend, new)
    return {"removed_subnets": removed, "added_subnets": new}


def _changed_groups(backend: Any, endpoint: Any, parameters: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The security groups afterwards; an interface endpoint keeps one at least."""
    removed = _removed(parameters, "SecurityGroupIds")
    every = dict.fromkeys([*endpoint.security_group_ids, *_added(parameters, "SecurityGroupIds")])
    groups = [group for group in every if group not in removed]
    checks.groups(backend, endpoint.vpc_id, groups)
    if endpoint.vpc_endpoint_type == INTERFACE and not groups:
        raise ec2_errors.refused("endpoint.no_group")
    return {"groups": groups}


def _changed_tables(backend: Any, endpoint: Any, parameters: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The route tables whose route goes, and those that get one; one that is both keeps its route."""
    removed = [table for table in _removed(parameters, "RouteTableIds") if table in endpoint.route_table_ids]
    kept = set(endpoint.route_table_ids) - set(removed)
    added = [table for table in _added(parameters, "RouteTableIds") if table not in kept]
    new = [table for table in added if table not in removed]
    checks.route_tables(backend, endpoint.vpc_id, new, endpoint.destination_prefix_list_id or "")
    return {"removed_tables": removed, "added_tables": added}


def _changed_dns(backend: Any, endpoint: Any, parameters: Mapping[str, Any], address_type: str) -> dict[str, Any]:
    """Private DNS and its options; a gateway endpoint's stay as they are."""
    asked = parameters.get("PrivateDnsEnabled")
    private_dns = endpoint.private_dns_enabled if asked is None else asked
    options = endpoint.dns_options
    is_interface = endpoint.vpc_endpoint_type == INTERFACE
    if is_interface:
        given = {**(options or {}), **(parameters.get("DnsOptions") or {})}
        options = _dns_options(endpoint.service_name, address_type, given, private_dns)
    if private_dns and not endpoint.private_dns_enabled:
        checks.private_dns(backend, endpoint.vpc_id, endpoint.entry, besides=endpoint)
    if private_dns and is_interface:
        only_inbound = bool(options.get("PrivateDnsOnlyForInboundResolverEndpoint"))
        checks.inbound_resolver(backend, endpoint.vpc_id, endpoint.service_name, only_inbound)
    return {"private_dns": private_dns, "dns_options": options}


def _added(parameters: Mapping[str, Any], name: str) -> list[str]:
    return list(dict.fromkeys(parameters.get(f"Add{name}") or ()))


def _removed(parameters: Mapping[str, Any], name: str) -> list[str]:
    return list(dict.fromkeys(parameters.get(f"Remove{name}") or ()))


def _private_dns(kind: str, entry: Mapping[str, Any], asked: bool | None) -> bool:
    """On unless turned off, where the service has a private name (EC2 API reference, PrivateDnsEnabled)."""
    if kind != INTERFACE:
        return False
    return bool(checks.private_names(entry)) if asked is None else bool(asked)


def _dns_options(name: str, address_type: str, given: Mapping[str, Any] | None, private_dns: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"DnsRecordIpType": (given or {}).get("DnsRecordIpType") or address_type}
    if name.endswith(".s3"):
        asked = (given or {}).get("PrivateDnsOnlyForInboundResolverEndpoint")
        found["PrivateDnsOnlyForInboundResolverEndpoint"] = private_dns if asked is None else bool(asked)
    return found


def _prefix_list(backend: Any, name: str) -> str | None:
    return next((held.id for held in backend.managed_prefix_lists.values() if held.prefix_list_name == name), None)


def _check_room(backend: Any, subnets: Sequence[Any]) -> None:
    """Each subnet has an address left: asked now, so that nothing is made when one has none."""
    for subnet in subnets:
        addresses.free(subnet, addresses.taken(backend, subnet))
