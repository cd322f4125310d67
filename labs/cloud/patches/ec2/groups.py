"""Security groups: all rules of a request or none, all of them in the answer, and no group in use is deleted."""

from collections.abc import Callable
from typing import Any

from labs.cloud.patches.ec2 import ec2_errors

_ALL_OR_NONE = (
    "authorize_security_group_ingress",
    "authorize_security_group_egress",
    "revoke_security_group_ingress",
    "revoke_security_group_egress",
)


def apply() -> None:
    """Apply every patch of security groups."""
    from moto.ec2.responses.security_groups import SecurityGroups

    for name in _ALL_OR_NONE:
        _whole(SecurityGroups, name)
    _deletion(SecurityGroups)


def _whole(response: Any, name: str) -> None:
    """moto keeps the rules before the one that was refused, and answers with those of the last permission only."""
    original: Callable[[Any], Any] = getattr(response, name)

    def call(self: Any) -> Any:
        asked = self._get_param("GroupId") or self._get_param("GroupName") or ""
        group = self.ec2_backend.get_security_group_by_name_or_id(asked)
        if group is None:
            return original(self)
        ingress, egress = list(group.ingress_rules), list(group.egress_rules)
        try:
            answer = original(self)
        except Exception:
            group.ingress_rules, group.egress_rules = ingress, egress
            raise
        if name.startswith("authorize"):
            known = {rule.id for rule in (*ingress, *egress)}
            new = [rule for rule in (*group.ingress_rules, *group.egress_rules) if rule.id not in known]
            answer.result["SecurityGroupRules"] = new
        return answer

    setattr(response, name, call)


def _deletion(response: Any) -> None:
    original = response.delete_security_group

    def delete_security_group(self: Any) -> Any:
        backend = self.ec2_backend
        asked = self._get_param("GroupId") or self._get_param("GroupName") or ""
        group = backend.get_security_group_by_name_or_id(asked)
        if group is None:
            return original(self)
        if group.is_default:
            raise ec2_errors.refused("group.default", group=group.id)
        if _used(backend, group.id):
            raise ec2_errors.refused("group.in_use", group=group.id)
        answer = original(self)
        backend.tags.pop(group.id, None)
        return answer

    response.delete_security_group = delete_security_group


def _used(backend: Any, group_id: str) -> bool:
    """An interface has it, or a rule of another group names it (EC2 API reference, DeleteSecurityGroup)."""
    if any(group_id in [held.id for held in one.group_set] for one in backend.get_all_network_interfaces()):
        return True
    return any(
        (rule.source_group or {}).get("GroupId") == group_id
        for groups in backend.groups.values()
        for other in groups.values()
        if other.id != group_id
        for rule in (*other.ingress_rules, *other.egress_rules)
    )
