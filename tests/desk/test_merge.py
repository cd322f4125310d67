"""A trainee's notebook and the course's newer one, put together: nothing that the trainee wrote is lost."""

import copy
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.desk.merge import Cell, Notebook, merged, note, same_cells, source

pytestmark = pytest.mark.unit


def code(name: str, text: str, outputs: tuple[str, ...] = ()) -> Cell:
    said = [{"output_type": "stream", "name": "stdout", "text": each} for each in outputs]
    count = 1 if outputs else None
    return {"cell_type": "code", "id": name, "metadata": {}, "source": text, "outputs": said, "execution_count": count}


def words(name: str, text: str) -> Cell:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def book(*cells: Cell) -> Notebook:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


BASE = book(words("title", "# Push"), code("role", "make_role()"), code("policy", "{}"), code("check", "lab.check()"))


def with_cells(**changed: Cell | None) -> Notebook:
    """BASE with some cells changed; None takes one away."""
    cells = [changed.get(each["id"], each) for each in BASE["cells"]]
    return copy.deepcopy(book(*(each for each in cells if each is not None)))


def ids(notebook: Notebook) -> list[str]:
    return [each["id"] for each in notebook["cells"]]


def cell(notebook: Notebook, name: str) -> Cell:
    return next(each for each in notebook["cells"] if each["id"] == name)


def test_what_nobody_has_touched_is_the_courses_new_one() -> None:
    course = with_cells(role=code("role", "make_a_role()"), check=None)
    assert same_cells(merged(BASE, course, BASE), course)


def test_an_answer_stays_with_its_output_and_the_rest_is_the_courses() -> None:
    mine = with_cells(policy=code("policy", '{"mine": 1}', ("Wrote policy",)))
    course = with_cells(role=code("role", "make_a_role()"), title=words("title", "# Push, twice"))
    found = merged(BASE, course, mine)
    assert cell(found, "policy") == cell(mine, "policy")
    assert [source(each) for each in found["cells"]] == ["# Push, twice", "make_a_role()", '{"mine": 1}', "lab.check()"]


def test_a_cell_that_was_only_run_keeps_its_output_while_the_course_has_the_same_cell() -> None:
    mine = with_cells(role=code("role", "make_role()", ("made",)), check=code("check", "lab.check()", ("PASS",)))
    found = merged(BASE, with_cells(check=code("check", "lab.check() # all")), mine)
    assert cell(found, "role")["outputs"][0]["text"] == "made"
    # What the old cell printed is not what the new one prints.
    assert cell(found, "check")["outputs"] == []


def test_a_cell_that_both_have_changed_stays_the_trainees_and_the_courses_is_shown_below_it_and_not_run() -> None:
    course = with_cells(policy=code("policy", "%%work policy.json\n{ }"))
    found = merged(BASE, course, with_cells(policy=code("policy", '{"mine": 1}')))
    place = ids(found).index("policy")
    mine, shown = found["cells"][place : place + 2]
    assert source(mine) == '{"mine": 1}'
    assert shown["cell_type"] == "markdown"
    assert source(shown).startswith("**The course has a newer version of the cell above, which you have changed.**")
    assert "```\n%%work policy.json\n{ }\n```" in source(shown)


def test_the_next_new_version_takes_the_place_of_the_one_shown_before() -> None:
    first, second = with_cells(policy=code("policy", "one")), with_cells(policy=code("policy", "two"))
    found = merged(first, second, merged(BASE, first, with_cells(policy=code("policy", "mine"))))
    assert [source(each) for each in found["cells"]][2:4] == ["mine", source(note(code("policy", "two")))]
    assert len(found["cells"]) == len(BASE["cells"]) + 1


def test_a_shown_version_in_which_the_trainee_wrote_is_theirs() -> None:
    first, second = with_cells(policy=code("policy", "one")), with_cells(policy=code("policy", "two"))
    mine = merged(BASE, first, with_cells(policy=code("policy", "mine")))
    mine["cells"][3]["source"] += "\n\nI took this over."
    for course in (first, second):
        found = merged(BASE if course is first else first, course, mine)
        assert source(mine["cells"][3]) in [source(each) for each in found["cells"]]
        assert len(set(ids(found))) == len(found["cells"])


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (["new", "title", "role", "policy", "check"], ["new", "title", "role", "own", "policy", "check"]),
        (["title", "role", "new", "policy", "check"], ["title", "role", "own", "new", "policy", "check"]),
        (["title", "role", "policy", "check", "new"], ["title", "role", "own", "policy", "check", "new"]),
        (["title", "policy", "role", "check"], ["title", "policy", "role", "own", "check"]),
        (["title", "policy", "check"], ["title", "own", "policy", "check"]),
    ],
)
def test_a_new_cell_comes_where_the_course_has_it_and_an_own_cell_stays_below_what_it_was_written_for(
    now: list[str], expected: list[str]
) -> None:
    known = {each["id"]: each for each in [*BASE["cells"], words("new", "new")]}
    mine = book(*BASE["cells"][:2], code("own", "mine"), *BASE["cells"][2:])
    assert ids(merged(BASE, book(*(known[name] for name in now)), mine)) == expected


