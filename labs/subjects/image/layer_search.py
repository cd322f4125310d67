"""Searching an image's layers, each that holds nothing only once: a layer's digest names its bytes.

The layers of the base image are most of every image, and every look at one would unpack them anew.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from labs import oci
from labs.engine.archive import Image, LayerFile

Found = TypeVar("Found")
# (digest of a layer, question) whose answer was: nothing.
_empty: set[tuple[str, str]] = set()


def search(
    image: Image, platform: oci.Platform, question: str, find: Callable[[LayerFile], Found | None]
) -> Iterator[Found]:
    """What ``find`` answers to the entries of every layer, bottom first, where that is not None.

    ``question`` names all that its answers depend on besides the entry. LabError for a layer that is damaged, known or
    not.
    """
    for layer in image.manifest(platform).layers:
        if (layer.digest, question) in _empty:
            image.verify(layer)
            continue
        empty = True
        for entry in image.layer_files(layer):
            found = find(entry)
            if found is not None:
                empty = False
                yield found
        if empty:
            _empty.add((layer.digest, question))
