"""Tasks as they live: the loop, a task's life, its start as ``labs.fargate`` plans it, its containers, what runs them.

Door: ``loop.Loop``.
"""
