"""Who signed this request: SigV4 in the header and in the query, S3's streamed bodies, the clock."""

from labs.cloud.identity.signatures.claim import Claim, read_claim
from labs.cloud.identity.signatures.verify import SecretOnFile, verify

__all__ = ["Claim", "SecretOnFile", "read_claim", "verify"]
