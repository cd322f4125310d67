"""The image behind a tag in ECR, with its bytes: what was built here is read here, the rest is downloaded.

A blob's name is the digest of its bytes, so one of the archive's with the same digest is the same blob. ECR API
reference: BatchGetImage gives manifests, GetDownloadUrlForLayer a URL for layers and configs.
"""

import contextlib
import http.client
import json
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from labs import oci
from labs.engine.archive import Blobs, Image, image_of, read_archive
from labs.errors import LabError
from labs.failures import code_of
from labs.lesson.bench import Bench
from labs.subjects.push.lab_repository import Pushed

_TIMEOUT_S = 60.0
_ABSENT = ("ImageNotFoundException", "LayersNotFoundException", "LayerInaccessibleException", "InvalidLayerException")


@dataclass(frozen=True)
class EcrBlobs:
    """The blobs of a repository; ``near``: where they are looked for first; ``folder``: where downloads are kept."""

    ecr: Any
    repository: str
    near: Blobs | None
    folder: Path
    proxies: dict[str, str] | None  # None: those of the environment

    def open(self, digest: str) -> BinaryIO:
        """The bytes of a blob; KeyError when the repository has none. Raises boto3's ClientError."""
        if self.near is not None:
            with contextlib.suppress(KeyError):
                return self.near.open(digest)
        kept = self.folder / digest.replace(":", "-")
        if not kept.exists():
            self._fetch(digest, kept)
        return kept.open("rb")

    def _fetch(self, digest: str, kept: Path) -> None:
        answer = self.ecr.batch_get_image(
            repositoryName=self.repository,
            imageIds=[{"imageDigest": digest}],
            acceptedMediaTypes=[*oci.INDEX_TYPES, *oci.MANIFEST_TYPES],
        )
        if answer["images"]:
            kept.write_bytes(answer["images"][0]["imageManifest"].encode())
            return
        try:
            found = self.ecr.get_download_url_for_layer(repositoryName=self.repository, layerDigest=digest)
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise KeyError(digest) from None
            raise
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(self.proxies))
        try:
            with opener.open(found["downloadUrl"], timeout=_TIMEOUT_S) as source, kept.open("wb") as out:
                shutil.copyfileobj(source, out)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            kept.unlink(missing_ok=True)
            raise LabError(
                f"The layer {digest[:19]} could not be downloaded: {getattr(error, 'reason', error)}.",
                "check again",
                id="layer-not-downloaded",
            ) from error


@contextlib.contextmanager
def opened(bench: Bench, tag: str, pushed: Pushed) -> Iterator[Image]:
    """What a tag points to, as an image whose files can be read; downloads are gone afterwards."""
    media_type = pushed.image.media_type
    top = {"mediaType": media_type, "digest": pushed.digest, "size": 0}
    name = f"{bench.repository_name}:{tag}"
    with tempfile.TemporaryDirectory(prefix="fargate-lab-layers-") as folder:
        blobs = EcrBlobs(
            bench.reader("ecr"), bench.repository_name, built(bench), Path(folder), None if bench.on_aws else {}
        )
        yield image_of(name, blobs, json.dumps({"schemaVersion": 2, "manifests": [top]}).encode())


def built(bench: Bench) -> Blobs | None:
    """The blobs of stage 01's archive; None when it cannot be read."""
    found = archived(bench)
    return found.blobs if found else None


def archived(bench: Bench) -> Image | None:
    """Stage 01's archive; None when it cannot be read."""
    try:
        return read_archive(bench.archive)
    except LabError:
        return None