def test_an_order_that_the_trainee_chose_stays() -> None:
    mine = book(*reversed(BASE["cells"]))
    course = book(*BASE["cells"][:2], words("new", "new"), *BASE["cells"][2:])
    assert ids(merged(BASE, course, mine)) == ["check", "policy", "role", "new", "title"]


def test_what_the_trainee_deleted_does_not_come_back() -> None:
    course = with_cells(role=code("role", "make_a_role()"))
    assert ids(merged(BASE, course, with_cells(role=None))) == ["title", "policy", "check"]


def test_what_the_course_took_away_stays_where_the_trainee_had_changed_it() -> None:
    mine = with_cells(policy=code("policy", "mine"), role=code("role", "make_role()", ("made",)))
    assert ids(merged(BASE, with_cells(policy=None, role=None), mine)) == ["title", "policy", "check"]


def test_what_the_trainee_set_on_a_cell_stays_and_the_courses_tags_are_new() -> None:
    mine, course = copy.deepcopy(BASE), copy.deepcopy(BASE)
    mine["cells"][1]["metadata"] = {"collapsed": True}
    course["cells"][1]["metadata"] = {"tags": ["answer"]}
    assert cell(merged(BASE, course, mine), "role")["metadata"] == {"tags": ["answer"], "collapsed": True}


@pytest.mark.parametrize("lose", [lambda each: each.pop("id"), lambda each: each.update(id="")])
def test_a_program_that_took_the_ids_away_does_no_harm(lose: Any) -> None:
    mine = with_cells(policy=code("policy", "mine"))
    for each in mine["cells"]:
        lose(each)
    found = merged(BASE, with_cells(role=code("role", "make_a_role()")), mine)
    assert [source(each) for each in found["cells"]] == ["# Push", "make_a_role()", "mine", "lab.check()"]
    assert len(set(ids(found))) == len(found["cells"])


def test_a_source_kept_as_lines_is_the_same_source() -> None:
    mine = with_cells(role=code("role", ["make_", "role()"]))
    course = with_cells(role=code("role", "make_a_role()"))
    assert same_cells(merged(BASE, course, mine), course)


# Few ids and few texts, so that both sides meet in the same cell.
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f", "g"])
TEXTS = st.sampled_from(["", "one", "two", "three", "%%work x\n{}", "```\nfence\n```"])


@st.composite
def notebooks(draw: st.DrawFn) -> Notebook:
    chosen = draw(st.lists(NAMES, unique=True, max_size=7))
    made = []
    for name in chosen:
        text, ran = draw(TEXTS), draw(st.booleans())
        made.append(code(name, text, ("ran",) if ran else ()) if draw(st.booleans()) else words(name, text))
    return book(*made)


@st.composite
def edited(draw: st.DrawFn, before: Notebook) -> Notebook:
    """``before`` after some edits of a kind that people make: written in, run, added, deleted, moved, copied."""
    cells = copy.deepcopy(before["cells"])
    for number in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(cells)))
        there = cells[place] if place < len(cells) else None
        match draw(st.sampled_from(["write", "run", "add", "delete", "move", "copy", "retype"])):
            case "write" if there:
                there["source"] = draw(TEXTS) + f"\n# edit {number}"
            case "run" if there and there["cell_type"] == "code":
                there.update(code(there["id"], source(there), (f"run {number}",)))
            case "add":
                cells.insert(place, code(f"own-{number}-{draw(st.integers(0, 99))}", f"added {number}"))
            case "delete" if there:
                del cells[place]
            case "move" if there:
                cells.insert(draw(st.integers(0, len(cells) - 1)), cells.pop(place))
            case "copy" if there:
                cells.insert(place, copy.deepcopy(there))
            case "retype" if there:
                cells[place] = words(there["id"], source(there))
            case _:
                pass
    return book(*cells)


@given(st.data())
def test_whatever_both_sides_did_nothing_that_the_trainee_wrote_is_lost(data: st.DataObject) -> None:
    base = data.draw(notebooks())
    # The course's edits keep its ids apart, the trainee's need not.
    course, seen = data.draw(edited(base)), set()
    course["cells"] = [each for each in course["cells"] if not (each["id"] in seen or seen.add(each["id"]))]
    mine = data.draw(edited(base))
    found = merged(base, course, mine)
    then = {each["id"]: each for each in base["cells"]}
    kept = [(each["cell_type"], source(each)) for each in found["cells"]]
    for each in mine["cells"]:
        theirs = each["id"] not in then or (each["cell_type"], source(each)) != (
            then[each["id"]]["cell_type"], source(then[each["id"]]))  # fmt: skip
        if theirs:
            assert (each["cell_type"], source(each)) in kept
    had = {each["id"] for each in mine["cells"]}
    shown = "\n".join(text for _, text in kept)
    for each in course["cells"]:
        # Of what is new in the course, only what the trainee deleted is not there to be seen.
        old = then.get(each["id"])
        new = old is None or (old["cell_type"], source(old)) != (each["cell_type"], source(each))
        assert not new or source(each) in shown or (old is not None and each["id"] not in had)
    nbformat.validate(nbformat.from_dict(copy.deepcopy(found)))
    assert len(set(ids(found))) == len(found["cells"])
    # After a crash between the two files it is done again: the same comes out.
    assert merged(base, course, found) == found
    # And with the next start, when the course has not changed since.
    assert merged(course, course, found) == found
