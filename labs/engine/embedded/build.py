"""A build: the stages that the target needs, once a platform, and the index over the results.

The same Dockerfile, context and arguments give the same digests on every machine: time stamps are SOURCE_DATE_EPOCH
(default 0), entries are sorted, nothing of the machine goes in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded import instructions
from labs.engine.embedded.build_progress import BuildProgress
from labs.engine.embedded.build_stage import StageBuilder, StageState
from labs.engine.embedded.context import Context
from labs.engine.embedded.dockerfile import BuildStage, Dockerfile, DockerfileError, Instruction, plain_error, read
from labs.engine.embedded.image_store import Store, described
from labs.engine.embedded.lexer import WordError, expand, split
from labs.engine.embedded.platforms import native, parse_platform
from labs.engine.embedded.rootfs import Tree, tree_of
from labs.errors import LabError


class Bases(Protocol):
    """Where FROM and COPY --from find images: complete for the platform, or LabError in BuildKit's words."""

    def image(self, name: str, platform: oci.Platform) -> Image: ...


@dataclass(frozen=True)
class Recipe:
    """What is built."""

    dockerfile: Dockerfile
    context: Context
    platforms: tuple[oci.Platform, ...]
    arguments: Mapping[str, str] = field(default_factory=dict)  # --build-arg
    labels: Mapping[str, str] = field(default_factory=dict)  # --label
    target: str = ""
    epoch: int = 0  # seconds since 1970
    index: bool = False  # an index even for one platform: BUILDKIT_MULTI_PLATFORM


def build(recipe: Recipe, store: Store, bases: Bases, progress: BuildProgress) -> oci.Descriptor:
    """Build and store an image: one manifest for one platform, an OCI index for several."""
    made = [_PlatformBuild(recipe, store, bases, progress, each).run() for each in recipe.platforms]
    if len(made) == 1 and not recipe.index:
        return made[0]
    document = {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [described(each) for each in made]}
    return store.add_json(document, oci.OCI_INDEX)


