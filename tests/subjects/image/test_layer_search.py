"""A layer that holds nothing is unpacked once for a question; another question, or other bytes, are looked at anew."""

from pathlib import Path

import pytest

from labs.engine.archive import Image
from labs.errors import LabError
from labs.subjects.image.baked_secrets import Leak, leaks
from labs.subjects.image.examination import other_build
from tests.subjects.image.test_examination import AMD64, BOTH, PROGRAM, build

pytestmark = pytest.mark.unit
UNPACKED: list[str] = []


@pytest.fixture(autouse=True)
def _noted(monkeypatch: pytest.MonkeyPatch) -> None:
    UNPACKED.clear()
    monkeypatch.setattr("labs.subjects.image.layer_search._empty", set())
    files = Image.layer_files
    monkeypatch.setattr(Image, "layer_files", lambda self, of: UNPACKED.append(of.digest) or files(self, of))


def found(image: Image, secret: str) -> list[Leak]:
    return list(leaks(image, AMD64, secret))


def test_a_layer_without_a_secret_is_unpacked_once(tmp_path: Path) -> None:
    image = build(tmp_path)
    assert found(image, "the-secret") == found(image, "the-secret") == []
    assert len(UNPACKED) == 1


def test_a_layer_is_searched_again_for_another_secret(tmp_path: Path) -> None:
    image = build(tmp_path, files={"app/.env": b"A=another-one"})
    assert found(image, "the-secret") == []
    assert found(image, "another-one") == [Leak("layer", "/app/.env", "the app's secret")]


def test_a_secret_is_found_each_time(tmp_path: Path) -> None:
    image = build(tmp_path, files={"app/.env": b"A=the-secret"})
    assert found(image, "the-secret") == found(image, "the-secret") != []


def test_a_layer_without_the_program_is_unpacked_once_for_each_name(tmp_path: Path) -> None:
    for name in ("main.py", "main.py", "start.py"):
        (tmp_path / name).write_text(PROGRAM)
        assert f"there is no {name};" in other_build(build(tmp_path / "image"), BOTH, tmp_path / name, None)
    assert len(UNPACKED) == 2


def test_a_program_that_was_changed_is_compared_again(tmp_path: Path) -> None:
    program, image = tmp_path / "app.py", build(tmp_path / "image")
    for text, same in ((PROGRAM, True), ("print(2)\n", False), (PROGRAM, True)):
        program.write_text(text)
        assert (other_build(image, BOTH, program, None) == "") is same


def test_a_layer_that_was_damaged_since_is_told(tmp_path: Path) -> None:
    image = build(tmp_path)
    assert found(image, "") == []
    digest = image.manifest(AMD64).layers[0].digest
    (tmp_path / "blobs" / "sha256" / digest[7:]).write_bytes(b"something else")
    with pytest.raises(LabError, match="does not have that digest"):
        found(image, "")
