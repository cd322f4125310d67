"""The Fargate Lab Kit. A notebook needs one line: ``from labs import lab``.

The rooms, who may import whom, and where a new thing goes: ARCHITECTURE.md.
"""
