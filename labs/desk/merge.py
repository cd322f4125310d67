"""A notebook that the trainee has changed, put together with the course's newer one, cell by cell. Pure.

Three notebooks: ``base``, as it was copied; ``course``, as the course has it now; ``mine``, the trainee's. Each is the
JSON object of nbformat 4 (https://nbformat.readthedocs.io/en/latest/format_description.html), whose cells have ids.
A cell is the trainee's where its source or kind is not as in ``base``.
"""

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Cell = dict[str, Any]
Notebook = dict[str, Any]

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NEWER = (
    "**The course has a newer version of the cell above, which you have changed.** Yours is kept; this is the new one:"
)
_ABSENT = object()


def merged(base: Notebook, course: Notebook, mine: Notebook) -> Notebook:
    """The trainee's notebook with what is new in the course.

    Kept: each cell that the trainee changed or added, with its outputs, where it stood; outputs of a cell that is as in
    the course. Taken over: new and changed cells of the course. Gone: what the course took away and the trainee had
    not changed. A cell that both changed stays the trainee's; below it the course's is shown, as text that is not run.
    Merged again with the result in place of ``mine``, nothing changes.
    """
    own = with_ids(mine, base)
    then, now = _by_id(base), _by_id(course)
    groups = _groups(own, then, now)
    cells = list(groups[""])
    for name in _order(list(then), list(now), [each["id"] for each in own]):
        cells += groups[name] if name in groups else [copy.deepcopy(now[name])]
    merged_metadata = _metadata(base.get("metadata", {}), course.get("metadata", {}), mine.get("metadata", {}))
    minor = max(int(mine.get("nbformat_minor", 0)), int(course.get("nbformat_minor", 5)), 5)
    return {**mine, "cells": list(_unique(cells)), "metadata": merged_metadata, "nbformat": 4, "nbformat_minor": minor}


def same_cells(one: Notebook, other: Notebook) -> bool:
    """Whether both have the same cells in the same order, outputs and prompts included."""
    return [_plain(each) for each in one["cells"]] == [_plain(each) for each in other["cells"]]


def with_ids(mine: Notebook, base: Notebook) -> list[Cell]:
    """Copies of the trainee's cells, each with an id of its own.

    A cell whose id another program has taken away is known again by its text.
    """
    then = _by_id(base)
    seen = {each.get("id") for each in mine["cells"]}
    lost = [name for name in then if name not in seen]
    cells: list[Cell] = []
    used: set[str] = set()
    for number, each in enumerate(mine["cells"]):
        cell = copy.deepcopy(each)
        name = cell.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in used:
            found = next((one for one in lost if one not in used and same(then[one], cell)), "")
            name = found or _unused(f"added-{number}", {*used, *then, *seen})
        used.add(name)
        cells.append({**cell, "id": name})
    return cells


def same(one: Cell, other: Cell) -> bool:
    """Whether two cells say the same, outputs and metadata apart."""
    return one.get("cell_type") == other.get("cell_type") and source(one) == source(other)


def source(cell: Cell) -> str:
    """A cell's source, which nbformat keeps as a text or as a list of lines."""
    said = cell.get("source", "")
    return said if isinstance(said, str) else "".join(said)


def _groups(own: Sequence[Cell], then: Mapping[str, Cell], now: Mapping[str, Cell]) -> dict[str, list[Cell]]:
    """Each cell of the course that the trainee has, with the trainee's own cells below it; under "" those on top."""
    groups: dict[str, list[Cell]] = {"": []}
    here = groups[""]
    stale = {id(each) for each in _old_notes(own, then, now)}
    for cell in own:
        name = cell["id"]
        if id(cell) in stale:
            continue
        if name in now:
            here = groups[name] = list(_both(cell, then.get(name), now[name]))
        elif name not in then or not same(cell, then[name]):
            here.append(cell)
    return groups


def _both(cell: Cell, before: Cell | None, after: Cell) -> Iterator[Cell]:
    """What becomes of a cell that the trainee and the course have."""
    metadata = _metadata((before or {}).get("metadata", {}), after.get("metadata", {}), cell.get("metadata", {}))
    if same(cell, after):
        yield {**cell, "metadata": metadata}
    elif before is not None and same(cell, before):
        yield {**copy.deepcopy(after), "metadata": metadata}
    else:
        yield {**cell, "metadata": metadata}
        if before is None or not same(before, after):
            yield note(after)


def note(cell: Cell) -> Cell:
    """A Markdown cell that shows the course's newer version of a cell: code as text, so that running all is safe."""
    text = source(cell)
    if cell.get("cell_type") != "markdown":
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 3)
        text = f"{fence}\n{text}\n{fence}"
    said = f"{_NEWER}\n\n{text}"
    # From what it says: another version is another cell, and the same one is not put in twice.
    digest = hashlib.sha256(f"{cell['id']}\n{said}".encode()).hexdigest()[:8]
    return {"cell_type": "markdown", "id": f"{cell['id'][:40]}-newer-{digest}", "metadata": {}, "source": said}


def _old_notes(own: Sequence[Cell], then: Mapping[str, Cell], now: Mapping[str, Cell]) -> Iterator[Cell]:
    """Notes as an earlier merge wrote them, where this one writes another in their place, or the same."""
    by_id = {each["id"]: each for each in own}
    for name in by_id.keys() & now.keys():
        mine, before, after = by_id[name], then.get(name), now[name]
        if same(mine, after) or (before is not None and (same(before, after) or same(mine, before))):
            continue
        for version in (before, after):
            written = note(version) if version is not None else None
            if written is not None and written["id"] in by_id and same(by_id[written["id"]], written):
                yield by_id[written["id"]]


def _order(then: Sequence[str], now: Sequence[str], own: Sequence[str]) -> list[str]:
    """The ids of the course's cells in the result: the course's order, unless the trainee has put them in another."""
    kept = [name for name in own if name in now]
    old = [name for name in kept if name in then]
    if old == [name for name in then if name in old]:
        return [name for name in now if name in own or name not in then]
    order = kept
    for place, name in enumerate(now):
        if name not in own and name not in then:
            before = next((one for one in reversed(now[:place]) if one in order), None)
            order.insert(order.index(before) + 1 if before is not None else 0, name)
    return order


def _metadata(before: Mapping[str, Any], after: Mapping[str, Any], mine: Mapping[str, Any]) -> dict[str, Any]:
    """Key by key: the trainee's where they changed it, else the course's."""
    merged = {}
    for key in [*after, *(each for each in mine if each not in after)]:
        own = mine.get(key, _ABSENT)
        value = own if own != before.get(key, _ABSENT) else after.get(key, _ABSENT)
        if value is not _ABSENT:
            merged[key] = copy.deepcopy(value)
    return merged


def _by_id(notebook: Notebook) -> dict[str, Cell]:
    return {each["id"]: each for each in notebook["cells"]}


def _plain(cell: Cell) -> Cell:
    return {**cell, "source": source(cell)}


def _unique(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Each cell with an id of its own: a note that the trainee wrote in may have that of a new one."""
    used: set[Any] = set()
    for cell in cells:
        name = (
            cell["id"] if cell["id"] not in used else _unused(cell["id"][:56], {*used, *(each["id"] for each in cells)})
        )
        used.add(name)
        yield {**cell, "id": name}


def _unused(wanted: str, taken: set[Any]) -> str:
    number, name = 0, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name
