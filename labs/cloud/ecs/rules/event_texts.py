"""What a service says: its events, told as ``(service NAME) ...``, and the reasons of its deployments."""

from labs.aws_texts import texts


def say(id: str, /, **values: object) -> str:
    """The words behind an id with their placeholders filled."""
    return texts("ecs_services")[id].say(**values)
