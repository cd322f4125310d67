"""An image's bytes, read: its machine code, its user, secrets baked into it, and what its FROM is pinned to."""
