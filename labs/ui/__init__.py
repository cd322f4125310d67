"""What a notebook shows: plain text first, pictures and widgets over the same data."""
