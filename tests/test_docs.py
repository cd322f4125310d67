"""The pages: each link leads somewhere, each path and module they name exists; and each package says its duty."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from labs.lesson.stage import stages

ROOT = Path(__file__).resolve().parents[1]
LABS = ROOT / "labs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md"), *ROOT.glob("labs/**/*.md")]
)
PACKAGES = sorted(path.parent for path in LABS.rglob("__init__.py"))
DECISIONS = sorted(path for path in ROOT.glob("docs/decisions/*.md") if path.name != "README.md")
# First folders of the paths that a page names.
TOP = ("labs/", "tests/", "docs/", "solutions/", "notebooks/", "sample-app/", ".ci/", ".github/")
# What stands in a path for any name.
STANDS_FOR_ANY = re.compile(r"<[^>]*>|\bNAME\b|\bNN\b|\*")


def shown(path):
    return str(path.relative_to(ROOT))


def spans(page):
    """What stands between backticks in running text."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = []
    for heading in re.findall(r"^#+ +(.*?) *$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return found


def is_there(name):
    """Whether ``labs.a.b.c`` is a package, a module, or something that a module has."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:length])
        source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if source.is_file():
            rest = parts[length:]
            return not rest or re.search(rf"\b{re.escape(rest[0])}\b", source.read_text("utf-8")) is not None
    return False


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page):
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_module_that_a_page_names_exists(page):
    named = [name for span in spans(page) for name in re.findall(r"\blabs(?:\.\w+)+", span)]
    assert [name for name in named if not is_there(name)] == []


def test_every_module_that_a_docstring_or_comment_names_exists():
    lost = [
        f"{shown(path)}: {name}"
        for path in sorted(LABS.rglob("*.py"))
        for name in re.findall(r"``(labs(?:\.\w+)+)", path.read_text("utf-8"))
        if not is_there(name)
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_path_that_a_page_names_exists(page):
    lost = []
    for span in spans(page):
        path = span.split("::")[0]
        if not path.startswith(TOP) or " " in path:
            continue
        wanted = STANDS_FOR_ANY.sub("*", path)
        # The security page names tests by their place under tests/.
        if not any(ROOT.glob(wanted)) and not any(ROOT.glob(f"tests/{wanted}")):
            lost.append(span)
    assert lost == []


def test_every_single_word_of_the_map_is_a_module_or_a_thing_of_the_lab():
    modules = {path.stem for path in LABS.rglob("*.py")} | {path.name for path in PACKAGES}
    others = {"docker", "filelock", "lock", "run_task", "path"}
    words = {span for span in spans(ROOT / "ARCHITECTURE.md") if re.fullmatch(r"[a-z_]+", span)}
    assert words - modules - others == set()


@pytest.mark.parametrize("package", PACKAGES, ids=shown)
def test_every_package_says_its_duty(package):
    said = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    first = said.split("\n\n")[0]
    assert len(first.split()) >= 5, f"{shown(package)}/__init__.py: say in a sentence what the package does"
    assert first.endswith("."), f"{shown(package)}/__init__.py: the docstring begins with a sentence"


def test_the_readme_links_every_page():
    text = (ROOT / "README.md").read_text("utf-8")
    pages = [*ROOT.glob("docs/*.md"), ROOT / "docs/decisions/README.md", *ROOT.glob("[A-Z]*.md")]
    assert [shown(page) for page in pages if page.name != "README.md" and f"({shown(page)})" not in text] == []
    assert "(docs/decisions/README.md)" in text


def test_the_stages_of_the_readme_have_the_minutes_of_their_data():
    """A stage that is not listed is not a fault here: whoever adds a stage edits nothing else."""
    rows = re.findall(r"^\| (\d\d-[\w-]+) \| (\d+) \|", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    assert len(rows) > 5
    assert set(rows) - {(stage.notebook, str(stage.minutes)) for stage in stages()} == set()


def test_the_course_table_of_the_readme_names_stages_that_are_there():
    text = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^(\d\d-[\w-]+) +PASS +[\d.]+$", text, flags=re.MULTILINE)
    assert len(rows) > 5
    assert set(rows) - {stage.notebook for stage in stages()} == set()


@pytest.mark.parametrize("picture", sorted(ROOT.glob("docs/*.png")), ids=shown)
def test_a_picture_is_small(picture):
    assert picture.stat().st_size < 200_000


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_picture_of_a_page_has_words(page):
    assert all(len(words) > 20 for words in re.findall(r"!\[([^]]*)\]\(", page.read_text("utf-8")))


def test_the_tag_in_the_drawing_is_one_that_a_notebook_pushes():
    tag = re.search(r"image index : (\w+)", (ROOT / "docs/lab.svg").read_text("utf-8"))
    assert tag is not None
    sources = [
        "".join(cell["source"])
        for path in ROOT.glob("solutions/*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]
    assert any(f"$REPOSITORY:{tag[1]}" in source for source in sources)


@pytest.mark.parametrize("page", DECISIONS, ids=shown)
def test_a_decision_says_why_and_what_would_change_it(page):
    headings = re.findall(r"^## (.*)$", page.read_text("utf-8"), flags=re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequence", "What would change our mind"]
    assert f"({page.name})" in (page.parent / "README.md").read_text("utf-8")


def test_the_changelog_knows_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    headings = re.findall(r"^## \[?([\w.]+)\]?", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert version in headings
