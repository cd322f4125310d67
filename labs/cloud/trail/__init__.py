"""CloudTrail: every call, allowed or refused, without a secret."""
