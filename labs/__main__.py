"""``python -m labs``: the command line without the installed script."""

import sys

from labs.cli import main

sys.exit(main())
