"""What the client said: the refusals and failures in the output of docker or buildx.

The forms are those of BuildKit 0.12 and later, of older BuildKit, and of ``docker push`` with either image store.
"""

import re
from dataclasses import dataclass
from enum import Enum

from labs.verdict.trail import SENTENCE

_STATUS_LINE = re.compile(
    r"unexpected status from (?P<method>[A-Z]+) request to (?P<url>https?://\S+?): (?P<status>\d{3})\b"
)
_BARE_STATUS = re.compile(r"unexpected status: (?P<status>\d{3})\b")
# What a push that worked ends with: buildx's, and docker push's with the line it begins with.
_PUSHED = re.compile(r"pushing manifest for (?P<image>\S+?)@sha256:[0-9a-f]{64}(?: [\d.]+s)? done")
_PUSHED_TAG = re.compile(r"^(?P<tag>[\w.-]+): digest: sha256:[0-9a-f]{64} size: \d+", re.MULTILINE)
_PUSH_OF = re.compile(r"The push refers to repository \[(?P<repository>[^\]]+)\]")
# A step of a build says its platform, "linux/amd64->linux/arm64" where it runs on one for another (BuildKit).
_STEP = re.compile(r"^#\d+ \[(?:(?P<on>linux/[\w/]+?)(?:->(?P<target>[\w/]+))? )?[^\]]*\]", re.MULTILINE)
_EXPORTED = re.compile(r"exporting manifest (?P<digest>sha256:[0-9a-f]{64})")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOT_LOGGED_IN = ("no basic auth credentials", "401 Unauthorized", "authorization failed")
_EXPIRED = "authorization token has expired"
_GONE = ("connection refused", "connection reset by peer", ": EOF", "no such host", "i/o timeout")
_NO_REPOSITORY = ("name unknown:", "NAME_UNKNOWN", "repository name not known to registry")


class ClientTrouble(Enum):
    """What kind of failure the client reports."""

    NONE = "none"
    REFUSED = "refused"
    NOT_LOGGED_IN = "not logged in"
    EXPIRED = "the login has expired"
    NO_REPOSITORY = "the repository does not exist"
    GONE = "the registry did not answer"
    OTHER = "another failure"


@dataclass(frozen=True)
class ClientWords:
    """The failure in a client's output.

    ``line`` is the client's own line; ``method``, ``url`` and ``status`` are set for an HTTP status;
    ``action`` and ``principal`` when the client passed AWS's sentence on.
    """

    trouble: ClientTrouble
    line: str = ""
    method: str = ""
    url: str = ""
    status: int = 0
    action: str = ""
    principal: str = ""
    resource: str = ""

    def blob_of(self, repository: str) -> bool:
        """Whether the refused request was for a blob of that repository (``/v2/REPOSITORY/blobs/...``)."""
        return f"/v2/{repository}/blobs/" in self.url

    def names(self, repository: str) -> bool:
        """Whether the refusal is about that repository, by its URL or by AWS's sentence."""
        return f"/v2/{repository}/" in self.url or self.resource.endswith(f":repository/{repository}")


def read_words(text: str) -> ClientWords:
    """Find the failure in a client's output; Trouble.NONE when it reports none."""
    lines = [line.strip() for line in _ANSI.sub("", text).splitlines() if line.strip()]
    for line in reversed(lines):
        match = _STATUS_LINE.search(line)
        if match and match["status"] in ("401", "403"):
            said = SENTENCE.search("\n".join(lines))
            trouble = ClientTrouble.REFUSED if match["status"] == "403" else ClientTrouble.NOT_LOGGED_IN
            return ClientWords(
                trouble,
                line,
                match["method"],
                match["url"],
                int(match["status"]),
                said["action"] if said else "",
                said["principal"] if said else "",
                (said["resource"] or "") if said else "",
            )
    for line in reversed(lines):
        said = SENTENCE.search(line)
        if said:
            refused = (said["action"], said["principal"], said["resource"] or "")
            return ClientWords(ClientTrouble.REFUSED, line, "", "", 403, *refused)
        trouble = _trouble(line)
        if trouble is not ClientTrouble.NONE:
            bare = _BARE_STATUS.search(line)
            return ClientWords(trouble, line, status=int(bare["status"]) if bare else 0)
    return ClientWords(ClientTrouble.NONE)


def pushed_image(text: str) -> str:
    """The name of the image that the output shows pushed to its end, ``HOST/NAME:TAG``; empty when it shows none."""
    plain = _ANSI.sub("", text)
    by_buildx = list(_PUSHED.finditer(plain))
    if by_buildx:
        return by_buildx[-1]["image"]
    repository, tag = _PUSH_OF.search(plain), _PUSHED_TAG.search(plain)
    return f"{repository['repository']}:{tag['tag']}" if repository and tag else ""


@dataclass(frozen=True)
class BuildWords:
    """What the output shows of a build: whether it shows steps, of which platforms, and how many image manifests."""

    steps: bool
    platforms: frozenset[str]
    manifests: int


def read_build(text: str) -> BuildWords:
    """The build in a client's output; BuildKit names a step's platform only where it builds for several."""
    plain = _ANSI.sub("", text)
    steps = list(_STEP.finditer(plain))
    named = [(step["target"] or step["on"], step["on"]) for step in steps if step["on"]]
    # "linux/amd64->arm64": the target's operating system is left out where it is the same.
    platforms = frozenset(name if name.count("/") else f"{on.split('/')[0]}/{name}" for name, on in named)
    return BuildWords(bool(steps), platforms, len({found["digest"] for found in _EXPORTED.finditer(plain)}))


def _trouble(line: str) -> ClientTrouble:
    bare = _BARE_STATUS.search(line)
    if bare and bare["status"] == "403":
        return ClientTrouble.REFUSED
    if _EXPIRED in line:
        return ClientTrouble.EXPIRED
    if any(words in line for words in _NOT_LOGGED_IN):
        return ClientTrouble.NOT_LOGGED_IN
    if any(words in line for words in _NO_REPOSITORY):
        return ClientTrouble.NO_REPOSITORY
    if line.lower().startswith(("error", "failed", "denied", "unknown:")):
        return ClientTrouble.GONE if any(words in line for words in _GONE) else ClientTrouble.OTHER
    return ClientTrouble.NONE
