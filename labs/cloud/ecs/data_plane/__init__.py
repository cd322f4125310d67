"""Tasks as they live: the loop, a task's life, its containers, and what runs them."""
