"""A build that did not succeed, apart from the build: a login or a push need not load all of that to print it."""

from labs.errors import LabError


class BuildError(LabError):
    """A build that did not succeed; ``excerpt`` is what buildx prints before the last line."""

    exit_code = 1

    def __init__(self, what: str, next_step: str = "", excerpt: str = "", *, id: str) -> None:
        super().__init__(what, next_step, id=id)
        self.excerpt = excerpt
