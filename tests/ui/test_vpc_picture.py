"""The VPC's picture: well-formed, named, in words too, without colour, and whole for VPCs of every shape."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from labs.ui.figure import Figure
from labs.ui.svg import letters, wrapped
from labs.ui.vpc_picture import WIDTH, DrawnSubnet, Lane, Sign, Station, VpcDrawing, vpc_picture, vpc_tables

SVG = "{http://www.w3.org/2000/svg}"


def stations(*names: str, end: Sign = Sign.OPEN) -> tuple[Station, ...]:
    return (*(Station(name, Sign.OPEN) for name in names[:-1]), Station(names[-1], end))


OPEN = Lane(
    "the API of Amazon ECR",
    "api.ecr.us-east-1.amazonaws.com",
    Sign.OPEN,
    stations("name", "group out", "route", "endpoint", "group in"),
    "the interface endpoint vpce-1",
)
BLOCKED = Lane(
    "the layers in Amazon S3",
    "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com",
    Sign.BLOCKED,
    stations("name", "group out", "ACL out", "route", end=Sign.BLOCKED),
    "",
    "route table rtb-1",
    "rtb-1 of subnet-1 has no route to Amazon S3's addresses.",
)
UNKNOWN = Lane(
    "CloudWatch Logs",
    "logs.us-east-1.amazonaws.com",
    Sign.UNKNOWN,
    stations("name", end=Sign.UNKNOWN),
    "",
    "VPC vpc-1",
    "A resolver of its own answers.",
)
SUBNETS = (
    DrawnSubnet("subnet-1", ("10.0.1.0/24 in us-east-1a", "route table rtb-1"), ("task: 10.0.1.9, group tasks eni-1",)),
    DrawnSubnet("subnet-2", ("10.0.2.0/24 in us-east-1b", "route table rtb-1")),
)
USUAL = VpcDrawing(
    "VPC vpc-1 10.0.0.0/16",
    SUBNETS,
    ("10.0.0.0/16: local",),
    ("endpoints: tcp 443 from tasks", "tasks: nothing"),
    "10.0.1.9",
    (OPEN, BLOCKED, UNKNOWN),
)
LONG = "a-name-that-somebody-made-longer-than-any-name-has-to-be-" * 4
WEIRD = {
    "usual": USUAL,
    "nothing at all": VpcDrawing("VPC vpc-1 10.0.0.0/16", (), (), (), "if one ran", ()),
    "no subnets": replace(USUAL, places=(), lanes=()),
    "one subnet": replace(USUAL, places=SUBNETS[:1]),
    "fifty subnets": replace(USUAL, places=SUBNETS * 25),
    "many interfaces": replace(
        USUAL, places=(DrawnSubnet("subnet-1", ("10.0.1.0/24",), ("endpoint x: 10.0.1.9",) * 40),)
    ),
    "many groups and routes": replace(USUAL, groups=("a group: tcp 443 from b",) * 200, routes=("a: b",) * 50),
    "long names": replace(
        USUAL,
        vpc=LONG,
        places=(DrawnSubnet(LONG, (LONG, LONG.replace("-", " ")), (LONG,)),),
        groups=(LONG,),
        routes=(LONG,),
        task="2001:db8:1234:5678:9abc:def0:1234:5678",
        lanes=(replace(OPEN, title=LONG, host=LONG, door=LONG), replace(BLOCKED, where=LONG, why=LONG)),
    ),
    "names that are markup": replace(USUAL, vpc="<b>&'\"", groups=("</svg><script>alert(1)</script>",)),
    "many hops": replace(USUAL, lanes=(replace(OPEN, stations=stations(*"abcdefghijklmn")),)),
}
EVERY = pytest.mark.parametrize("network", WEIRD.values(), ids=list(WEIRD))


def words_of(network: VpcDrawing) -> str:
    return Figure(vpc_picture(network), vpc_tables(network)).as_text()


def drawn(network: VpcDrawing) -> ET.Element:
    return ET.fromstring(vpc_picture(network).svg)


def said(network: VpcDrawing) -> str:
    return "\n".join(each.text or "" for each in drawn(network).iter(f"{SVG}text"))


@EVERY
def test_it_is_xml_with_a_role_a_label_a_title_and_a_description(network: VpcDrawing) -> None:
    root, picture = drawn(network), vpc_picture(network)
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == root.get("aria-label")
    assert description is not None
    assert description.text == picture.description
    assert picture._repr_mimebundle_()["image/svg+xml"] == picture.svg
    assert not list(root.iter(f"{SVG}script"))


@EVERY
def test_every_shape_and_word_lies_inside_the_picture(network: VpcDrawing) -> None:
    root = drawn(network)
    width, height = (float(each) for each in root.get("viewBox", "").split()[2:])
    assert width == WIDTH
    for box in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(box.get(each, "nan")) for each in ("x", "y", "width", "height"))
        assert wide > 0
        assert high > 0
        assert x >= 0
        assert x + wide <= width
        assert y + high <= height
    for word in root.iter(f"{SVG}text"):
        assert 0 <= float(word.get("y", "nan")) <= height


@EVERY
def test_no_word_runs_out_of_the_picture(network: VpcDrawing) -> None:
    for word in drawn(network).iter(f"{SVG}text"):
        x, size, text = float(word.get("x", "nan")), float(word.get("font-size", "nan")), word.text or ""
        room = {"start": WIDTH - x, "end": x, "middle": 2 * min(x, WIDTH - x)}[word.get("text-anchor", "start")]
        assert len(text) <= letters(room, size), text


@EVERY
def test_no_panel_is_shorter_than_what_stands_in_it(network: VpcDrawing) -> None:
    root = drawn(network)
    boxes = [
        tuple(float(each.get(key, "nan")) for key in ("x", "y", "width", "height")) for each in root.iter(f"{SVG}rect")
    ]
    # The frame holds everything, so the smallest box around a word's beginning is its own.
    for word in root.iter(f"{SVG}text"):
        x, y = float(word.get("x", "nan")), float(word.get("y", "nan"))
        around = [box for box in boxes if box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]]
        if word.get("x") != str(WIDTH - 8):
            assert around, word.text


def test_boxes_beside_each_other_do_not_overlap() -> None:
    for network in WEIRD.values():
        boxes = [
            tuple(float(each.get(key, "nan")) for key in ("x", "y", "width", "height"))
            for each in drawn(network).iter(f"{SVG}rect")
        ]
        frame = max(boxes, key=lambda box: box[2] * box[3])
        rest = [box for box in boxes if box is not frame]
        for number, (x, y, wide, high) in enumerate(rest):
            for left, top, width, height in rest[number + 1 :]:
                apart = x + wide <= left or left + width <= x or y + high <= top or top + height <= y
                assert apart, (x, y, left, top)


def test_open_blocked_and_unknown_are_words() -> None:
    text = said(USUAL)
    assert "open, through the interface endpoint vpce-1" in text
    assert "BLOCKED at route table rtb-1" in text
    assert "CANNOT CHECK at VPC vpc-1" in text
    assert [line for line in text.splitlines() if line in ("ok", "STOP", "?")].count("STOP") == 1


def test_without_its_colours_it_still_differs() -> None:
    """In grey, a blocked station is thicker and crossed out, an unknown one and an unreached service are dashed."""

    def shape(lane: Lane) -> str:
        svg = vpc_picture(replace(USUAL, lanes=(lane,))).svg
        return re.sub(r"(?:stroke|fill)='#\w+'", "", svg)

    assert "stroke-width='2.5'" in shape(BLOCKED)
    assert "l12 12 m0 -12" in shape(BLOCKED)
    assert "stroke-width='2.5'" not in shape(OPEN)
    assert "l12 12 m0 -12" not in shape(OPEN)
    assert "stroke-dasharray" in shape(UNKNOWN)
    assert "stroke-dasharray" in shape(BLOCKED)
    assert "stroke-dasharray" not in shape(OPEN)


def test_every_colour_has_enough_contrast_to_white() -> None:
    for colour in set(re.findall(r"<text[^>]* fill='(#\w+)'", vpc_picture(USUAL).svg)):
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        # WCAG 2.2, relative luminance.
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5, colour


@EVERY
def test_no_text_is_smaller_than_12_pixels_where_the_picture_is_1000_wide(network: VpcDrawing) -> None:
    assert WIDTH <= 1000
    assert all(float(word.get("font-size", "nan")) >= 12 for word in drawn(network).iter(f"{SVG}text"))


@pytest.mark.parametrize("words", ["a security group of the lab", f"see {LONG} there", LONG, "", "vpc-1: 10.0.0.0/16"])
@pytest.mark.parametrize("width", [40, 90, 400])
def test_no_word_is_broken_inside(words: str, width: float) -> None:
    """One that is wider than its place is cut off, with a sign that it is."""
    for line in wrapped(words, width, 12):
        assert len(line) <= letters(width, 12)
        assert all(word in words.split() or word.endswith("…") for word in line.split())


def test_the_arrow_leads_to_the_service_only_where_the_way_is_open() -> None:
    assert len(re.findall(r"L822 ", vpc_picture(USUAL).svg)) == 1


def test_the_table_says_the_same_as_the_picture() -> None:
    head, _, *rows = words_of(USUAL).splitlines()
    columns = re.split(r"\s{2,}", head)
    assert columns == ["from the task to", *USUAL.columns, "way"]
    for lane, row in zip(USUAL.lanes, rows, strict=False):
        cells = dict(zip(columns, re.split(r"\s{2,}", row), strict=True))
        assert cells.pop("from the task to") == lane.title
        assert cells.pop("way") == lane.sign.value
        assert {name: word for name, word in cells.items() if word != "-"} == {
            station.name: station.sign.short for station in lane.stations
        }
    assert "the layers in Amazon S3  route table rtb-1" in words_of(USUAL)
    assert "CloudWatch Logs          VPC vpc-1" in words_of(USUAL)


def test_the_description_says_every_hop() -> None:
    text = vpc_picture(USUAL).description
    assert text.startswith("VPC vpc-1 10.0.0.0/16 with 2 subnets: subnet-1 and subnet-2.")
    assert (
        "From the task to the layers in Amazon S3: blocked at route table rtb-1: rtb-1 of subnet-1 has no route to "
        "Amazon S3's addresses. Hop by hop: name ok, group out ok, ACL out ok, route STOP."
    ) in text
    assert ".." not in text


def test_where_every_way_is_open_the_table_names_no_end() -> None:
    assert "ends at" not in words_of(replace(USUAL, lanes=(OPEN,)))


def test_a_table_of_nothing_is_still_a_table() -> None:
    assert words_of(WEIRD["nothing at all"]).startswith("from the task to  way")


def test_hops_stand_in_columns_in_the_order_of_the_way() -> None:
    assert USUAL.columns == ("name", "group out", "ACL out", "route", "endpoint", "group in")


def test_what_is_left_out_is_counted() -> None:
    assert "and 44 more subnets" in said(WEIRD["fifty subnets"])
    assert re.search(r"and \d+ more$", said(WEIRD["many interfaces"]), re.MULTILINE)
    assert "and 193 more" in said(WEIRD["many groups and routes"])


def test_the_legend_explains_the_names_that_occur_and_no_others() -> None:
    text = said(replace(USUAL, lanes=(BLOCKED,)))
    assert "ACL out" in text
    assert "policy" not in text
