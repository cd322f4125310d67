"""docker run and the engine's run: a process from an unpacked copy, that leaves nothing behind."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request

import pytest

from labs import oci
from labs.engine.archive import read_archive
from labs.engine.embedded import EmbeddedEngine
from labs.engine.embedded.app_process import start
from labs.engine.embedded.platforms import native
from labs.errors import LabError

FOREIGN = oci.Platform("linux", "arm64" if native().architecture == "amd64" else "amd64")
APP = """
import http.server, json, os, signal, sys, threading
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"env": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd(), "uid": os.getuid()}).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("", 8080), H)
signal.signal(signal.SIGTERM, lambda *a: threading.Thread(target=s.shutdown).start())
print("secret is", os.environ.get("TOKEN", "none"), flush=True)
s.serve_forever()
print("bye", flush=True)
"""
DOCKERFILE = """FROM base:1
WORKDIR /app
COPY app.py data ./
ENV FROM_IMAGE=yes
EXPOSE 8080
ENTRYPOINT ["python", "/app/app.py", "/app/data", "/nowhere"]
"""


def _build(kit, dockerfile=DOCKERFILE, **files):
    result = kit.build(dockerfile, {"app.py": APP, "data": "d", **files}, "--platform=linux/amd64,linux/arm64")
    assert result.code == 0, result.err


def _ask(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        return json.loads(answer.read())


def test_the_app_answers_on_loopback_and_stops_cleanly(kit):
    _build(kit)
    with EmbeddedEngine().run("app:dev", native(), {"TOKEN": "s3cret-value"}) as app:
        app.wait_ready(20)
        seen = _ask(app.url)
        root = seen["argv"][0].removesuffix("/app/app.py")
        code = app.stop()
    assert code == app.stop() == 0
    assert app.url.startswith("http://127.0.0.1:")
    assert seen["argv"][1:] == [f"{root}/app/data", "/nowhere"]
    assert seen["cwd"] == f"{root}/app"
    assert app.logs() == "secret is ***\nbye\n"
    assert not os.path.exists(root)  # noqa: PTH110


def test_the_app_sees_the_images_environment_and_nothing_of_the_callers(kit, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    _build(kit)
    with EmbeddedEngine().run("app:dev", native(), {"GIVEN": "1"}) as app:
        app.wait_ready(20)
        env = _ask(app.url)["env"]
    assert (env["FROM_IMAGE"], env["GIVEN"]) == ("yes", "1")
    assert not {"AWS_SECRET_ACCESS_KEY", "LAB_PUBLISH", "LAB_WATCH"} & set(env)


def test_two_apps_with_one_port_run_side_by_side(kit):
    _build(kit)
    engine = EmbeddedEngine()
    with engine.run("app:dev", native(), {}) as one, engine.run("app:dev", native(), {}) as two:
        one.wait_ready(20)
        two.wait_ready(20)
        assert one.url != two.url


def test_an_app_that_ends_says_with_what_and_its_last_words(kit):
    _build(
        kit,
        'FROM base:1\nCOPY app.py /x.py\nCMD ["python", "/x.py"]\n',
        **{"app.py": "print('oh'); raise SystemExit(3)"},
    )
    with EmbeddedEngine().run("app:dev", native(), {}) as app, pytest.raises(LabError) as error:
        app.wait_ready(20)
    assert error.value.what == "app:dev ended with exit code 3 before it answered; it wrote: oh"


def test_an_app_that_ignores_sigterm_is_killed(kit, monkeypatch):
    monkeypatch.setattr("labs.engine.embedded.app_process.STOP_S", 0.2)
    text = (
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\nwhile True: time.sleep(9)\n"
    )
    _build(kit, 'FROM base:1\nCOPY app.py /x.py\nCMD ["python", "/x.py"]\n', **{"app.py": text})
    app = EmbeddedEngine().run("app:dev", native(), {})
    deadline = time.monotonic() + 60
    while "up" not in app.logs() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert app.stop() == 137


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc whether a process is gone")
def test_the_app_ends_with_the_process_that_started_it(kit, tmp_path):
    _build(kit)
    text = (
        "import os\nfrom labs.engine.embedded import EmbeddedEngine\n"
        "from labs.engine.embedded.platforms import native\n"
        "app = EmbeddedEngine().run('app:dev', native(), {})\napp.wait_ready(20)\n"
        "print(app.process.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    pid = int(subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True).stdout)
    deadline = time.monotonic() + 60
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_only_this_machines_platform_is_runnable(kit):
    engine = EmbeddedEngine()
    assert engine.runnable(native()) == ""
    assert str(native()) in engine.runnable(FOREIGN)
    _build(kit)
    with pytest.raises(LabError, match="exec /usr/local/bin/python: exec format error"):
        engine.run("app:dev", FOREIGN, {})


def test_docker_run_of_a_foreign_platform_ends_in_the_kernels_words(kit):
    _build(kit)
    result = kit.docker("run", "--rm", "--platform", str(FOREIGN), "app:dev")
    assert result.code == 255
    assert "\nexec /usr/local/bin/python: exec format error\n" in result.err


def test_docker_run_streams_until_it_is_interrupted(kit, tmp_path):
    _build(kit)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-m", "labs", "docker", "run", "--rm", "-p", "0:8080", "-e", "TOKEN=t", "app:dev"]
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    guard = threading.Timer(30, process.kill)
    guard.start()
    assert process.stdout.readline() == "secret is t\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    guard.cancel()
    assert (process.returncode, out) == (0, "bye\n")
    assert "embedded engine: the app runs as a process of this machine, published on http://127.0.0.1:" in err


def test_words_after_the_image_stand_in_for_its_cmd(kit, capfd):
    _build(
        kit, 'FROM base:1\nCOPY app.py /x.py\nENTRYPOINT ["python"]\n', **{"app.py": "import sys; print(sys.argv[1:])"}
    )
    assert kit.docker("run", "app:dev", "/x.py", "-e", "y").code == 0
    assert capfd.readouterr().out == "['-e', 'y']\n"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("-d", "app:dev"), 1, "docker run -d needs a Docker Engine"),
        (("-p", "x:y:z:q", "app:dev"), 1, 'invalid argument "x:y:z:q" for "-p, --publish" flag'),
        (("-p", "0.0.0.0:80:80", "app:dev"), 1, "publishing on 0.0.0.0 needs a Docker Engine"),
        (("--env-file", "gone", "app:dev"), 1, "open gone: no such file or directory"),
        (("--platform", "linux/s390x", "app:dev"), 125, "no match for platform in manifest: not found"),
        (
            ("127.0.0.1:1/x",),
            125,
            'docker: Error response from daemon: failed to resolve reference "127.0.0.1:1/x:latest"',
        ),
        (("--gpus", "all", "app:dev"), 125, "docker run --gpus needs a Docker Engine"),
    ],
)
def test_what_run_cannot_do_is_one_sentence(kit, words, code, error):
    _build(kit)
    result = kit.docker("run", *words)
    assert (result.code, error in result.err) == (code, True), result.err


def test_another_program_needs_an_engine(kit):
    _build(kit, 'FROM base:1\nCMD ["nginx"]\n')
    with pytest.raises(LabError, match="nginx needs a Docker Engine: the embedded engine runs Python apps only"):
        EmbeddedEngine().run("app:dev", native(), {})


def test_a_shell_form_that_is_only_python_runs(kit):
    _build(kit, "FROM base:1\nCOPY app.py /app.py\nCMD exec python /app.py\n")
    with EmbeddedEngine().run("app:dev", native(), {}) as app:
        app.wait_ready(20)


def test_an_image_cannot_write_outside_its_copy(kit, tmp_path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "target")
        archive.addfile(link)
        info = tarfile.TarInfo("out2/../../../../evil")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    text = 'FROM base:1\nADD t.tar /\nCOPY app.py /a.py\nCMD ["python", "/a.py"]\n'
    kit.build(text, {"t.tar": data.getvalue(), "app.py": "x"}, f"--platform={native()}")
    (tmp_path / "target").mkdir()
    app = start(kit.image(), native(), {})
    app.stop()
    assert list((tmp_path / "target").iterdir()) == []


def test_the_engine_writes_a_docker_command_that_is_this_one(kit, tmp_path):
    home = tmp_path / "it's home"
    env = EmbeddedEngine("Docker has no buildx").environment(home)
    assert env["PATH"].split(os.pathsep)[0] == str(home / "bin")
    assert env["DOCKER_CONFIG"] == str(home / "docker")
    words = ["sh", "-c", "docker --version; docker compose up"]
    shell = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **env})
    assert "embedded engine" in shell.stdout
    assert shell.stderr.splitlines()[0] == "embedded engine: Docker has no buildx"
    assert "docker compose up needs a Docker Engine" in shell.stderr
    assert shell.returncode == 1


def test_a_forced_engine_says_that_it_was_forced(kit, monkeypatch):
    monkeypatch.setenv("LAB_ENGINE", "embedded")
    assert kit.docker("images").err == "embedded engine: LAB_ENGINE=embedded\n"


def test_the_archive_of_an_image_holds_every_platform(kit, tmp_path):
    _build(kit)
    file = EmbeddedEngine().archive("app:dev", tmp_path / "app.tar")
    assert {str(each) for each in read_archive(file).platforms} == {"linux/amd64", "linux/arm64"}
    with pytest.raises(LabError, match="There is no image nope"):
        EmbeddedEngine().archive("nope", tmp_path / "x.tar")
