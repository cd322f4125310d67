"""EC2's refusals, in the words of the catalogue."""

from typing import Any

from labs.aws_texts import texts


def refused(id: str, /, **values: object) -> Exception:
    """An error that moto writes in EC2's own envelope. ``id`` and its values: a text of ``ec2_errors``."""
    from moto.ec2.exceptions import EC2ClientError

    error: Any = EC2ClientError
    text = texts("ec2_errors")[id]
    made: Exception = error(text.code, text.say(**values))
    return made


def listed(id: str, /, **values: object) -> dict[str, str]:
    """The same as an item of an answer that lists what was not done."""
    text = texts("ec2_errors")[id]
    return {"Code": text.code, "Message": text.say(**values)}
