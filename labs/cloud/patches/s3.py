"""moto's S3: creation dates and upload ids that a replay makes again."""

from typing import Any

from labs.cloud.store import determinism
from labs.cloud.store.principals import anchor


def apply() -> None:
    """Buckets take their date from the machine's clock, multipart uploads their id from os.urandom."""
    from moto.s3 import models

    bucket: Any = models.FakeBucket
    anchor(bucket, "policy")
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
