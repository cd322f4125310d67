"""What every command of the embedded engine works with: the environment, the store, the logins, and where words go."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from labs import oci
from labs.engine.archive import Image
from labs.engine.embedded.build_progress import BuildProgress
from labs.engine.embedded.docker_credentials import DockerLogins
from labs.engine.embedded.image_store import Store
from labs.engine.embedded.reference import Reference, parse
from labs.engine.embedded.registry_alias import resolved
from labs.errors import LabError
from labs.installed import home_folder
from labs.ownership import check_folder
from labs.printable import printable_lines

# Half of what a docker command takes is imports, half of those HTTP and TLS: only what speaks to a registry has them.
if TYPE_CHECKING:
    from labs.engine.embedded.registry_client import RegistryClient
    from labs.engine.embedded.transfer import Seen


@dataclass
class Workspace:
    """One call of the ``docker`` command, or one engine inside a notebook."""

    env: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def store(self) -> Store:
        """The local images."""
        home = home_folder(self.env)
        check_folder(home)
        return Store(home / "embedded")

    @cached_property
    def credentials(self) -> DockerLogins:
        """The logins of DOCKER_CONFIG."""
        return DockerLogins.of(self.env)

    def registry(self, host: str) -> "RegistryClient":
        """A registry, with the login for it when there is one."""
        from labs.engine.embedded.registry_client import RegistryClient

        return RegistryClient(self.resolved(host), self.credentials)

    def resolved(self, host: str) -> str:
        """The host that is spoken to, and under which its login is kept: see ``registry_alias``."""
        return resolved(host, self.env, home_folder(self.env))

    def say(self, line: str) -> None:
        """A line of progress, where Docker's goes: stderr."""
        print(printable_lines(line), file=sys.stderr, flush=True)

    def out(self, line: str) -> None:
        """A line of result: stdout."""
        print(printable_lines(line), flush=True)

    def pull(
        self, reference: Reference, platforms: tuple[oci.Platform, ...], seen: "Seen | None" = None
    ) -> oci.Descriptor:
        """Bring an image and the content of some of its platforms into the store; what the reference names.

        LabError in containerd's words, "no match for platform in manifest" among them.
        """
        from labs.engine.embedded.transfer import Pull, nothing

        registry = self.registry(reference.host)
        try:
            pull = Pull(registry, self.store, reference, seen or nothing)
            try:
                top = pull.resolve()
            except LabError as error:
                raise Unresolved(error.what, error.next_step, id=error.id) from error
            found = pull.manifest(top)
            if isinstance(found, oci.Manifest):
                pull.content(top)
                self._matches(self.store.image(str(reference), top), platforms)
                return top
            for platform in platforms:
                entry = next((e for e in found.manifests if e.platform == platform and not e.is_attestation), None)
                if entry is None:
                    raise no_platform(found.platforms)
                pull.content(entry)
            return top
        finally:
            registry.close()

    def _matches(self, image: Image, platforms: tuple[oci.Platform, ...]) -> None:
        if any(platform not in image.platforms for platform in platforms):
            raise no_platform(image.platforms)


class Unresolved(LabError):
    """What a reference names could not be found out."""


def daemon_error(error: LabError, reference: Reference) -> LabError:
    """A pull that failed, in the words of docker pull."""
    where = f'failed to resolve reference "{reference}": ' if isinstance(error, Unresolved) else ""
    return LabError(f"Error response from daemon: {where}{error.what}", error.next_step, id=error.id)


def no_context(name: str) -> LabError:
    """Docker's words for a context that nobody made."""
    return LabError(
        f'context "{name}": context not found', "the embedded engine has one: default", id="no-such-context"
    )


def no_platform(there: tuple[oci.Platform, ...]) -> LabError:
    """BuildKit's words for an image that lacks a platform."""
    has = ", ".join(str(each) for each in there) or "none"
    return LabError("no match for platform in manifest: not found", f"the image has: {has}", id="no-match-for-platform")


@dataclass
class WorkspaceBases:
    """FROM and COPY --from: the local store first, then the registry that the name says."""

    workspace: Workspace
    progress: BuildProgress
    pull: bool = False  # ask the registry even for what is in the store
    found: dict[tuple[str, oci.Platform], Image] = field(default_factory=dict)

    def image(self, name: str, platform: oci.Platform) -> Image:
        """The image, complete for the platform; LabError as BuildKit words it."""
        if (name, platform) not in self.found:
            try:
                reference = parse(name)
            except LabError as error:
                raise LabError(
                    f'failed to parse stage name "{name}": {error.what}', error.next_step, id=error.id
                ) from error
            with self.progress.step(f"[{platform} internal] load metadata for {reference}"):
                self.found[name, platform] = self._resolve(name, reference, platform)
        return self.found[name, platform]

    def _resolve(self, name: str, reference: Reference, platform: oci.Platform) -> Image:
        store = self.workspace.store
        here = store.names().get(str(reference))
        if here and not self.pull and platform in store.image(name, here).platforms:
            image = store.image(name, here)
            if all(store.has(each.digest) for each in image.manifest(platform).layers):
                return image
        try:
            top = self.workspace.pull(reference, (platform,))
        except LabError as error:
            words = f"{name}: failed to resolve source metadata for {reference}: {error.what}"
            raise LabError(words, error.next_step, id=error.id) from error
        return store.image(name, top)
