"""The picture of a VPC: its subnets and what stands in them, and the way from a task to each service, hop by hop.

Drawn from what EC2's describe calls answer. Open and blocked differ by line, sign and word, so that the picture reads
in grey and in print; the same facts stand beside it as text.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from labs.ui.pictures import INK, LINE, SOFT, STOP, Picture
from labs.ui.text import series, table

WIDTH = 900
_INSIDE = 606
_FONT = "font-family='system-ui, sans-serif'"
_LANE, _LINE = 74, 17


@dataclass(frozen=True)
class Place:
    """One subnet: what a person calls it, its facts, and the network interfaces in it, one line each."""

    name: str
    facts: str
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lane:
    """The way to one service.

    ``title`` is the service, ``host`` its name in the network; ``door`` the endpoint or gateway it goes through, as two
    short lines, empty when there is none; ``ok`` whether it is open; ``where`` what blocks it, and ``why``.
    """

    title: str
    host: str
    ok: bool
    door: tuple[str, ...] = ()
    where: str = ""
    why: str = ""

    @property
    def word(self) -> str:
        return "open" if self.ok else "blocked"


@dataclass(frozen=True)
class Network:
    """What the picture shows: the VPC in a line, its subnets, routes and groups in lines, the task, the lanes."""

    vpc: str
    places: tuple[Place, ...]
    routes: tuple[str, ...]
    groups: tuple[str, ...]
    task: str
    lanes: tuple[Lane, ...]


def vpc_table(network: Network) -> str:
    """The lanes as a plain table: the service, open or blocked, and where."""
    rows = [(lane.title, lane.word, lane.where or "-") for lane in network.lanes]
    return table(("from the task to", "way", "blocked at"), rows)


def vpc_picture(network: Network) -> Picture:
    """The VPC on top, the lanes below it; the services stand outside."""
    most = max((len(place.interfaces) for place in network.places), default=0)
    subnets_at, lane_at = 62, 0
    subnet_height = 62 + _LINE * max(most, 1)
    routes_at = subnets_at + subnet_height + 14
    routes_height = 30 + _LINE * max(len(network.routes), len(network.groups), 1)
    lane_at = routes_at + routes_height + 18
    bottom = lane_at + _LANE * len(network.lanes)
    shapes = [
        _frame(bottom),
        _text(22, 32, network.vpc, weight=600),
        _text(WIDTH - 8, 32, "AWS services", anchor="end", weight=600),
        _text(22, 50, "no line crosses this frame but through a door of its own", size=11, colour=LINE),
    ]
    shapes += _subnets(network.places, subnets_at, subnet_height)
    half = (_INSIDE - 40) / 2
    shapes += _panel(22, routes_at, half, routes_height, "Routes of these subnets", network.routes)
    title = "Security groups, inbound"
    shapes += _panel(34 + half, routes_at, half, routes_height, title, network.groups or ("none of the lab's",))
    shapes += _lanes(network, lane_at)
    return _picture(_description(network), bottom + 26, shapes)


def _frame(height: float) -> str:
    edge = f"fill='none' stroke='{LINE}' stroke-width='1.5'"
    return f"<rect x='8' y='8' width='{_INSIDE}' height='{height:g}' rx='10' {edge}/>"


def _subnets(places: Sequence[Place], top: float, height: float) -> list[str]:
    if not places:
        return [_text(22, top + 24, "no subnets", colour=LINE)]
    width = (_INSIDE - 28 - 12 * (len(places) - 1)) / len(places)
    shapes: list[str] = []
    for number, place in enumerate(places):
        left = 22 + number * (width + 12)
        shapes += _panel(left, top, width, height, place.name, (place.facts, *(place.interfaces or ("empty",))))
    return shapes


def _panel(left: float, top: float, width: float, height: float, title: str, lines: Sequence[str]) -> list[str]:
    fits = int(width / 6.1)
    shapes = [
        f"<rect x='{left:g}' y='{top:g}' width='{width:g}' height='{height:g}' rx='6' fill='{SOFT}' stroke='{LINE}'/>",
        _text(left + 10, top + 20, title, weight=600, size=12),
    ]
    shapes += [
        _text(left + 10, top + 38 + _LINE * number, _fitted(line, fits), size=11) for number, line in enumerate(lines)
    ]
    return shapes


def _lanes(network: Network, top: float) -> list[str]:
    if not network.lanes:
        return []
    height = _LANE * len(network.lanes) - 14
    shapes = [
        f"<rect x='22' y='{top:g}' width='96' height='{height}' rx='6' fill='#fff' stroke='{INK}' stroke-width='1.5'/>",
        _text(70, top + height / 2 - 4, "task", anchor="middle", weight=600),
        _text(70, top + height / 2 + 14, network.task, anchor="middle", size=11),
    ]
    for number, lane in enumerate(network.lanes):
        shapes += _lane(lane, top + _LANE * number)
    return shapes


def _lane(lane: Lane, top: float) -> list[str]:
    middle, door, service = top + 30, 330, 662
    box = (
        f"<rect x='{door}' y='{top + 4:g}' width='252' height='52' rx='6' fill='{SOFT if lane.door else '#fff'}' "
        f"stroke='{LINE}'{'' if lane.door else DASH}/>"
    )
    lines = lane.door or ("no door of its own",)
    shapes = [box]
    shapes += [
        _text(door + 126, top + (35 if len(lines) == 1 else 26) + 18 * number, _fitted(line, 40), anchor="middle",
              size=12 if number == 0 else 11, colour=INK if number == 0 else LINE)
        for number, line in enumerate(lines)
    ]  # fmt: skip
    shapes += [
        f"<rect x='{service}' y='{top + 4:g}' width='230' height='52' rx='6' fill='#fff' stroke='{LINE}'/>",
        _text(service + 115, top + 26, lane.title, anchor="middle", size=12, weight=600),
        _text(service + 115, top + 44, _fitted(lane.host, 38), anchor="middle", size=10, colour=LINE),
    ]
    if lane.ok:
        shapes += [_line(118, middle, door), _line(door + 252, middle, service), _arrow_head(service, middle)]
        shapes += [_text(224, middle - 7, "open", anchor="middle", size=11)]
        return shapes
    # The word says where; the line ends in a cross, and nothing leads on.
    cross = f"M{door - 24} {middle - 7:g} l14 14 m0 -14 l-14 14"
    shapes += [
        _line(118, middle, door - 20, colour=STOP, dashed=True),
        f"<path d='{cross}' stroke='{STOP}' stroke-width='3' fill='none'/>",
        _text(126, middle - 9, "BLOCKED", size=11, colour=STOP, weight=600),
        *(
            _text(126, middle + 16 + 13 * number, line, size=10, colour=STOP)
            for number, line in enumerate(textwrap.wrap(lane.where, 34)[:2])
        ),
    ]
    return shapes


DASH = " stroke-dasharray='6 4'"


def _line(x1: float, y: float, x2: float, *, colour: str = INK, dashed: bool = False) -> str:
    return (
        f"<path d='M{x1:g} {y:g} H{x2:g}' stroke='{colour}' stroke-width='{1.5 if dashed else 2}'"
        f"{DASH if dashed else ''} fill='none'/>"
    )


def _arrow_head(x: float, y: float) -> str:
    tip = f"M{x - 9:g} {y - 5:g} L{x:g} {y:g} L{x - 9:g} {y + 5:g}"
    return f"<path d='{tip}' stroke='{INK}' stroke-width='2' fill='none'/>"


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, colour: str = INK, weight: int = 400
) -> str:
    return (
        f"<text x='{x:g}' y='{y:g}' text-anchor='{anchor}' font-size='{size}' font-weight='{weight}' {_FONT} "
        f"fill='{colour}'>{escape(words)}</text>"
    )


def _fitted(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _description(network: Network) -> str:
    parts = [f"{network.vpc} with {len(network.places)} subnets: {series([place.name for place in network.places])}."]
    for lane in network.lanes:
        blocked = "" if lane.ok else f" at {lane.where}: {lane.why}"
        parts.append(f"From the task to {lane.title}: {lane.word}{blocked}.")
    return " ".join(part.replace("..", ".") for part in parts)


def _picture(description: str, height: float, shapes: Sequence[str]) -> Picture:
    title = "The VPC, and the ways out of it"
    body = "\n".join(shapes)
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:g}' width='{WIDTH}' role='img' "
        f"aria-label='{escape(title)}' style='max-width:100%;height:auto;background:#fff'>\n"
        f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n{body}\n</svg>"
    )
    return Picture(svg, description)
