"""A picture and the tables that say the same, as one thing: a reader of either has both at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from labs.ui import cell, html, text, widgets
from labs.ui.pictures import Picture, escaped

_SAME = "The same as a table"


@dataclass(frozen=True)
class Table:
    """Rows under a header; ``title`` says what they are."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = _SAME

    def as_text(self) -> str:
        """Columns as wide as their widest cell."""
        return text.table(self.header, self.rows)

    @property
    def html(self) -> str:
        """With a caption and headers; the first column names its row."""
        head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in self.header)
        rows = "".join(_row(row) for row in self.rows)
        caption = f"<caption>{escaped(self.title)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(cells: Sequence[str]) -> str:
    first, *rest = map(escaped, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in rest)}</tr>'


@dataclass(frozen=True)
class Figure:
    """A picture with its tables."""

    picture: Picture
    tables: tuple[Table, ...]

    def as_text(self) -> str:
        """The tables; the picture says the same."""
        return "\n\n".join(each.as_text() for each in self.tables)

    @property
    def html(self) -> str:
        """The picture, and its tables in a fold below it."""
        tables = "".join(each.html for each in self.tables)
        return html.framed(f"{self.picture.html}<details><summary>{_SAME}</summary>{tables}</details>")

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": f"{self.picture.description}\n\n{self.as_text()}"}


def show(figure: Figure, *, before: bool) -> None:
    """Show both as one where widgets are wanted; else the picture, and the tables printed ``before`` it or after it."""
    if widgets.wanted():
        cell.tell(figure)
        return
    if before:
        print(figure.as_text())
    cell.show(figure.picture)
    if not before:
        print(figure.as_text())
