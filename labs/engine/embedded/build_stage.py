"""One stage of a build for one platform: instructions turned into configuration, history and layers."""

import copy as deep
import posixpath
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from labs import oci
from labs.engine.embedded import copying, instructions
from labs.engine.embedded.context import Context
from labs.engine.embedded.dockerfile import DockerfileError, Instruction, parse_error
from labs.engine.embedded.image_store import Store
from labs.engine.embedded.lexer import expand_text, split
from labs.engine.embedded.patterns import has_wildcard
from labs.engine.embedded.rootfs import FileNode, Tree, text_file, write_layer
from labs.errors import LabError

NEEDS_ENGINE = "RUN needs a Docker Engine: the embedded engine runs no commands inside an image"


@dataclass
class StageState:
    """A stage as far as it has been built."""

    platform: oci.Platform
    config: dict[str, Any]  # the ``config`` object of the image configuration
    layers: list[oci.Descriptor] = field(default_factory=list)
    diff_ids: list[str] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    load: Callable[[], Tree] = Tree  # the files of the base, read when first needed
    cached: Tree | None = None
    author: str = ""
    command_set: bool = False

    @property
    def tree(self) -> Tree:
        """The files of the stage."""
        if self.cached is None:
            self.cached = self.load()
        return self.cached

    @property
    def variables(self) -> dict[str, str]:
        """What an expansion sees: ENV, and ARGs of this stage; the later one wins, see ``_env``."""
        env = dict(entry.partition("=")[::2] for entry in self.config.get("Env") or [])
        return {**env, **self.arguments}

    def child(self) -> "StageState":
        """The beginning of a stage that is built FROM this one: an image of the same platform."""
        return StageState(
            self.platform,
            deep.deepcopy(self.config),
            list(self.layers),
            list(self.diff_ids),
            list(self.history),
            dict(self.arguments),
            lambda: self.tree.copy(),
            None,
            self.author,
        )


class Surroundings(Protocol):
    """What a stage asks of the build around it."""

    store: Store
    context: Context
    epoch: int
    escape: str

    def given(self, name: str) -> str | None: ...  # a --build-arg

    def default(self, name: str) -> str | None: ...  # a global ARG or a platform argument

    def files_from(self, source: str, line: int) -> Tree: ...  # COPY --from


