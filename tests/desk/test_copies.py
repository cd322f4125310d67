"""The trainee's copies of the notebooks through updates of the course, crashes, and beginning again."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from labs.desk import copies
from labs.desk.copies import Became
from labs.errors import LabError
from labs.session import home as places

pytestmark = pytest.mark.unit
TODAY = date.today().isoformat()


def notebook(*sources: str) -> dict[str, object]:
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": each, "outputs": [], "execution_count": None}
        for n, each in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course's notebooks: one, of two cells."""
    folder = tmp_path / "course"
    folder.mkdir()
    monkeypatch.setattr(places, "course_notebooks", lambda: folder)
    offer(folder, "one", "two")
    return folder


@pytest.fixture
def home(tmp_path: Path, course: Path) -> Path:
    home = tmp_path / "lab"
    home.mkdir(mode=0o700)
    return home


def offer(course: Path, *sources: str, name: str = "01-build.ipynb") -> None:
    (course / name).write_bytes(copies.as_bytes(notebook(*sources)))


def copy_of(home: Path, name: str = "01-build.ipynb") -> Path:
    return home / "desk" / "notebooks" / name


def write_in(path: Path, cell: int, text: str) -> None:
    found = json.loads(path.read_text())
    found["cells"][cell]["source"] = text
    path.write_text(json.dumps(found))


def sources(path: Path) -> list[str]:
    return ["".join(each["source"]) for each in json.loads(path.read_text())["cells"]]


def became(home: Path) -> list[Became]:
    return [each.became for each in copies.lay_out(home)]


def test_the_first_start_lays_out_the_notebooks_and_the_work_folder_and_nothing_else(home: Path, course: Path) -> None:
    assert became(home) == [Became.NEW]
    assert copy_of(home).read_bytes() == (course / "01-build.ipynb").read_bytes()
    assert sorted(each.name for each in (home / "desk").iterdir()) == ["notebooks", "work"]
    assert (home / "desk").stat().st_mode & 0o077 == 0


def test_a_later_start_leaves_everything_as_it_is(home: Path) -> None:
    copies.lay_out(home)
    write_in(copy_of(home), 1, "mine")
    before = copy_of(home).read_bytes()
    assert became(home) == [Became.AS_IT_WAS]
    assert copy_of(home).read_bytes() == before
    assert copies.told(copies.lay_out(home)) == []


def saved_unchanged(path: Path) -> None:
    """As another program writes the same notebook."""
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))


@pytest.mark.parametrize("touch", [lambda _path: None, saved_unchanged, lambda path: path.unlink()])
def test_an_update_refreshes_a_copy_in_which_nothing_is_the_trainees(
    home: Path, course: Path, touch: Callable[[Path], None]
) -> None:
    copies.lay_out(home)
    touch(copy_of(home))
    offer(course, "one", "two, better", "three")
    copies.lay_out(home)
    assert copy_of(home).read_bytes() == (course / "01-build.ipynb").read_bytes()


def test_an_update_of_a_copy_that_was_written_in_keeps_what_was_written_and_says_so(home: Path, course: Path) -> None:
    copies.lay_out(home)
    write_in(copy_of(home), 0, "mine")
    offer(course, "one", "two, better", "three")
    laid_out = copies.lay_out(home)
    assert sources(copy_of(home)) == ["mine", "two, better", "three"]
    assert copies.told(laid_out) == [
        "The course was updated: 01-build.ipynb.",
        "What you wrote is kept in 01-build.ipynb.",
    ]
    # The next update is compared with this one.
    offer(course, "one", "two, best", "three")
    copies.lay_out(home)
    assert sources(copy_of(home)) == ["mine", "two, best", "three"]


@pytest.mark.parametrize("damage", [b"", b"no JSON", b"[]", b'{"nbformat": 3, "worksheets": []}', b"\xff\xfe"])
def test_a_copy_that_is_no_notebook_is_kept_beside_when_the_course_changes(
    home: Path, course: Path, damage: bytes
) -> None:
    copies.lay_out(home)
    copy_of(home).write_bytes(damage)
    offer(course, "one, better")
    laid_out = copies.lay_out(home)
    kept = copy_of(home, f"01-build-{TODAY}.ipynb")
    assert kept.read_bytes() == damage
    assert sources(copy_of(home)) == ["one, better"]
    assert copies.told(laid_out) == [
        f"01-build.ipynb could not be read as a notebook. It is kept as {kept.name}; a new one is there."
    ]


