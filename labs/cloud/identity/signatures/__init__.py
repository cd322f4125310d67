"""Who signed this request: SigV4 in the header and in the query, S3's streamed bodies, the clock."""

from labs.cloud.identity.signatures.claim import Claim, Family, read_claim
from labs.cloud.identity.signatures.verify import Secret, verify

__all__ = ["Claim", "Family", "Secret", "read_claim", "verify"]
