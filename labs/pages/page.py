"""README, a page of docs/ or a notebook, and its generated blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labs.errors import LabError
from labs.lesson import notebooks
from labs.pages.registry import BLOCKS
from labs.session.home import checkout

_BLOCK = re.compile(r"^<!-- generated: (?P<words>[^\n]+?) -->\n(?P<text>.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One file and its text as it stands there."""

    path: Path
    text: str

    @property
    def shown(self) -> str:
        """Its path in the checkout."""
        return str(self.path.relative_to(checkout()))

    @property
    def built(self) -> str:
        """The page with each block as the product says it now. LabError for a block that nothing generates."""
        return self._with_cells_built() if self.path.suffix == ".ipynb" else _BLOCK.sub(self._block, self.text)

    @property
    def current(self) -> bool:
        """Whether the page says what the product says."""
        return self.text == self.built

    def _with_cells_built(self) -> str:
        """A notebook's blocks stand in its Markdown cells."""
        notebook = notebooks.read(self.path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _BLOCK.sub(self._block, cell.source)
        return notebooks.as_text(notebook)

    def _block(self, found: re.Match[str]) -> str:
        name, *words = found["words"].split()
        if name not in BLOCKS:
            raise LabError(
                f"{self.path.name} has a block '{name}', and nothing generates it",
                f"write one of {', '.join(BLOCKS)}",
                id="no-such-block",
            )
        return f"<!-- generated: {found['words']} -->\n{BLOCKS[name](words).strip()}\n<!-- end -->"


def pages() -> Iterator[Page]:
    """README, the pages of docs/ and the notebooks that have generated blocks. LabError where there is no docs/."""
    folder = checkout() / "docs"
    if not folder.is_dir():
        raise LabError(f"There is no docs/ in {folder.parent}", "run this in a clone of the repository", id="no-docs")
    folders = (notebooks.SOLVED, notebooks.TRAINEE, notebooks.UNSOLVED)
    cells = [path for each in folders for path in sorted(checkout().glob(f"{each}/*.ipynb"))]
    for path in (*checkout().glob("README.md"), *sorted(folder.glob("*.md")), *cells):
        text = path.read_text("utf-8")
        if "<!-- generated: " in text:
            yield Page(path, text)
