"""moto's S3: creation dates and upload ids that a replay makes again, and one decision about a bucket's policy."""

from typing import Any

from labs.cloud.store import determinism
from labs.cloud.store.principals import anchor


def apply() -> None:
    """Apply every patch of S3."""
    from moto.s3 import models, responses

    anchor(models.FakeBucket, "policy")
    _lasting_buckets()
    _no_second_decision(models.FakeBucket)
    _empty_answer(responses.S3Response)


def _no_second_decision(bucket: Any) -> None:
    """moto decides a bucket's policy again, without Principal and Condition: a Deny for one user refused everybody.

    The gateway has decided by then, with ``labs.iam``, and whoever gets here is permitted.
    """

    def get_permission(self: Any, action: str, resource: str) -> Any:
        from moto.iam.access_control import PermissionResult

        return PermissionResult.PERMITTED

    bucket.get_permission = get_permission


def _empty_answer(response: Any) -> None:
    """PutBucketPolicy has no output (S3 API reference); moto answers the word True."""
    original = response._bucket_response_put

    def put(self: Any, request: Any, bucket_name: str, querystring: Any) -> Any:
        answer = original(self, request, bucket_name, querystring)
        return "" if answer == "True" else answer

    response._bucket_response_put = put


def _lasting_buckets() -> None:
    """Buckets take their date from the machine's clock, multipart uploads their id from os.urandom."""
    from moto.s3 import models

    bucket: Any = models.FakeBucket
    upload: Any = models.FakeMultipart
    bucket_init, upload_init = bucket.__init__, upload.__init__

    def new_bucket(self: Any, *args: Any, **kwargs: Any) -> None:
        bucket_init(self, *args, **kwargs)
        self.creation_date = determinism.present()

    def new_upload(self: Any, *args: Any, **kwargs: Any) -> None:
        upload_init(self, *args, **kwargs)
        self.id = determinism.token_bytes(48).hex()

    bucket.__init__ = new_bucket
    upload.__init__ = new_upload
