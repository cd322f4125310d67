"""Prefix lists: their ranges, and no read that changes them.

moto 5.2.5 answers DescribePrefixLists without Cidrs, and forgets a deleted list after two reads, which a replay does
not repeat. The ranges of S3 and DynamoDB are moto's: a few that AWS published for us-east-1, the same in each Region
here. Real lists are longer and change.
"""

from typing import Any


def apply() -> None:
    """Apply every patch of prefix lists."""
    from moto.ec2.models.managed_prefixes import ManagedPrefixList, ManagedPrefixListBackend

    kind: Any = ManagedPrefixList
    backend: Any = ManagedPrefixListBackend
    described, delete = backend.describe_managed_prefix_lists, backend.delete_managed_prefix_list

    def cidrs(self: Any) -> list[str]:
        newest = list(self.entries.values())[-1] if self.entries else []
        return [entry["Cidr"] for entry in newest]

    def describe_managed_prefix_lists(self: Any, prefix_list_ids: Any = None, filters: Any = None) -> list[Any]:
        for held in self.managed_prefix_lists.values():
            # moto counts down at each read of a deleted list; here none is left in that state.
            held.delete_counter = 1
        found: list[Any] = described(self, prefix_list_ids, filters)
        return found

    def delete_managed_prefix_list(self: Any, prefix_list_id: str) -> Any:
        found = delete(self, prefix_list_id)
        del self.managed_prefix_lists[prefix_list_id]
        self.tags.pop(prefix_list_id, None)
        return found

    kind.cidrs = property(cidrs)
    backend.describe_managed_prefix_lists = describe_managed_prefix_lists
    backend.delete_managed_prefix_list = delete_managed_prefix_list
