"""The picture of a VPC: its subnets and what stands in them, and the way from a task to each service, hop by hop.

Drawn from what EC2's describe calls answer. Open, blocked and not reached differ by line, sign and word, so that the
picture reads in grey and in print; the same facts stand beside it as text. Shapes only: what they mean is decided
elsewhere.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from labs.ui import svg
from labs.ui.figure import Figure, Table
from labs.ui.pictures import INK, LINE, SOFT, STOP, Picture, escaped
from labs.ui.text import series

WIDTH = 1000
# No text is smaller, so that all of it is legible where the picture is as wide as it is drawn.
_SMALL = 12
# The frame of the VPC ends here; what stands to the right of it is not in the VPC.
_INSIDE, _OUTSIDE = 796, 822
_MARGIN, _TASK = 22, 92
_LINE = 16
# More than these would make a picture that nobody reads; how many are left out is said.
_SUBNETS, _INTERFACES, _RULES = 6, 7, 8
_STATION = 38


# What is short for more than it says.
NAMES = {
    "name": "DNS finds the service",
    "group out": "outbound rules of the task's security group",
    "group in": "inbound rules of the endpoint's security group",
    "ACL out": "the subnet's network ACL",
    "ACL in": "that of the endpoint's subnet",
    "ACL back": "the network ACL lets the answer in",
    "policy": "the endpoint's policy",
}


class Sign(Enum):
    """What is known of a hop, and of a way as a whole; the value is the word on it."""

    OPEN = "open"
    BLOCKED = "blocked"
    UNKNOWN = "cannot check"

    @property
    def short(self) -> str:
        """The word on a station."""
        return {Sign.OPEN: "ok", Sign.BLOCKED: "STOP", Sign.UNKNOWN: "?"}[self]


@dataclass(frozen=True)
class DrawnSubnet:
    """One subnet: what a person calls it, facts about it and the network interfaces in it, one line each."""

    name: str
    facts: tuple[str, ...]
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Station:
    """One hop of a way: what is passed there, in a word or two, and what is known of it."""

    name: str
    sign: Sign


@dataclass(frozen=True)
class Lane:
    """The way to one service.

    ``title`` is the service, ``host`` its name in the network; ``stations`` the hops as far as the way goes; ``door``
    the endpoint it goes through, empty when there is none; ``where`` what blocks it or could not be checked, and
    ``why``.
    """

    title: str
    host: str
    sign: Sign
    stations: tuple[Station, ...] = ()
    door: str = ""
    where: str = ""
    why: str = ""

    @property
    def ok(self) -> bool:
        return self.sign is Sign.OPEN

    @property
    def words(self) -> str:
        """The way in a sentence without its end: ``blocked at route table rtb-1: it has no route``."""
        if self.ok:
            return f"open, through {self.door}" if self.door else "open"
        why = f": {self.why.removesuffix('.')}" if self.why else ""
        return f"{self.sign.value} at {self.where}{why}" if self.where else f"{self.sign.value}{why}"


@dataclass(frozen=True)
class VpcDrawing:
    """What the picture shows: the VPC in a line, its subnets, routes and groups in lines, the task, the lanes."""

    vpc: str
    places: tuple[DrawnSubnet, ...]
    routes: tuple[str, ...]
    groups: tuple[str, ...]
    task: str
    lanes: tuple[Lane, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all stations, each once: before one another as on the ways."""
        found: list[str] = []
        for lane in self.lanes:
            at = 0
            for station in lane.stations:
                if station.name in found:
                    at = found.index(station.name) + 1
                else:
                    found.insert(at, station.name)
                    at += 1
        return tuple(found)