@pytest.mark.parametrize("lose", [lambda path: path.unlink(), lambda path: path.write_text("no JSON")])
def test_without_its_origin_all_of_a_copy_counts_as_the_trainees(
    home: Path, course: Path, lose: Callable[[Path], None]
) -> None:
    copies.lay_out(home)
    write_in(copy_of(home), 0, "mine")
    lose(home / "origins" / "01-build.ipynb")
    offer(course, "one", "two, better")
    assert became(home) == [Became.AS_IT_WAS]
    assert sources(copy_of(home)) == ["mine", "two"]


@pytest.mark.parametrize(("touched", "stays"), [(False, False), (True, True)])
def test_a_notebook_that_the_course_took_away_goes_unless_something_in_it_is_the_trainees(
    home: Path, course: Path, touched: bool, stays: bool
) -> None:
    copies.lay_out(home)
    if touched:
        write_in(copy_of(home), 0, "mine")
    (course / "01-build.ipynb").unlink()
    copies.lay_out(home)
    copies.lay_out(home)
    assert copy_of(home).exists() is stays


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("writes", range(5))
def test_killed_between_any_two_files_the_next_start_makes_the_same(
    home: Path, course: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    offer(course, "a", "b", name="02-push.ipynb")
    copies.lay_out(home)
    write_in(copy_of(home), 0, "mine")
    write_in(copy_of(home, "02-push.ipynb"), 1, "mine too")
    offer(course, "one, better", "two, better", "three")
    offer(course, "a", "b, better", name="02-push.ipynb")
    left = iter(range(writes))
    write = copies.write_private

    def write_until_killed(path: Path, data: bytes) -> None:
        if next(left, None) is None:
            raise Killed
        write(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(copies, "write_private", write_until_killed)
        try:
            copies.lay_out(home)
        except Killed:
            assert writes < 4
    copies.lay_out(home)
    first, second = sources(copy_of(home)), sources(copy_of(home, "02-push.ipynb"))
    assert [each for each in first if "newer version" not in each] == ["mine", "two, better", "three"]
    assert [each for each in second if "newer version" not in each] == ["a", "mine too"]
    assert (len(first), len(second)) == (4, 3)
    assert became(home) == [Became.AS_IT_WAS, Became.AS_IT_WAS]


def test_a_stage_begun_again_has_a_new_notebook_and_the_old_one_is_kept_with_its_date(home: Path) -> None:
    copies.lay_out(home)
    for n, expected in enumerate(["01-build-" + TODAY, f"01-build-{TODAY}-2", f"01-build-{TODAY}-3"]):
        write_in(copy_of(home), 0, f"mine {n}")
        kept = copies.renew(home, "01-build")
        assert kept == copy_of(home, f"{expected}.ipynb")
        assert sources(kept)[0] == f"mine {n}"
        assert sources(copy_of(home)) == ["one", "two"]


def test_a_notebook_that_is_as_the_courses_needs_no_new_one(home: Path) -> None:
    copies.lay_out(home)
    saved_unchanged(copy_of(home))
    assert copies.renew(home, "01-build") is None
    assert [each.name for each in (home / "desk" / "notebooks").iterdir()] == ["01-build.ipynb"]


def test_where_no_desk_was_laid_out_none_is_begun_again(home: Path) -> None:
    assert copies.renew(home, "01-build") is None
    assert not copy_of(home).exists()


def test_a_copy_that_is_a_link_is_not_followed(home: Path, tmp_path: Path, course: Path) -> None:
    copies.lay_out(home)
    elsewhere = tmp_path / "elsewhere.ipynb"
    elsewhere.write_text("theirs")
    copy_of(home).unlink()
    copy_of(home).symlink_to(elsewhere)
    offer(course, "one, better")
    with pytest.raises(LabError, match="is a link"):
        copies.lay_out(home)
    assert elsewhere.read_text() == "theirs"


def test_the_files_of_an_earlier_version_of_the_kit_move_to_the_desk_once(home: Path) -> None:
    (home / "work" / "app").mkdir(parents=True)
    (home / "work" / "push-policy.json").write_text("{}")
    assert places.work(home) == home / "desk" / "work"
    assert (home / "desk" / "work" / "push-policy.json").read_text() == "{}"
    assert not (home / "work").exists()
    # What an older kit makes there afterwards is its own.
    (home / "work").mkdir()
    assert places.work(home) == home / "desk" / "work"
    assert (home / "desk" / "work" / "app").is_dir()


def test_tabs_that_an_earlier_version_of_the_kit_remembered_are_forgotten_once(home: Path) -> None:
    saved = home / "jupyter" / "workspaces" / "default-37a8.jupyterlab-workspace"
    saved.parent.mkdir(parents=True)
    saved.write_text("{}")
    copies.lay_out(home)
    assert not saved.exists()
    saved.write_text("{}")
    copies.lay_out(home)
    assert saved.exists()
