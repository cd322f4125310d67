"""Stage 07: everything is taken back, and the receipt says so."""