def vpc_tables(network: VpcDrawing) -> tuple[Table, ...]:
    """The ways as tables: what each hop says, and what blocks a way."""
    columns = network.columns
    rows = []
    for lane in network.lanes:
        signs = {station.name: station.sign.short for station in lane.stations}
        rows.append((lane.title, *(signs.get(each, "-") for each in columns), lane.sign.value))
    shown = Table(("from the task to", *columns, "way"), tuple(rows), "The ways, hop by hop")
    stops = tuple((lane.title, lane.where or "-") for lane in network.lanes if not lane.ok)
    return (shown, Table(("to", "it ends at"), stops, "Where a way ends")) if stops else (shown,)


def vpc_figure(network: VpcDrawing) -> Figure:
    """The picture and its tables."""
    return Figure(vpc_picture(network), vpc_tables(network))


def vpc_picture(network: VpcDrawing) -> Picture:
    """The VPC on top, the lanes below it; the services stand outside."""
    shapes, top = _subnets(network.places, 50)
    half = (_INSIDE - 2 * _MARGIN + 8 - 12) / 2
    left, right = network.routes or ("none",), network.groups or ("none of the lab's",)
    most = max(_lines_high(left, half, _RULES), _lines_high(right, half, _RULES))
    height = _panel_height(most)
    shapes += _panel(_MARGIN, top, half, height, "Routes of these subnets", left, _RULES)
    shapes += _panel(_MARGIN + half + 12, top, half, height, "Security groups, inbound", right, _RULES)
    lanes, bottom = _lanes(network, top + height + 18)
    legend = _legend(network.columns)
    lanes += [
        svg.text(_MARGIN, bottom + 4 + _LINE * number, line, size=_SMALL, colour=LINE)
        for number, line in enumerate(legend)
    ]
    bottom += _LINE * len(legend)
    shapes = [
        svg.box(8, 8, _INSIDE - 8, bottom - 8, radius=10, fill="none", edge=1.5),
        svg.text(_MARGIN, 34, svg.cut(network.vpc, _INSIDE - 2 * _MARGIN, 13, svg.BOLD), weight=600),
        svg.text(WIDTH - 8, 34, "outside: AWS services", anchor="end", weight=600, size=12),
        *shapes,
        *lanes,
    ]
    return _picture(_description(network), bottom + 8, shapes)


def _subnets(places: Sequence[DrawnSubnet], top: float) -> tuple[list[str], float]:
    """The panels of the subnets, two in a row, and where the next thing may begin."""
    if not places:
        return [svg.text(_MARGIN, top + 16, "no subnets", colour=LINE)], top + 32
    shapes: list[str] = []
    width = (_INSIDE - 2 * _MARGIN + 8 - 12) / 2
    drawn = places[:_SUBNETS]
    for start in range(0, len(drawn), 2):
        row = drawn[start : start + 2]
        lines = [(*place.facts, *(place.interfaces or ("no network interfaces",))) for place in row]
        limit = _INTERFACES + 2
        height = _panel_height(max(_lines_high(each, width, limit) for each in lines))
        for number, place in enumerate(row):
            left = _MARGIN + number * (width + 12)
            shapes += _panel(left, top, width, height, place.name, lines[number], limit)
        top += height + 12
    if len(places) > _SUBNETS:
        shapes.append(svg.text(_MARGIN, top + 8, f"and {len(places) - _SUBNETS} more subnets", size=12))
        top += 22
    return shapes, top


def _wrapped(lines: Sequence[str], width: float, limit: int) -> list[str]:
    """The lines as they fit into a panel; how many are left out is its last line."""
    shown = lines if len(lines) <= limit else lines[: limit - 1]
    found = [piece for line in shown for piece in svg.wrapped(line, width - 20, _SMALL, indent="\u2003")]
    if len(lines) > limit:
        found.append(f"and {len(lines) - len(shown)} more")
    return found


def _lines_high(lines: Sequence[str], width: float, limit: int) -> int:
    return len(_wrapped(lines, width, limit))


def _panel_height(lines: int) -> float:
    return 32 + _LINE * max(lines, 1)


