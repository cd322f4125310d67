"""The view as a part of a page: below a cell where no panel is beside the notebook, and in an exported notebook. Pure.

Colours are JupyterLab's own variables, with what a page without JupyterLab shows; each stands beside a word.
"""

from collections.abc import Iterator
from html import escape

from labs.desk.view import SIGNS, CourseView, evidence, minutes
from labs.printable import printable

_RULE = "border-left:4px solid var(--jp-border-color0,#767676);padding:2px 0 2px 8px;margin:6px 0"


def as_html(view: CourseView) -> str:
    """The view: a list of the stages with links, the gates of the one in hand, what is next. Every value is escaped."""
    return "".join(_parts(view))


def _parts(view: CourseView) -> Iterator[str]:
    yield '<section aria-label="The course" style="max-width:44em;line-height:1.45">'
    yield '<ol style="list-style:none;padding:0;margin:0">'
    for each in view.stages:
        href = _text(f"{each.notebook}.ipynb")
        here = ' aria-current="step" style="font-weight:600"' if each.current else ""
        state = f"{each.state.value}, {minutes(each)}"
        yield f"<li{here}>{_sign(SIGNS[each.state])}"
        yield f'<a href="{href}">{_text(each.notebook)}</a>: {_text(state)}</li>'
    yield "</ol>"
    yield f'<p style="margin:8px 0 0"><strong>{_text(f"{view.here.number} {view.here.title}")}</strong></p>'
    yield f'<div style="{_RULE}"><p style="margin:0"><strong>Next:</strong> {_text(view.next_step)}</p>'
    if view.finding is not None:
        found = f"<strong>{_text(view.finding.status)}:</strong> {_text(view.finding.found)}"
        yield f'<p style="margin:0">{found}</p>'
    yield "</div>"
    if view.gates:
        yield '<ul style="list-style:none;padding:0;margin:0">'
        for gate in view.gates:
            yield f"<li>{_sign(SIGNS[gate.state])}{_text(gate.name)}: {_text(gate.state.value)}</li>"
        yield "</ul>"
    below = [evidence(view) if view.evidence_age_s is not None else "", view.remark]
    below.append(f"cost: {view.cost}" if view.cost else "")
    yield f'<p style="margin:4px 0 0">{_text("; ".join(filter(None, below)))}</p></section>'


def _text(words: str) -> str:
    return escape(printable(words))


def _sign(sign: str) -> str:
    return f'<span aria-hidden="true" style="display:inline-block;width:1.5em">{sign}</span>'
