"""The kit installed from a wheel that was really built, in an environment of its own, used in an empty folder.

What it depends on is taken from this environment, so that nothing is downloaded; ``.ci/wheel`` installs it all.
"""

import os
import subprocess
import sys
import sysconfig
import urllib.error
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labs.session import local
from tests.commands.conftest import RunningLab

from .test_start import ask, run_in_kernel

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """An environment with the kit's wheel, a user's home, and an empty folder to be in."""

    environment: Path
    user: Path
    folder: Path

    @property
    def home(self) -> Path:
        return self.user / ".local" / "share" / "fargate-lab-kit"

    @property
    def packages(self) -> Path:
        return next((self.environment / "lib").glob("python*/site-packages"))

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAB_", "XDG_", "PYTHON"))}
        return kept | {"HOME": str(self.user), "LAB_ENGINE": "embedded"}

    def labs(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.environment / "bin" / "labs"), *words]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=300,
                              check=False)  # fmt: skip

    def files(self) -> set[str]:
        """What lies in the environment's packages; what Python compiled is Python's."""
        found = {each.relative_to(self.packages) for each in self.packages.rglob("*")}
        return {str(each) for each in found if "__pycache__" not in each.parts}


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    place = tmp_path_factory.mktemp("wheel")
    for name in ("user", "empty"):
        (place / name).mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    venv.create(place / "venv", symlinks=True)
    made = Installed(place / "venv", place / "user", place / "empty")
    python = str(place / "venv" / "bin" / "python")
    wheel = next((place / "dist").glob("*.whl"))
    install = ["-I", "-m", "uv", "--quiet", "pip", "install", "--offline", "--no-deps", "--python", python, str(wheel)]
    subprocess.run([sys.executable, *install], check=True)
    # This environment's packages come after the wheel; its own link to the checkout is not followed.
    (made.packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (place / "venv" / "share").symlink_to(Path(sys.prefix) / "share")
    yield made
    local.stop_cloud(made.home)


def test_the_course_and_a_stage_are_done_and_nothing_is_written_beside_the_users_data(kit: Installed) -> None:
    before = kit.files()
    planned = kit.labs("course", "--plan")
    assert planned.returncode == 0, planned.stderr
    assert "07-clean-up" in planned.stdout
    solved = kit.labs("solve", "build")
    assert (solved.returncode, solved.stdout) == (0, "start: PASS\nbuild: PASS\n"), solved.stderr
    assert (kit.home / "desk" / "work" / "app" / "app.py").is_file()
    assert kit.labs("stop").returncode == 0
    assert kit.files() == before
    assert list(kit.folder.iterdir()) == []


def test_labs_start_opens_the_course_and_a_kernel_has_the_lab(kit: Installed) -> None:
    process = subprocess.Popen(
        [str(kit.environment / "bin" / "labs"), "start", "--no-browser"],
        cwd=kit.folder,
        env=kit.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    lab = RunningLab(process, kit.home)
    try:
        lab.ready()
        assert "<title>JupyterLab</title>" in ask(lab, "/lab")
        assert [each["path"] for each in ask(lab, "/api/contents/")["content"]] == ["notebooks", "work"]
        notebook = ask(lab, "/api/contents/notebooks/00-start.ipynb")["content"]
        assert notebook["cells"][0]["source"].startswith("# ")
        with pytest.raises(urllib.error.HTTPError):
            ask(lab, "/api/contents/labs")
        said = run_in_kernel(lab, "import labs; print(labs.__file__)\nfrom labs import lab\nlab.begin('start')")
        assert said.startswith(str(kit.packages))
        assert f"Work     {kit.home / 'desk' / 'work'}" in said
    finally:
        if process.poll() is None:
            assert lab.stop() == 0
        assert process.stdout is not None
        process.stdout.close()
    assert list(kit.folder.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["notebooks", "build"], ["docs", "check"], ["stage", "new", "tag-rules"], ["facts"]], ids=" ".join
)
def test_what_needs_a_checkout_says_so_in_one_sentence(kit: Installed, words: list[str]) -> None:
    done = kit.labs(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Next: " in done.stderr
