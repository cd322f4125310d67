"""Who signed a request and who that is.

Door: ``credentials`` leads from an access key id to its secret and from a verified signature to a Caller.
``signatures`` checks what was signed and whether a temporary key has expired; ``sessions`` holds what STS gave out and
until when; ``identities`` looks up users, roles and their policies in the IAM store. What a caller may do is decided in
``labs.cloud.authorisation``.
"""
