"""Where the kit's home is when nobody names one: in the checkout, or the user's data folder, and nowhere else."""

from pathlib import Path

import pytest

from labs import installed

pytestmark = pytest.mark.unit


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kit in site-packages, and a current folder in which somebody left a lab home."""
    monkeypatch.setattr(installed, "PACKAGE", tmp_path / "site-packages" / "labs")
    monkeypatch.setenv("HOME", "/home/anna")
    (tmp_path / ".lab").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "site-packages"


@pytest.mark.parametrize(
    ("env", "home"),
    [
        ({}, "/home/anna/.local/share/fargate-lab-kit"),
        ({"XDG_DATA_HOME": "/data"}, "/data/fargate-lab-kit"),
        ({"XDG_DATA_HOME": "data"}, "/home/anna/.local/share/fargate-lab-kit"),
        ({"XDG_DATA_HOME": ""}, "/home/anna/.local/share/fargate-lab-kit"),
        ({"LAB_HOME": "/lab", "XDG_DATA_HOME": "/data"}, "/lab"),
        ({"LAB_HOME": "~/lab"}, "/home/anna/lab"),
    ],
)
def test_installed_it_is_the_users_data_folder(package: Path, env: dict[str, str], home: str) -> None:
    assert not installed.in_checkout()
    assert installed.home_folder(env) == Path(home)
    assert installed.course() == package / "labs" / "course"


def test_in_a_checkout_it_is_in_the_checkout() -> None:
    root = Path(__file__).parent.parent
    assert installed.in_checkout()
    assert installed.home_folder({}) == root / ".lab"
    assert (installed.course() / "notebooks" / "00-start.ipynb").is_file()
