"""The course panel's side of Jupyter Server: four addresses, behind the server's own token, over one watcher process.

``GET fargate-lab/view?notebook=NAME`` answers the view; ``POST fargate-lab/check``, ``hint``, ``reset`` with
``{"stage": NAME}`` start a button's work, whose outcome is in the view. Every answer is JSON; what cannot be had is
``{"what": ..., "next": ...}``. Imports little: JupyterLab's start waits for it.

Source: Jupyter Server documentation, "Server Extensions" and "Authentication and Authorization".
"""

import asyncio
import contextlib
import json
import os
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.ioloop import IOLoop

from labs.errors import LabError
from labs.ownership import FILE_MODE, open_own
from labs.processes import labs

# The watcher answers at once; only its start takes a moment, on a busy machine some seconds.
ANSWER_S = 3.0
START_S = 60.0
# Nobody has looked for so long: the process goes, and is there again with the next question.
IDLE_S = 900.0
WARM_S = 0.5
_GONE = {"what": "The watcher of the course does not answer.", "next": "wait a moment; labs status says the same"}


class Watching:
    """The watcher of this server: started at the first question, and anew when it has ended."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._number = 0
        self._late = 0
        self._answered = False
        self._idle: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int:
        """The watcher's process; 0 when none runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The watcher's answer, or that it does not answer. Never longer than its time."""
        async with self._lock:
            within_s = ANSWER_S if self._answered else START_S
            try:
                answer = await asyncio.wait_for(self._asked(question), within_s)
            except (TimeoutError, OSError, ValueError):
                self._late += 1
                if self._late > 2:
                    self.end()
                return dict(_GONE)
            except LabError as error:
                return {"what": error.what, "next": error.next_step}
            self._late, self._answered = 0, True
            self._rest_later()
            return answer

    async def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        self._number += 1
        process.stdin.write(json.dumps({**question, "n": self._number}).encode() + b"\n")
        await process.stdin.drain()
        while line := await process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            # An answer that came too late for its question is passed over.
            if answer.pop("n", None) == self._number:
                return answer
        raise ConnectionError

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._answered = False
            with os.fdopen(open_own(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab") as log:
                os.fchmod(log.fileno(), FILE_MODE)
                self._process = await asyncio.create_subprocess_exec(
                    *labs("watch"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    limit=1 << 20,
                )
        return self._process

    async def warm(self) -> None:
        """Start the watcher while the page is still loading; what goes wrong is told when somebody asks."""
        with contextlib.suppress(OSError, LabError):
            async with self._lock:
                await self._running()
                self._rest_later()

    def _rest_later(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self.rest)

    def rest(self) -> None:
        """Let the watcher end by itself, as the end of its input says."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process, self._answered = None, False

    def end(self) -> None:
        """End a watcher that does not answer."""
        if self.pid and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process, self._late, self._answered = None, 0, False


class ViewHandler(APIHandler):
    """``GET fargate-lab/view``."""

    def initialize(self, watching: Watching) -> None:
        self.watching = watching

    @web.authenticated
    async def get(self) -> None:
        """The view."""
        notebook = self.get_argument("notebook", "")[:200]
        answer = await self.watching.ask({"notebook": notebook})
        if "view" not in answer:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        self.finish(json.dumps(answer))


class ButtonHandler(APIHandler):
    """``POST fargate-lab/check``, ``hint`` or ``reset``."""

    def initialize(self, watching: Watching) -> None:
        self.watching = watching

    @web.authenticated
    async def post(self, name: str) -> None:
        """202 when its work has begun, 409 with the reason when it has not."""
        try:
            wanted = json.loads(self.request.body or b"{}")["stage"]
        except (ValueError, KeyError, TypeError):
            self.set_status(HTTPStatus.BAD_REQUEST)
            self.finish(json.dumps({"what": "No stage was named.", "next": 'send {"stage": "build"}'}))
            return
        answer = await self.watching.ask({"do": name, "stage": str(wanted)[:200]})
        # Refused for a reason, or nobody there to ask.
        refused = HTTPStatus.SERVICE_UNAVAILABLE if answer == _GONE else HTTPStatus.CONFLICT
        self.set_status(HTTPStatus.ACCEPTED if answer.get("started") else refused)
        self.finish(json.dumps(answer))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "labs.desk.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    home = os.environ.get("LAB_HOME")
    if not home:
        app.log.info("The course panel is JupyterLab's as `labs start` starts it.")
        return
    watching = Watching(Path(home) / "jupyter" / "watcher.log")
    # Not before JupyterLab listens: its start is waited for.
    IOLoop.current().call_later(WARM_S, watching.warm)
    base = app.web_app.settings["base_url"]
    given = {"watching": watching}
    app.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "fargate-lab", "view"), ViewHandler, given),
            (url_path_join(base, "fargate-lab", "(check|hint|reset)"), ButtonHandler, given),
        ],
    )