def _panel(
    left: float, top: float, width: float, height: float, title: str, lines: Sequence[str], limit: int
) -> list[str]:
    return [
        svg.box(left, top, width, height),
        svg.text(left + 10, top + 18, svg.cut(title, width - 20, 12, svg.BOLD), weight=600, size=12),
        *(
            svg.text(left + 10, top + 36 + _LINE * number, line, size=_SMALL)
            for number, line in enumerate(_wrapped(lines, width, limit))
        ),
    ]


def _lanes(network: VpcDrawing, top: float) -> tuple[list[str], float]:
    """The task, and a lane for each service; and where the frame may end."""
    if not network.lanes:
        return [], top
    columns, y = network.columns, top
    shapes: list[str] = []
    for lane in network.lanes:
        drawn, y = _lane(lane, columns, y)
        shapes += drawn
    height = y - top - 14
    middle = _MARGIN + _TASK / 2
    return [
        svg.box(_MARGIN, top, _TASK, height, fill="#fff", colour=INK, edge=1.5),
        svg.text(middle, top + height / 2 - 4, "task", anchor="middle", weight=600),
        *(
            svg.text(middle, top + height / 2 + 13 + _LINE * number, line, anchor="middle", size=_SMALL)
            for number, line in enumerate(_address(network.task))
        ),
        *shapes,
    ], y


def _lane(lane: Lane, columns: Sequence[str], top: float) -> tuple[list[str], float]:
    """The stations on a line, what becomes of the way under them, the service to the right."""
    begin, end = _MARGIN + _TASK, _INSIDE - 22
    step = (end - begin) / max(len(columns), 1)
    middle = top + _STATION / 2
    said = _said(lane, end - begin)
    shapes: list[str] = []
    x: float = begin
    for station in lane.stations:
        left = begin + step * columns.index(station.name) + 10
        shapes += [svg.line(x, middle, left), *_station(station, left, top, step - 12)]
        x = left + step - 12
    if lane.ok:
        shapes += [svg.line(x, middle, _OUTSIDE), svg.arrow_head(_OUTSIDE, middle)]
    elif lane.sign is Sign.UNKNOWN:
        shapes.append(svg.line(x, middle, _OUTSIDE, dashed=True))
    shapes += [
        svg.text(begin + 10, top + _STATION + 16 + _LINE * number, line, size=_SMALL,
              colour=INK if lane.ok else STOP, weight=400 if lane.ok or number else 600)
        for number, line in enumerate(said)
    ]  # fmt: skip
    drawn, height = _service(lane, top)
    return shapes + drawn, top + max(_STATION + _LINE * len(said) + 4, height) + 14


def _service(lane: Lane, top: float) -> tuple[list[str], float]:
    """The box outside the frame, dashed where the way does not reach it, and its height."""
    width = WIDTH - 8 - _OUTSIDE
    title = svg.wrapped(lane.title, width - 4, _SMALL, letter=svg.BOLD)
    host = _host(lane.host, width - 8)
    height = max(12 + _LINE * (len(title) + len(host)), _STATION)
    centre, below = _OUTSIDE + width / 2, top + 18 + _LINE * len(title)
    return [
        svg.box(_OUTSIDE, top, width, height, fill="#fff", dashed=not lane.ok),
        *(
            svg.text(centre, top + 18 + _LINE * number, line, anchor="middle", size=_SMALL, weight=600)
            for number, line in enumerate(title)
        ),
        *(
            svg.text(centre, below + _LINE * number, line, anchor="middle", size=_SMALL, colour=LINE)
            for number, line in enumerate(host)
        ),
    ], height


def _said(lane: Lane, width: float) -> list[str]:
    """What stands under a lane: the word that counts, in capitals where the way is not open, and then why."""
    if lane.ok:
        return svg.wrapped(lane.words, width - 12, _SMALL)
    first = f"{lane.sign.value.upper()} at {lane.where}" if lane.where else lane.sign.value.upper()
    why = svg.wrapped(lane.why, width - 12, _SMALL) if lane.why else []
    return [svg.cut(first, width - 12, _SMALL, svg.BOLD), *why]


