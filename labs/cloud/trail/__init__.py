"""CloudTrail: every call, allowed or refused, without a secret.

Door: ``cloudtrail.SqliteTrail`` records and looks up; ``redaction`` says what of a call may be written down.
"""
