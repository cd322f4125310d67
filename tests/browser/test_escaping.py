"""Names that somebody else chose stand in the pictures as text, in a real browser: nothing of them is run or drawn."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page

from labs import oci
from labs.ui import pictures
from labs.ui.vpc_picture import DrawnSubnet, Lane, Sign, Station, VpcDrawing, vpc_picture

# What would run or leave its place in HTML, in SVG, in an attribute of either, in a data: URL, or turn the reading.
HOSTILE = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "'><svg onload='window.hit = 1'>",
    '" onload="window.hit = 1" x="',
    "' onload='window.hit = 1' x='",
    "</text><script>window.hit = 1</script><text>",
    "</title></svg><script>window.hit = 1</script>",
    "]]><script>window.hit = 1</script>",
    "%3Cscript%3Ewindow.hit=1%3C/script%3E",
    "&lt;script&gt;window.hit = 1&lt;/script&gt;",
    "#fragment' onload='window.hit = 1",
    "<foreignObject><iframe src='javascript:parent.hit = 1'></iframe></foreignObject>",
    "<a href='javascript:window.hit = 1'>x</a>",
    "a\x01\x1b[2Kb\u202ec",
]


def _vpc(name: str) -> pictures.Picture:
    lane = Lane(name, name, Sign.BLOCKED, (Station(name, Sign.BLOCKED),), name, name, name)
    empty = VpcDrawing(name, (DrawnSubnet(name, (name,), (name,)),), (name,), (name,), name, (lane,))
    return vpc_picture(replace(empty))


def _push(name: str) -> pictures.Picture:
    return pictures.push_picture([pictures.PushCall(name, name, name), pictures.PushCall(name, name, "refused")])


def _index(name: str) -> pictures.Picture:
    return pictures.index_picture(name, f"sha256:{'0' * 64}", oci.Index(oci.OCI_INDEX, ()))


MADE = {"the VPC": _vpc, "a push": _push, "an index": _index}


@pytest.mark.parametrize("made", MADE)
def test_a_hostile_name_is_text_in_a_picture(page: Page, made: str) -> None:
    for name in HOSTILE:
        picture = MADE[made](name)
        for form in (picture.svg, picture.html):
            page.set_content(form)
            page.wait_for_function("[...document.images].every(each => each.complete)")
            found = page.evaluate(
                """() => ({
                    hit: window.hit ?? null,
                    tags: [...document.body.querySelectorAll('*')].map(each => each.tagName.toLowerCase()),
                    handlers: [...document.querySelectorAll('*')].flatMap(
                        each => each.getAttributeNames().filter(one => one.startsWith('on'))),
                    drawn: [...document.images].every(each => each.naturalWidth > 0),
                    said: document.body.textContent + [...document.images].map(each => each.alt).join(),
                })"""
            )
            assert found["hit"] is None, (name, form)
            assert found["handlers"] == [], (name, form)
            assert found["drawn"], (name, form)
            assert set(found["tags"]) <= {"svg", "title", "desc", "text", "tspan", "path", "rect", "circle", "g", "img"}
            assert "\u202e" not in found["said"]
            assert pictures.printable(name) in found["said"], (name, form)
