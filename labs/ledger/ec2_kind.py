"""What the kinds of EC2 have in common: ids that the account makes, tags in the create call, one way of describing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from labs.ledger.kind import Kind
from labs.ledger.names import KIT_TAG, NAME_TAG, Names
from labs.ledger.tagging import TagForm, Tagging, Tags, plain

# Still listed for a while after its end (VpcEndpoint and NatGateway in the EC2 API reference).
_ENDED = "deleted"
# All of EC2's codes for what is not there end so; refusals that may pass (EC2 error code reference).
ABSENT = ("NotFound",)
BUSY = ("InvalidIPAddress.InUse", "InvalidNetworkInterface.InUse", "InvalidParameterValue", "IncorrectState")


@dataclass(frozen=True, kw_only=True)
class Described:
    """How one kind is read and deleted: boto3's names.

    ``describe`` with ``ids`` answers ``items``, each with ``id``; ``delete`` takes ``id``, or the list ``ids``.
    """

    describe: str
    ids: str
    items: str
    id: str
    delete: str = ""
    filters: str = "Filters"
    tag_field: str = "Tags"
    delete_many: bool = False

    def read(self, ec2: Any, id: str) -> dict[str, Any] | None:
        """The resource as AWS describes it; None when it has ended or is not listed. Raises ClientError."""
        items = getattr(ec2, self.describe)(**{self.ids: [id]})[self.items]
        return next((item for item in items if not _ended(item)), None)

    def tags(self, ec2: Any, id: str) -> Tags | None:
        """The tags of one; None when it has ended or is not listed. Raises ClientError."""
        item = self.read(ec2, id)
        return None if item is None else self.tags_of(item)

    def tags_of(self, item: dict[str, Any]) -> Tags:
        """The tags of a described resource."""
        return plain(item.get(self.tag_field) or [])

    def found(self, ec2: Any, names: Names) -> Iterator[str]:
        """The ids whose kit's tag, or whose Name, is a name of the lab's, whoever made them; each once."""
        found = (item for tag in (KIT_TAG, NAME_TAG) for item in self._tagged(ec2, tag, names.prefix))
        yield from dict.fromkeys(item[self.id] for item in found)

    def claimed(self, ec2: Any, names: Names) -> Iterator[tuple[str, Tags]]:
        """Those whose kit's tag is a name of the lab's, with their tags: one call says both."""
        for item in self._tagged(ec2, KIT_TAG, names.prefix):
            yield item[self.id], self.tags_of(item)

    def _tagged(self, ec2: Any, tag: str, prefix: str) -> Iterator[dict[str, Any]]:
        # Security group rules know no filter "tag-key"; this one they all know, with * for the rest of a value.
        wanted = {self.filters: [{"Name": f"tag:{tag}", "Values": [prefix, f"{prefix}-*", f"{prefix}/*"]}]}
        pages = (
            ec2.get_paginator(self.describe).paginate(**wanted)
            if ec2.can_paginate(self.describe)
            else [getattr(ec2, self.describe)(**wanted)]
        )
        for page in pages:
            for item in page[self.items]:
                # AWS makes and removes the interfaces of endpoints, NAT gateways and tasks itself.
                if not _ended(item) and not item.get("RequesterManaged"):
                    yield item

    def remove(self, ec2: Any, id: str) -> None:
        """Delete one. Raises ClientError, also where AWS answers 200 and says that it did not delete."""
        answer = getattr(ec2, self.delete)(**({self.ids: [id]} if self.delete_many else {self.id: id}))
        for refused in answer.get("Unsuccessful") or []:
            raise ClientError({"Error": refused["Error"]}, self.delete)


def _ended(item: dict[str, Any]) -> bool:
    return str(item.get("State", "")).lower() == _ENDED


def ec2_kind(described: Described, *, name: str, resource_type: str, create: str, delete: str, **more: Any) -> Kind:
    """A kind of EC2 that is tagged by its create call; ``more`` are fields of Kind, over what ``described`` says.

    ``resource_type`` is the ResourceType of its TagSpecifications.
    """
    fields: dict[str, Any] = {
        "deleted_by": (described.id,),
        "tags": described.tags,
        "found": described.found,
        "claimed": described.claimed,
        "remove": described.remove,
        "absent": ABSENT,
        "busy": BUSY,
    }
    return Kind(
        name=name,
        service="ec2",
        creates=(create,),
        deletes=(delete,),
        tagging=Tagging(TagForm.SPECIFICATION, resource_type),
        **fields | more,
    )
