"""Two pictures, drawn as SVG from real data: the index with its manifests, and the calls of a push.

Each has ``role="img"``, a title and a description, and is shown with a text alternative; the same facts stand beside it
as text, so that nothing is said by shape or colour alone. Colours keep 4.5:1 against white.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from labs import oci
from labs.printable import printable

INK, LINE, SOFT, STOP = "#1f2933", "#52606d", "#f0f4f8", "#a61b1b"
_FONT = "font-family='system-ui, sans-serif' font-size='13'"


def escaped(words: str) -> str:
    """Words for SVG and HTML, what would mislead an eye made visible."""
    return escape(printable(words))


@dataclass(frozen=True)
class Picture:
    """An SVG and its description; what cannot show the picture shows the description."""

    svg: str
    description: str

    @property
    def html(self) -> str:
        """The picture as an image with a text alternative.

        JupyterLab shows an SVG as an image without one, and none at all in a notebook that it does not trust yet.
        """
        data = self.svg.replace("\n", " ").replace("%", "%25").replace("#", "%23")
        return (
            f'<img alt="{escaped(self.description)}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml;charset=utf-8,{escape(data, quote=False)}">'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "image/svg+xml": self.svg, "text/plain": self.description}

    def __str__(self) -> str:
        return self.description


@dataclass(frozen=True)
class PushCall:
    """One kind of call of a push: what the client sends, what ECR asks IAM for, and the answer in a word."""

    request: str
    action: str
    answer: str

    @property
    def refused(self) -> bool:
        return self.answer == "refused"


def short(digest: str) -> str:
    """A digest as people read it: ``sha256:`` and eight digits."""
    return digest[:15]


def index_picture(name: str, digest: str, index: oci.Index) -> Picture:
    """A name, the index it points to, and the manifests that the index lists."""
    rows = [(_entry(entry), short(entry.digest), entry.is_attestation) for entry in index.manifests]
    height = 70 + 64 * max(len(rows), 1)
    middle = height / 2
    shapes = [_box(10, middle - 26, 190, name, "name"), _box(265, middle - 26, 190, short(digest), "index")]
    shapes.append(_arrow(200, middle, 265, middle))
    for number, (platform, child, attestation) in enumerate(rows):
        top = 35 + 64 * number
        shapes.append(_box(520, top, 210, child, platform, dashed=attestation))
        shapes.append(_arrow(455, middle, 520, top + 26, dashed=attestation))
    listed = "; ".join(f"{platform} {child}" for platform, child, _ in rows)
    description = f"{name} points to the index {short(digest)}, which lists: {listed}."
    return _picture("An image index", description, 740, height, shapes)


def _entry(entry: oci.Descriptor) -> str:
    if entry.is_attestation:
        return "attestation (no image)"
    return str(entry.platform) if entry.platform else "no platform"


def push_picture(calls: Sequence[PushCall]) -> Picture:
    """The calls between the client and ECR, top to bottom, each with its action and answer."""
    height = 70 + 44 * len(calls)
    shapes = [
        f"<text x='70' y='28' text-anchor='middle' font-weight='600' {_FONT} fill='{INK}'>client</text>",
        f"<text x='690' y='28' text-anchor='middle' font-weight='600' {_FONT} fill='{INK}'>ECR asks IAM</text>",
        f"<path d='M70 38 V{height - 14} M690 38 V{height - 14}' stroke='{LINE}' stroke-dasharray='2 4' fill='none'/>",
    ]
    for number, call in enumerate(calls):
        y = 74 + 44 * number
        colour = STOP if call.refused else LINE
        end = 620 if call.refused else 686
        shapes.append(_arrow(70, y, end, y, colour=colour))
        if call.refused:
            cross = f"M{end + 6} {y - 8} l16 16 m0 -16 l-16 16"
            shapes.append(f"<path d='{cross}' stroke='{STOP}' stroke-width='2.5' fill='none'/>")
        shapes.append(f"<text x='86' y='{y - 7}' {_FONT} fill='{INK}'>{escaped(call.request)}</text>")
        words = escaped(f"{call.action}: {call.answer}")
        shapes.append(f"<text x='610' y='{y - 7}' text-anchor='end' {_FONT} fill='{colour}'>{words}</text>")
    listed = "; ".join(f"{call.request}, {call.action}: {call.answer}" for call in calls)
    return _picture("The calls of a push", f"The client sends, in order: {listed}.", 760, height, shapes)


def _box(x: float, y: float, width: float, first: str, second: str, *, dashed: bool = False) -> str:
    dash = " stroke-dasharray='5 4'" if dashed else ""
    middle = x + width / 2
    return (
        f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='52' rx='6' fill='{SOFT}' stroke='{LINE}'{dash}/>"
        f"<text x='{middle:g}' y='{y + 22:g}' text-anchor='middle' {_FONT} fill='{INK}'>{escaped(first)}</text>"
        f"<text x='{middle:g}' y='{y + 41:g}' text-anchor='middle' {_FONT} fill='{LINE}'>{escaped(second)}</text>"
    )


def _arrow(x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False, colour: str = LINE) -> str:
    dash = " stroke-dasharray='5 4'" if dashed else ""
    return (
        f"<path d='M{x1:g} {y1:g} L{x2:g} {y2:g}' stroke='{colour}' stroke-width='1.5'{dash} fill='none'/>"
        f"<circle cx='{x2:g}' cy='{y2:g}' r='3.5' fill='{colour}'/>"
    )


def _picture(title: str, description: str, width: float, height: float, shapes: Sequence[str]) -> Picture:
    body = "\n".join(shapes)
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' role='img' "
        f"aria-label='{escaped(title)}' style='max-width:100%;height:auto;background:#fff'>\n"
        f"<title>{escaped(title)}</title>\n<desc>{escaped(description)}</desc>\n{body}\n</svg>"
    )
    return Picture(svg, description)
