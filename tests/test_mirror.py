"""tests/ mirrors labs/: what a room does is tested in the folder of the same name."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
# Folders of tests that are about no one room of labs/.
OF_NO_ROOM = {
    "browser": "the page that a trainee sees, in a real Chromium",
    "cloud/attack": "attacks that go through every wing of the local AWS",
    "cloud/registry/specification": "the OCI distribution specification, section by section",
    "docker": "every room that meets a real Docker Engine",
    "docker/clients": "registry clients that were written by others",
    "notebooks": "the notebooks, in kernels",
}


def rooms_of(labs: Path) -> dict[str, bool]:
    """Every package by its path, and whether it has code of its own; the stage folders are one room with their walk."""
    folders = [path.parent for path in labs.rglob("__init__.py") if path.parent.parent != labs / "stages"]
    return {
        folder.relative_to(labs).as_posix(): any(path.name != "__init__.py" for path in folder.glob("*.py"))
        for folder in folders
    } | {"stages": True}


def folders_of_tests(tests: Path) -> set[str]:
    """Every folder that holds test files."""
    return {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}


def without_a_room(labs: Path, tests: Path) -> set[str]:
    """Folders of tests that bear no room's name."""
    return folders_of_tests(tests) - rooms_of(labs).keys()


def without_tests(labs: Path, tests: Path) -> set[str]:
    """Rooms with code that have no test file in their folder or below it."""
    tested = folders_of_tests(tests)
    with_code = {room for room, code in rooms_of(labs).items() if code}
    return {room for room in with_code if not any(each == room or each.startswith(f"{room}/") for each in tested)}


def test_every_folder_of_tests_bears_a_rooms_name_or_says_what_it_is_about():
    assert without_a_room(ROOT / "labs", ROOT / "tests") == set(OF_NO_ROOM)


def test_every_room_with_code_has_tests_in_the_folder_of_its_name():
    assert without_tests(ROOT / "labs", ROOT / "tests") - {"."} == set()


def test_a_test_in_no_room_and_a_room_without_a_test_are_found(tmp_path):
    for name in (
        "labs/__init__.py",
        "labs/cloud/__init__.py",
        "labs/cloud/trail/__init__.py",
        "labs/cloud/trail/events.py",
        "labs/cloud/wire/__init__.py",
        "labs/cloud/wire/server.py",
        "labs/stages/__init__.py",
        "labs/stages/tag_rules/__init__.py",
        "labs/stages/tag_rules/check.py",
        "tests/cloud/trail/test_events.py",
        "tests/cloud/wires/test_server.py",
        "tests/cloud/wire/helper.py",
        "tests/stages/tag_rules/test_check.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert without_a_room(tmp_path / "labs", tmp_path / "tests") == {"cloud/wires", "stages/tag_rules"}
    assert without_tests(tmp_path / "labs", tmp_path / "tests") == {"cloud/wire"}
