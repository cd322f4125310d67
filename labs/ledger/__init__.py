"""What the lab made, written down before it is made, and taking it back with a receipt."""
