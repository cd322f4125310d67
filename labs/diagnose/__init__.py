"""Looking at an account, read-only: snapshots for ``labs.network`` and the commands over them."""