class _PlatformBuild:
    """One platform's build; it is the Surroundings of its stages."""

    def __init__(
        self, recipe: Recipe, store: Store, bases: Bases, progress: BuildProgress, platform: oci.Platform
    ) -> None:
        self.recipe, self.store, self.bases, self.progress, self.platform = recipe, store, bases, progress, platform
        self.context, self.epoch, self.escape = recipe.context, recipe.epoch, recipe.dockerfile.escape
        self.created = datetime.fromtimestamp(recipe.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.done: dict[int, StageState] = {}
        self.running: set[int] = set()
        self.automatic = _platform_arguments(platform, native())
        self.globals = self._globals()

    def run(self) -> oci.Descriptor:
        state = self.state(self._target())
        config = {**state.config}
        if self.recipe.labels:
            config["Labels"] = {**(config.get("Labels") or {}), **self.recipe.labels}
        document: dict[str, Any] = {"created": self.created, "architecture": state.platform.architecture}
        if state.platform.variant:
            document["variant"] = state.platform.variant
        document |= {"os": state.platform.os, "config": dict(sorted(config.items()))}
        document |= {"rootfs": {"type": "layers", "diff_ids": state.diff_ids}, "history": state.history}
        if state.author:
            document["author"] = state.author
        manifest = {
            "schemaVersion": 2,
            "mediaType": oci.OCI_MANIFEST,
            "config": described(self.store.add_json(document, oci.OCI_CONFIG)),
            "layers": [described(layer) for layer in state.layers],
        }
        made = self.store.add_json(manifest, oci.OCI_MANIFEST)
        return oci.Descriptor(made.media_type, made.digest, made.size, self.platform)

    # Surroundings

    def given(self, name: str) -> str | None:
        return self.recipe.arguments.get(name)

    def default(self, name: str) -> str | None:
        return self.globals.get(name, self.automatic.get(name))

    def files_from(self, source: str, line: int) -> Tree:
        stage = self._stage_number(source)
        if stage is not None:
            return self.state(stage).tree
        if source.isdigit():
            raise DockerfileError(f"invalid stage index {source}", line, id="invalid-from-flag")
        return tree_of(self._base(source, self.platform, line), self.platform)

    # stages

    def state(self, number: int) -> StageState:
        """A finished stage; built when it is first needed, so that an unused stage costs and breaks nothing."""
        if number not in self.done:
            stage = self.recipe.dockerfile.stages[number]
            if number in self.running:
                raise DockerfileError(
                    "circular dependency detected on stage: " + (stage.name or str(number)),
                    stage.line,
                    id="circular-build-stages",
                )
            self.running.add(number)
            self.done[number] = self._stage(number, stage)
        return self.done[number]

    def _stage(self, number: int, stage: BuildStage) -> StageState:
        platform = self._stage_platform(stage)
        name = self._from_word(stage, stage.base)
        if not name:
            raise plain_error(
                stage.line,
                f"base name ({stage.base}) should not be blank",
                f"give the name with --build-arg, or give the ARG a default: {stage.base} is empty",
            )
        state = self._beginning(number, name, platform, stage)
        todo = (*self._triggers(state, stage.line), *stage.instructions)
        for each in todo:
            needed = self._stage_number(each.flag("from")) if each.flag("from") else None
            if needed is not None and needed > number:
                raise DockerfileError(
                    f'cannot copy from stage "{each.flag("from")}", it needs to be defined before current stage '
                    f'"{stage.name or number}"',
                    each.line,
                    "put that stage above this one",
                    id="copy-from-later-stage",
                )
            if needed is not None:
                self.state(needed)
        steps = [each for each in todo if each.name in ("COPY", "ADD", "RUN", "WORKDIR")]
        title = f"{platform}" + (f" {stage.name}" if stage.name else "")
        with self.progress.step(f"[{title} 1/{len(steps) + 1}] FROM {name}"):
            pass
        builder = StageBuilder(state, self, self.created)
        for each in todo:
            if each in steps:
                with self.progress.step(f"[{title} {steps.index(each) + 2}/{len(steps) + 1}] {each}") as detail:
                    builder.apply(each)
                    if builder.remark:
                        detail(builder.remark)
            else:
                builder.apply(each)
        return state

    def _triggers(self, state: StageState, line: int) -> Sequence[Instruction]:
        """The ONBUILD triggers of the base, once: what they say is done in place of the line FROM."""
        found = []
        for text in state.config.pop("OnBuild", None) or ():
            read_ = read(f"FROM scratch\n{text}\n".encode()).stages[0].instructions
            found += [replace(each, line=line, end=line) for each in read_]
        return found

    def _beginning(self, number: int, name: str, platform: oci.Platform, stage: BuildStage) -> StageState:
        if name == "scratch":
            return StageState(self.platform, {"Env": [instructions.DEFAULT_PATH], "WorkingDir": "/"})
        before = self._stage_number(name, number)
        if before is not None:
            return self.state(before).child()
        image = self._base(name, platform, stage.line)
        document = image.config(platform)
        config = dict(document.get("config") or {})
        return StageState(
            platform,
            config,
            list(image.manifest(platform).layers),
            list((document.get("rootfs") or {}).get("diff_ids") or []),
            list(document.get("history") or []),
            load=lambda: tree_of(image, platform),
        )

    def _base(self, name: str, platform: oci.Platform, line: int) -> Image:
        try:
            return self.bases.image(name, platform)
        except LabError as error:
            raise DockerfileError(error.what, line, error.next_step, id=error.id) from error

    def _stage_number(self, name: str, before: int | None = None) -> int | None:
        stages = self.recipe.dockerfile.stages[:before]
        for at in reversed(range(len(stages))):
            if stages[at].name and stages[at].name == name.lower():
                return at
        if before is None and name.isdigit() and int(name) < len(stages):
            return int(name)
        return None

    def _target(self) -> int:
        if not self.recipe.target:
            return len(self.recipe.dockerfile.stages) - 1
        found = self._stage_number(self.recipe.target, len(self.recipe.dockerfile.stages))  # by name alone
        if found is None:
            names = ", ".join(stage.name for stage in self.recipe.dockerfile.stages if stage.name) or "none"
            raise DockerfileError(
                f'target stage "{self.recipe.target}" could not be found',
                next_step=f"the named stages are: {names}",
                id="no-such-build-target",
            )
        return found

    def _stage_platform(self, stage: BuildStage) -> oci.Platform:
        if not stage.platform:
            return self.platform
        text = self._from_word(stage, stage.platform)
        try:
            return parse_platform(text)
        except LabError as error:
            words = f"failed to parse platform {text}: {error.what}"
            raise DockerfileError(words, stage.line, error.next_step, id="unknown-stage-platform") from None

    # arguments

    def _globals(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in self.recipe.dockerfile.arguments:
            known = {**self.automatic, **found}
            for name, default in instructions.arguments(each, known, self.escape):
                value = self.given(name)
                value = default if value is None else value
                value = self.automatic.get(name) if value is None else value
                if value is not None:
                    found[name] = value
        return found

    def _from_word(self, stage: BuildStage, text: str) -> str:
        given = {name: value for name, value in self.recipe.arguments.items() if name in self.automatic}
        try:
            return expand(text, {**self.automatic, **given, **self.globals}, self.escape)
        except WordError as error:
            raise DockerfileError(
                f'failed to process "{text}": {error}', stage.line, id="word-not-processed"
            ) from error


def _platform_arguments(target: oci.Platform, builder: oci.Platform) -> dict[str, str]:
    """The ARGs that BuildKit sets by itself; in a stage they need an ARG line, in FROM they do not."""
    found = {}
    for prefix, each in (("TARGET", target), ("BUILD", builder)):
        found[f"{prefix}PLATFORM"] = str(each)
        found[f"{prefix}OS"] = each.os
        found[f"{prefix}ARCH"] = each.architecture
        found[f"{prefix}VARIANT"] = each.variant
    return found


def unused_arguments(recipe: Recipe) -> Sequence[str]:
    """The --build-args that no ARG of the Dockerfile takes."""
    every = [*recipe.dockerfile.arguments]
    for stage in recipe.dockerfile.stages:
        every.extend(each for each in stage.instructions if each.name == "ARG")
    declared = {word.partition("=")[0] for each in every for word in split(each.value, recipe.dockerfile.escape)}
    known = declared | set(_platform_arguments(native(), native()))
    quiet = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "SOURCE_DATE_EPOCH"}
    return sorted(name for name in recipe.arguments if name not in known and name.upper() not in quiet)
