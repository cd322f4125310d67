"""Pictures: well-formed, named, and the same facts as text."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from labs import oci
from labs.ui import text
from labs.ui.pictures import Picture, PushCall, index_picture, push_picture
from labs.ui.vpc_picture import DrawnSubnet, Lane, Sign, Station, VpcDrawing, vpc_picture

SVG = "{http://www.w3.org/2000/svg}"
CALLS = (
    PushCall("HEAD blob", "ecr:BatchCheckLayerAvailability", "allowed"),
    PushCall("HEAD blob that an image uses", "ecr:GetDownloadUrlForLayer", "refused"),
)


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


INDEX = oci.Index(
    oci.OCI_INDEX,
    (
        oci.Descriptor(oci.OCI_MANIFEST, digest("a"), 1, oci.Platform("linux", "amd64")),
        oci.Descriptor(oci.OCI_MANIFEST, digest("b"), 1, oci.Platform("linux", "arm64")),
        oci.Descriptor(oci.OCI_MANIFEST, digest("c"), 1, oci.Platform("unknown", "unknown"), {oci.ATTESTATION: "x"}),
    ),
)


@pytest.mark.parametrize("picture", [push_picture(CALLS), index_picture("a<b&c", digest("d"), INDEX)])
def test_a_picture_is_xml_with_a_role_a_title_and_a_description(picture: Picture) -> None:
    root = ET.fromstring(picture.svg)
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert description is not None
    assert description.text == picture.description
    assert picture._repr_mimebundle_()["text/plain"] == picture.description


@pytest.mark.parametrize("picture", [push_picture(CALLS), index_picture('a<b>&c"%41#', digest("d"), INDEX)])
def test_a_frontend_that_shows_html_gets_an_image_with_a_text_alternative(picture: Picture) -> None:
    """JupyterLab shows an SVG without its title and description."""
    found: list[dict[str, str | None]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag == "img"
            found.append(dict(attrs))

    Reader().feed(picture._repr_mimebundle_()["text/html"])
    (image,) = found
    assert image["alt"] == picture.description
    kind, _, data = (image["src"] or "").partition(",")
    assert kind == "data:image/svg+xml;charset=utf-8"
    shown = ET.fromstring(unquote(data))
    words = [each.text for each in shown.iter(f"{SVG}text")]
    assert words == [each.text for each in ET.fromstring(picture.svg).iter(f"{SVG}text")]


def test_nothing_is_said_by_colour_alone() -> None:
    words = " ".join(each.text or "" for each in ET.fromstring(push_picture(CALLS).svg).iter(f"{SVG}text"))
    assert "ecr:GetDownloadUrlForLayer: refused" in words
    assert "ecr:BatchCheckLayerAvailability: allowed" in words


def test_an_attestation_is_called_no_image() -> None:
    assert "attestation (no image)" in index_picture("x", digest("d"), INDEX).svg


def test_a_picture_of_nothing_is_still_a_picture() -> None:
    ET.fromstring(push_picture(()).svg)
    ET.fromstring(index_picture("x", digest("d"), oci.Index(oci.OCI_INDEX, ())).svg)


def test_a_table_lines_up() -> None:
    assert text.table(("a", "long"), [("wide cell", "x")]) == "a          long\n---------  ----\nwide cell  x"


def test_a_long_sentence_hangs_behind_its_beginning_and_no_name_is_broken() -> None:
    lines = text.hanging("  ok  ", "word " * 25 + "subnet-0123-4567").splitlines()
    assert all(len(line) <= text.WIDTH for line in lines)
    assert lines[0].startswith("  ok  word")
    assert lines[1].startswith("      word")
    assert lines[-1].endswith(" subnet-0123-4567")


def test_a_difference_shows_only_what_changed() -> None:
    before, after = {"Action": ["a"], "B": 1}, {"Action": ["a", "b"], "B": 1}
    assert [line for line in text.difference(before, after).splitlines() if line[0] in "+-"] == [
        '-    "a"',
        '+    "a",',
        '+    "b"',
    ]
    assert text.difference(before, before) == ""


def test_a_series_reads_as_a_sentence() -> None:
    assert [text.series(("a", "b", "c")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


VPC = VpcDrawing(
    "VPC vpc-1",
    (DrawnSubnet("subnet-1", ("10.0.1.0/24",), ("task: 10.0.1.5",)),),
    ("local",),
    ("tasks: nothing",),
    "10.0.1.5",
    tuple(Lane("S3", "s3.amazonaws.com", sign, (Station("name", sign),), "a door", "there", "why") for sign in Sign),
)
DRAWN = {"a push": push_picture(CALLS), "an index": index_picture("x", digest("d"), INDEX), "a VPC": vpc_picture(VPC)}


@pytest.mark.parametrize("picture", DRAWN.values(), ids=list(DRAWN))
def test_every_word_is_legible_on_every_ground_of_its_picture(picture: Picture) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, on white and on the darkest box; 12 px where the picture is 1,000 px wide."""
    root = ET.fromstring(picture.svg)
    width = float(root.get("viewBox", "").split()[2])
    fills = {each.get("fill", "") for each in root.iter(f"{SVG}rect")} - {"none", "#fff"}
    grounds = [1.0, *map(luminance, fills)]
    words = list(root.iter(f"{SVG}text"))
    assert words
    for word in words:
        ink = luminance(word.get("fill", ""))
        assert min(grounds) + 0.05 >= 4.5 * (ink + 0.05), (word.text, word.get("fill"))
        assert float(word.get("font-size", "nan")) * min(1, 1000 / width) >= 12


@pytest.mark.parametrize("picture", DRAWN.values(), ids=list(DRAWN))
def test_a_line_that_says_something_stands_out_from_its_ground(picture: Picture) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1 for what is needed to understand a picture."""
    for shape in ET.fromstring(picture.svg).iter():
        colour = shape.get("stroke", "none")
        if colour != "none":
            assert 3 * (luminance(colour) + 0.05) <= 1.05, colour
