"""environment.yml, pyproject.toml and the two lock files say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
CONDA_TO_PYPI = {"docker-py": "docker"}
# A plain conda spec: a name and comma-separated comparisons, no builds.
SPEC = re.compile(r"^([A-Za-z0-9_.-]+?)((?:[<>=!~]=?[^,\s<>=]+)(?:,[<>=!~]=?[^,\s<>=]+)*)?$")


def declared(table: list[str]) -> dict[str, SpecifierSet]:
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, table)}


def conda() -> dict[str, SpecifierSet]:
    found = {}
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    by_pip = [line for each in listed if isinstance(each, dict) for line in each["pip"]]
    for line in [*(each for each in listed if isinstance(each, str)), *by_pip]:
        match = SPEC.match(line)
        assert match, f"environment.yml: not a plain 'name>=x,<y' line: {line!r}"
        name = CONDA_TO_PYPI.get(match[1], match[1])
        if name not in ("python", "pip"):
            found[canonicalize_name(name)] = SpecifierSet(match[2] or "")
    return found


def locked(file: str) -> dict[str, Version]:
    found = {}
    for line in (ROOT / file).read_text().splitlines():
        match = re.match(r"^([A-Za-z0-9_.-]+)==(\S+)(?: ; (.+?))?(?: \\)?$", line)
        if match and (match[3] is None or Marker(match[3]).evaluate()):
            found[canonicalize_name(match[1])] = Version(match[2])
    return found


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = declared(PROJECT["project"]["dependencies"])
DEV = declared(PROJECT["dependency-groups"]["dev"])


def test_conda_users_get_the_same_packages():
    assert conda().keys() == RUN.keys()


@pytest.mark.parametrize("name", sorted(RUN))
def test_conda_users_get_the_same_range_of(name):
    assert conda()[name] == RUN[name]


@pytest.mark.parametrize("name", sorted(RUN))
@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_is_inside_the_declared_range_of(lock, name):
    assert locked(lock)[name] in RUN[name]


@pytest.mark.parametrize("name", sorted(DEV))
def test_the_development_lock_is_inside_the_declared_range_of(name):
    assert locked("requirements-dev.lock")[name] in DEV[name]


def test_the_development_lock_extends_the_other_one():
    run, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: dev.get(name) for name in run} == run


def test_the_locks_name_no_address_and_every_line_has_a_hash():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        for block in re.split(r"\n(?=[a-z])", text):
            if "==" in block.splitlines()[0]:
                assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("minor", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_one_wheelhouse_serves_every_patch_level_of_a_python(lock, minor):
    markers = {
        Marker(match[1])
        for match in re.finditer(r"^[A-Za-z0-9_.-]+==\S+ ; (.+?)(?: \\)?$", (ROOT / lock).read_text(), re.M)
    }
    assert markers
    for marker in markers:
        of = {
            marker.evaluate({"python_full_version": f"{minor}.{patch}", "python_version": minor}) for patch in range(16)
        }
        assert len(of) == 1, str(marker)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_package_has_one_version_for_all(lock):
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / lock).read_text(), re.M)
    assert sorted(names) == sorted(set(names))


def test_no_start_pays_for_rfc3987_syntax():
    assert "rfc3987-syntax" not in locked("requirements.lock")