class StageBuilder:
    """Applies instructions to a stage, one by one."""

    def __init__(self, state: StageState, around: Surroundings, created: str) -> None:
        self.state, self.around, self.created = state, around, created
        self.remark = ""  # what is worth a line about the last instruction

    def apply(self, each: Instruction) -> None:
        """Do one instruction; every error carries its line."""
        self.remark = ""
        try:
            getattr(self, f"_{each.name.lower()}")(each)
        except DockerfileError:
            raise
        except LabError as error:
            raise DockerfileError(error.what, each.line, error.next_step, each.end, id=error.id) from error

    # helpers of the instructions below

    def _word(self, each: Instruction, text: str) -> str:
        return instructions.word(each, text, self.state.variables, self.around.escape)

    def _words(self, each: Instruction) -> list[str]:
        words = each.words_json()
        words = split(each.value, self.around.escape) if words is None else words
        return [self._word(each, one) for one in words]

    def _note(self, text: str, empty: bool = True) -> None:
        entry: dict[str, Any] = {"created": self.created, "created_by": text, "comment": "embedded engine"}
        if self.state.author:
            entry["author"] = self.state.author
        self.state.history.append({**entry, "empty_layer": True} if empty else entry)

    def _layer(self, nodes: Mapping[str, FileNode], text: str) -> None:
        descriptor, diff_id = write_layer(self.around.store, nodes, self.around.epoch)
        self.state.layers.append(descriptor)
        self.state.diff_ids.append(diff_id)
        self._note(text, empty=False)

    def _absolute(self, path: str) -> str:
        return posixpath.join("/", self.state.config.get("WorkingDir") or "/", path)

    def _set_command(self, each: Instruction, key: str) -> None:
        self.state.config[key] = instructions.command(each, self.state.config)
        if not self.state.config[key]:
            del self.state.config[key]

    # instructions

    def _run(self, each: Instruction) -> None:
        raise DockerfileError(
            f"{NEEDS_ENGINE} ({each})",
            each.line,
            "take the RUN out, do its work in an earlier step and COPY the result, or start a Docker Engine",
            each.end,
            id="run-needs-docker-engine",
        )

    def _onbuild(self, each: Instruction) -> None:
        name = each.value.split()[0].upper()
        if name == "ONBUILD":
            raise parse_error(each.line, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
        if name in ("FROM", "MAINTAINER"):
            raise parse_error(each.line, f"{name} isn't allowed as an ONBUILD trigger")
        self.state.config["OnBuild"] = [*(self.state.config.get("OnBuild") or []), each.value]

    def _arg(self, each: Instruction) -> None:
        shown = []
        for name, default in instructions.arguments(each, self.state.variables, self.around.escape):
            given = self.around.given(name)
            value = given if given is not None else default if default is not None else self.around.default(name)
            if value is not None:
                self.state.arguments[name] = value
            # What --build-arg gave is not written down, as with BuildKit; a default is.
            shown.append(name if default is None else f"{name}={default}")
        self._note("ARG " + " ".join(shown))

    def _env(self, each: Instruction) -> None:
        found = instructions.pairs(each, self.state.variables, self.around.escape)
        for key, value in found:
            instructions.set_env(self.state.config, key, value)
            self.state.arguments.pop(key, None)
        self._note("ENV " + " ".join(f"{key}={value}" for key, value in found))

    def _label(self, each: Instruction) -> None:
        found = instructions.pairs(each, self.state.variables, self.around.escape)
        self.state.config["Labels"] = {**(self.state.config.get("Labels") or {}), **dict(found)}
        self._note("LABEL " + " ".join(f"{key}={value}" for key, value in found))

    def _maintainer(self, each: Instruction) -> None:
        self.state.author = each.value
        self._note(f"MAINTAINER {each.value}")

    def _user(self, each: Instruction) -> None:
        self.state.config["User"] = self._word(each, each.value)
        self._note(f"USER {self.state.config['User']}")
        if not self.state.config["User"]:
            del self.state.config["User"]

    def _expose(self, each: Instruction) -> None:
        found = instructions.ports(each, self._words(each))
        self.state.config["ExposedPorts"] = {**(self.state.config.get("ExposedPorts") or {}), **{p: {} for p in found}}
        self._note("EXPOSE " + " ".join(found))

    def _volume(self, each: Instruction) -> None:
        found = self._words(each)
        if not found:
            raise parse_error(each.line, "VOLUME requires at least one argument")
        if not all(path.strip() for path in found):
            raise parse_error(each.line, "VOLUME specified can not be an empty string")
        self.state.config["Volumes"] = {**(self.state.config.get("Volumes") or {}), **{path: {} for path in found}}
        self._note("VOLUME [" + " ".join(found) + "]")

    def _stopsignal(self, each: Instruction) -> None:
        self.state.config["StopSignal"] = instructions.signal(each, self._word(each, each.value))
        self._note(f"STOPSIGNAL {self.state.config['StopSignal']}")

    def _shell(self, each: Instruction) -> None:
        self.state.config["Shell"] = instructions.shell(each)
        self._note(f"SHELL {each.value}")

    def _entrypoint(self, each: Instruction) -> None:
        self._set_command(each, "Entrypoint")
        if not self.state.command_set:
            self.state.config.pop("Cmd", None)  # the base's CMD was meant for the base's ENTRYPOINT
        self._note(f"ENTRYPOINT {each.value}")

    def _cmd(self, each: Instruction) -> None:
        self._set_command(each, "Cmd")
        self.state.config["ArgsEscaped"] = True  # as BuildKit marks every CMD, and nothing unmarks it
        self.state.command_set = True
        self._note(f"CMD {each.value}")

    def _healthcheck(self, each: Instruction) -> None:
        self.state.config["Healthcheck"] = instructions.health(each, self.state.config)
        self._note(f"HEALTHCHECK {each.value}")

    def _workdir(self, each: Instruction) -> None:
        path = posixpath.normpath(self._absolute(self._word(each, each.value)))
        self.state.config["WorkingDir"] = "/" + path.strip("/")
        if not path.strip("/"):
            self._note(f"WORKDIR {path}")
            return
        layer = copying.Layer(self.state.tree)
        user = str(self.state.config.get("User") or "")
        owner = copying.parse_user(user, self.state.tree) if user else None
        layer.make_folders(self.state.tree.resolve(path), copying.OwnerAndMode(owner))
        self._layer(layer.nodes, f"WORKDIR {path}")  # empty when the folder is there, as with BuildKit

    def _copy(self, each: Instruction) -> None:
        self._add_files(each, unpack=False)

    def _add(self, each: Instruction) -> None:
        self._add_files(each, unpack=True)

    def _add_files(self, each: Instruction, unpack: bool) -> None:
        *names, destination = self._arguments(each)
        for name in names:
            if unpack and (name.startswith(("http://", "https://", "git@", "git://")) or name.endswith(".git")):
                raise DockerfileError(
                    f"ADD of {name} needs a Docker Engine: the embedded engine adds local files only",
                    each.line,
                    "download the file first and COPY it",
                    id="add-needs-docker-engine",
                )
        source = each.flag("from")
        tree = self.around.files_from(self._word(each, source), each.line) if source else self.around.context.tree
        change = self._change(each)
        layer = copying.Layer(self.state.tree)
        self._documents(each, names, destination, layer, change)
        files = [name for name in names if not name.startswith("<<")]
        try:
            found = copying.sources(files, tree)
        except copying.MissingSource as error:
            if not source and self.around.context.ignores(error.path):
                error.next_step = f"{self.around.context.ignore_file} excludes it: allow it there with !{error.path}"
            raise
        unmatched = [name for name in files if has_wildcard(name) and not copying.sources([name], tree)]
        if unmatched:
            self.remark = f"no file matches {' '.join(unmatched)}; nothing is copied for it"
        if found:
            copying.copy(layer, tree, found, self._absolute(destination), change, unpack)
        self._layer(layer.nodes, str(each))

    def _arguments(self, each: Instruction) -> list[str]:
        for flag in ("parents", "exclude", "checksum", "keep-git-dir", "unpack"):
            if each.flag(flag):
                words = f"{each.name} --{flag} needs a Docker Engine: the embedded engine has no such flag"
                raise DockerfileError(words, each.line, f"write the {each.name} without it", id="copy-flag-not-served")
        words_ = each.words_json()
        plain = each.value.split() if words_ is None else words_
        if len(plain) < 2:
            raise parse_error(each.line, f"{each.name} requires at least two arguments, but only one was provided. "
                                         "Destination could not be determined")  # fmt: skip
        return [one if one.startswith("<<") else self._word(each, one) for one in plain]

    def _change(self, each: Instruction) -> copying.OwnerAndMode:
        owner, mode = self._word(each, each.flag("chown")), self._word(each, each.flag("chmod"))
        return copying.OwnerAndMode(
            copying.parse_owner(owner, self.state.tree) if owner else None,
            copying.parse_mode(mode) if mode else None,
        )

    def _documents(
        self, each: Instruction, names: list[str], destination: str, layer: copying.Layer, change: copying.OwnerAndMode
    ) -> None:
        for document in each.heredocs:
            text = document.text
            if document.expand:
                text = expand_text(text, self.state.variables, self.around.escape)
            tree = Tree({"": FileNode(tarfile.DIRTYPE, 0o755), document.name: text_file(text)})
            copying.copy(layer, tree, [document.name], self._absolute(destination), change)
