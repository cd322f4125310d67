"""The operations that are the local AWS's own: STS, IAM's simulators and document checks, CloudTrail, tagging."""
