"""An AWS account, read only, as the plain data of ``labs.fargate`` and ``labs.network``; and the diagnosis over it.

``survey.look`` is the door: from what a person names to a diagnosis. ``POLICY`` is the IAM policy of all that is read.
"""

from pathlib import Path

POLICY = Path(__file__).with_name("policy.json")
