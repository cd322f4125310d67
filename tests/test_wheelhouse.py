"""``make wheels`` for other machines than this one, and ``make lab`` with what it has filled."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from labs import bootstrap
from labs.wheelhouse import PLATFORMS, For, asked, fill, lines_for, main

LOCK = """\
everywhere==1.0 \\
    --hash=sha256:{everywhere}
    # via the lab
old==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:{old}
apple==1.0 ; sys_platform == 'darwin' \\
    --hash=sha256:{apple}
native==1.0 \\
    --hash=sha256:{native_linux} \\
    --hash=sha256:{native_mac}
"""


def wheel(folder: Path, name: str, tag: str) -> str:
    """A wheel with nothing in it; its SHA-256."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = ""
    for path, text in files.items():
        hashed = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={hashed},{len(text)}\n"
    file = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for all there is, and a lock file of it."""
    folder = tmp_path / "index"
    folder.mkdir()
    hashes = {name: wheel(folder, name, "py3-none-any") for name in ("everywhere", "old", "apple", "uv")}
    hashes["native_linux"] = wheel(folder, "native", "cp312-cp312-manylinux_2_28_x86_64")
    hashes["native_mac"] = wheel(folder, "native", "cp312-cp312-macosx_11_0_arm64")
    (tmp_path / "requirements.lock").write_text(LOCK.format(**hashes))
    # pip is started with -I, which leaves PIP_ variables alone.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return tmp_path


def names(folder: Path) -> set[str]:
    return {file.name.partition("-1.0-")[0] for file in folder.glob("*.whl")}


def test_each_machine_gets_its_own_and_the_folder_says_for_which_it_is(
    index: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target, lock = index / "wheels", index / "requirements.lock"
    assert main(str(target), str(lock), "3.12 / linux-x86_64") == 0
    assert names(target) == {"everywhere", "native", "uv"}
    assert main(str(target), str(lock), "3.12 / macos-arm64") == 0
    assert "apple" in names(target)
    assert bootstrap.holds(target, lock) == ["3.12 linux-x86_64", "3.12 macos-arm64"]
    said = capfd.readouterr().out
    assert "Python 3.12 linux-x86_64" in said
    assert f"LAB_WHEELHOUSE={target} make lab" in said


def test_what_has_no_wheel_is_told_and_the_rest_is_there(index: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target, lock = index / "wheels", index / "requirements.lock"
    assert main(str(target), str(lock), "3.11 3.12 / linux-x86_64") == 1
    assert bootstrap.holds(target, lock) == ["3.12 linux-x86_64"]
    said = capfd.readouterr().err
    assert "native==1.0" in said
    assert "Not complete for Python 3.11 on linux-x86_64" in said


def test_another_lock_file_is_another_version_of_the_kit(index: Path) -> None:
    target, lock = index / "wheels", index / "requirements.lock"
    fill(target, lock, [For("3.12", "linux-x86_64")], lambda _: 0)
    lock.write_text(lock.read_text() + "# newer\n")
    assert bootstrap.holds(target, lock) == []
    fill(target, lock, [For("3.13", "linux-x86_64")], lambda _: 0)
    assert bootstrap.holds(target, lock) == ["3.13 linux-x86_64"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("3.12", "does not name Pythons and platforms"),
        ("/ linux-x86_64", "does not name Pythons and platforms"),
        ("3.12 /", "does not name Pythons and platforms"),
        ("2.7 / linux-x86_64", "'2.7' is not known"),
        ("3.12 / windows", "'windows' is not known"),
    ],
)
def test_words_that_name_no_machine_are_told_with_an_example(
    words: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(str(tmp_path / "wheels"), "no.lock", words) == 2
    said = capsys.readouterr().err
    assert says in said
    assert 'FOR="3.11 3.12 / linux-x86_64 linux-aarch64 macos-arm64 macos-x86_64"' in said
    assert not (tmp_path / "wheels").exists()


def test_without_words_it_is_for_this_machine() -> None:
    (found,) = asked("")
    assert str(found) == bootstrap.here()
    assert found.platform in PLATFORMS


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (For("3.11", "linux-x86_64"), {"everywhere", "old", "native"}),
        (For("3.12", "linux-aarch64"), {"everywhere", "native"}),
        (For("3.14", "macos-x86_64"), {"everywhere", "apple", "native"}),
        (For("3.11", "macos-arm64"), {"everywhere", "old", "apple", "native"}),
    ],
)
def test_the_locks_markers_are_read_for_the_other_machine(wanted: For, kept: set[str]) -> None:
    lines = list(lines_for(LOCK, wanted))
    assert {line.partition("==")[0] for line in lines if "==" in line} == kept
    assert not [line for line in lines if ";" in line]


def made(folder: Path, *lines: str) -> Path:
    folder.mkdir()
    (folder / bootstrap.HOLDS).write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_make_lab_says_exactly_what_does_not_fit(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    of, (python, machine) = bootstrap.digest(lock), bootstrap.here().split()
    cases = {
        made(tmp_path / "a", f"3.99 {machine} {of}"): (
            f"holds wheels for 3.99 {machine}; this is Python {python} on {machine}.",
            f'Next: make lab PYTHON=python3.99; or where there is a network: make wheels FOR="{python} / {machine}"',
        ),
        made(tmp_path / "b", f"{python} plan9-mips {of}"): (
            f"holds wheels for {python} plan9-mips; this is Python {python} on {machine}.",
            f'Next: where there is a network: make wheels FOR="{python} / {machine}"',
        ),
        made(tmp_path / "c", f"{python} {machine} {'0' * 64}"): (
            "holds wheels for another version of the kit.",
            "Next: where there is a network: make wheels",
        ),
        tmp_path / "none": ("and there is no such folder.", "Next: name the folder of wheels, or unset it"),
    }
    for folder, (says, next_step) in cases.items():
        done = subprocess.run(
            [sys.executable, "-I", bootstrap.__file__, str(tmp_path / "venv"), str(lock)],
            env={"LAB_WHEELHOUSE": str(folder), "PATH": ""}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert next_step in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("line", ["3.12", "3.12 linux-x86_64", "one two three four"])
def test_a_damaged_line_holds_nothing(line: str, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    good = f"3.12 linux-x86_64 {bootstrap.digest(lock)}"
    assert bootstrap.holds(made(tmp_path / "wheels", line, good), lock) == ["3.12 linux-x86_64"]
