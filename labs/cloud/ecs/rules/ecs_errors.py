"""ECS's refusals, in the words of the catalogue."""

from labs.aws_texts import texts
from labs.cloud.contract import AwsError


def refused(id: str, /, **values: object) -> AwsError:
    """The error behind an id of ``ecs_errors``, with its values."""
    text = texts("ecs_errors")[id]
    return AwsError(text.code, text.say(**values), text.status)
