"""An AWS account, read only, as the plain data of ``labs.fargate`` and ``labs.network``; and the diagnosis over it.

``survey.look`` is the door: from what a person names to a diagnosis; ``report.report`` prints it. ``POLICY`` is the
IAM policy of all that is read. Works on the local AWS and on real AWS alike: it gets boto3 clients and never creates.
"""

from pathlib import Path

POLICY = Path(__file__).with_name("policy.json")
