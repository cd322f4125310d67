"""``python -m labs``, and this file by its path: the command line without the installed script."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def _this_package() -> None:
    """Make ``labs`` the package that this file lies in; no folder of its comes onto ``sys.path`` for that."""
    spec = spec_from_file_location("labs", _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules["labs"] = package = module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # -m puts the current folder first, a path the file's own: the rest is not imported from there.
        del sys.path[0]
    if not __package__:
        _this_package()
    from labs.cli import main

    sys.exit(main())
