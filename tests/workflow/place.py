"""A place where workflows run: a work folder and a lab home, with the embedded engine and no AWS behind it."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from labs.engine.embedded import EmbeddedEngine
from labs.session import TargetName
from labs.workflow import identity, record, runner
from labs.workflow.record import RunRecord

# Says whether a step may ask for a token, and with which sub, without showing the token.
ASK = """\
      - id: ask
        shell: sh
        run: |
          "$LAB_PYTHON" -I - >> "$GITHUB_OUTPUT" <<'END'
          import base64, json, os, urllib.request
          url, token = (os.environ.get(f"ACTIONS_ID_TOKEN_REQUEST_{name}", "") for name in ("URL", "TOKEN"))
          if not url or not token:
              print("sub=none")
          else:
              shown = {"Authorization": f"Bearer {token}"}
              with urllib.request.urlopen(urllib.request.Request(f"{url}&audience=x", headers=shown)) as answer:
                  middle = json.load(answer)["value"].split(".")[1]
              print("sub=" + json.loads(base64.urlsafe_b64decode(middle + "=="))["sub"])
          END
"""


@dataclass
class Place:
    """A work folder, a lab home, and the lines that were said."""

    folder: Path
    said: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})
    target: Any = None

    def __post_init__(self) -> None:
        home = self.folder / "home"
        self.work = self.folder / "work"
        (self.work / ".github" / "workflows").mkdir(parents=True)
        home.mkdir()
        self.target = self.target or SimpleNamespace(
            name=TargetName.LOCAL,
            home=home,
            account="111122223333",
            region="us-east-1",
            registry="127.0.0.1:9",
            endpoint="http://127.0.0.1:9",
        )

    def write(self, text: str, name: str = "push.yml") -> None:
        (self.work / ".github" / "workflows" / name).write_text(text)

    def run(self, event: str = "push", ref: str = "", fork: bool = False, **more: Any) -> RunRecord:
        """Run the workflow; what it says is kept."""
        request = runner.Request(
            work=self.work, event=identity.event(event, ref, fork), **{"env": self.env, "limit_s": 60.0, **more}
        )
        return runner.run(self.target, EmbeddedEngine(env=self.env), request, self.said.append)

    @property
    def log(self) -> str:
        found = record.last_folder(self.target.home)
        assert found is not None
        return (found / "log.txt").read_text()

    @property
    def left(self) -> list[str]:
        """What a run left in the lab home besides its record."""
        return sorted(each.name for each in (self.target.home / "workflow").glob("run-*"))
