"""``labs`` with a checkpoint after every few changes instead of every five hundred, to be killed around them."""

import sys

from labs.cli import main
from labs.cloud.state import replay

replay.EVERY = 5
sys.exit(main())