def _legend(columns: Sequence[str]) -> list[str]:
    """What the stations' names are short for, as far as they occur."""
    words = "; ".join(f"{name}: {meaning}" for name, meaning in NAMES.items() if name in columns)
    return svg.wrapped(f"{words[:1].upper()}{words[1:]}.", _INSIDE - 2 * _MARGIN, _SMALL) if words else []


def _station(station: Station, left: float, top: float, width: float) -> list[str]:
    """A box with the hop's name and its word; thick and crossed out where the way ends, dashed where nobody knows."""
    blocked, unknown = station.sign is Sign.BLOCKED, station.sign is Sign.UNKNOWN
    colour, fill = (STOP, "#fff") if blocked else (INK, SOFT)
    middle = left + width / 2
    shapes = [
        svg.box(left, top, width, _STATION, radius=4, fill=fill, colour=colour, edge=1 + 1.5 * blocked, dashed=unknown),
        svg.text(middle, top + 16, svg.cut(station.name, width, _SMALL), anchor="middle", size=_SMALL),
        svg.text(middle, top + 32, station.sign.short, anchor="middle", size=_SMALL, colour=colour,
              weight=700 if blocked else 400),
    ]  # fmt: skip
    if blocked:
        x, y = left + width + 4, top + _STATION / 2
        cross = f"M{x:g} {y - 6:g} l12 12 m0 -12 l-12 12"
        shapes.append(f"<path d='{cross}' stroke='{STOP}' stroke-width='3' fill='none'/>")
    return shapes


def _host(name: str, width: float) -> list[str]:
    """A host name in lines, broken behind a dot or a hyphen."""
    letters = svg.letters(width, _SMALL)
    labels = name.split(".")
    # The last two belong together: amazonaws.com.
    parts = [*(f"{label}." for label in labels[:-2]), ".".join(labels[-2:])]
    lines: list[str] = [""]
    for piece in (
        svg.cut(piece, width, _SMALL)
        for part in parts
        for piece in textwrap.wrap(part, letters, break_long_words=False, break_on_hyphens=True)
    ):
        if lines[-1] and len(lines[-1]) + len(piece) > letters:
            lines.append("")
        lines[-1] += piece
    return lines


def _address(words: str) -> list[str]:
    """What stands in the task's box, an IPv6 address broken behind a colon."""
    lines: list[str] = [""]
    for piece in re.findall(r"[^:\s]+:*|\s+", words):
        if lines[-1] and len(lines[-1]) + len(piece) > svg.letters(_TASK, _SMALL):
            lines.append("")
        lines[-1] += piece
    return [svg.cut(line.strip(), _TASK, _SMALL) for line in lines]


def _description(network: VpcDrawing) -> str:
    count = len(network.places)
    subnets = "no subnets" if not count else "1 subnet: " if count == 1 else f"{count} subnets: "
    parts = [f"{network.vpc} with {subnets}{series([place.name for place in network.places])}."]
    for lane in network.lanes:
        hops = ", ".join(f"{station.name} {station.sign.short}" for station in lane.stations)
        parts.append(f"From the task to {lane.title}: {lane.words}." + (f" Hop by hop: {hops}." if hops else ""))
    return " ".join(parts)


def _picture(description: str, height: float, shapes: Sequence[str]) -> Picture:
    title = "The VPC, and the way from a task to each service"
    body = "\n".join(shapes)
    drawn = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:g}' width='{WIDTH}' role='img' "
        f"aria-label='{escaped(title)}' style='max-width:100%;height:auto;background:#fff'>\n"
        f"<title>{escaped(title)}</title>\n<desc>{escaped(description)}</desc>\n{body}\n</svg>"
    )
    return Picture(drawn, description)
