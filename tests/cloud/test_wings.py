"""The wings of the local AWS depend one way: each imports only what stands before it."""

import ast
from pathlib import Path

import labs.cloud

ROOT = Path(labs.cloud.__file__).parent
WINGS = [
    "pace",
    "contract",
    "wire",
    "protocols",
    "store",
    "patches",
    "identity",
    "state",
    "trail",
    "authorisation",
    "apis",
    "registry",
    "ecs",
    "front",
]
# Within these two, in the same way; their own door comes last.
ROOMS = {"registry": ["rules", "store", "data_plane", "api"], "ecs": ["store", "rules", "api", "data_plane"]}


def imports():
    """(file, the parts of its place, the parts of what it imports), late imports too."""
    for file in sorted(ROOT.rglob("*.py")):
        place = file.relative_to(ROOT).with_suffix("").parts
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                if name.startswith("labs.cloud."):
                    yield file, place, tuple(name.split(".")[2:])


def test_every_wing_has_its_place_in_the_order():
    there = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__"} == set(WINGS)


def test_no_wing_imports_one_that_stands_after_it():
    wrong = [
        f"{file.relative_to(ROOT)} imports {'.'.join(wanted)}"
        for file, place, wanted in imports()
        if place[0] in WINGS and WINGS.index(wanted[0]) > WINGS.index(place[0])
    ]
    assert wrong == []


def test_the_rooms_of_ecs_and_of_the_registry_depend_one_way():
    wrong = []
    for file, place, wanted in imports():
        rooms = ROOMS.get(place[0], [])
        if place[0] != wanted[0] or len(place) < 3 or place[1] not in rooms:
            continue
        if len(wanted) < 2 or wanted[1] not in rooms or rooms.index(wanted[1]) > rooms.index(place[1]):
            wrong.append(f"{file.relative_to(ROOT)} imports {'.'.join(wanted)}")
    assert wrong == []


def test_each_wing_says_its_duty_and_its_door():
    for wing in [name for name in WINGS if (ROOT / name).is_dir()]:
        for folder in [ROOT / wing, *(ROOT / wing / room for room in ROOMS.get(wing, ()))]:
            text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
            assert text, folder
            assert "Door:" in text, folder
