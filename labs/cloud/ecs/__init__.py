"""ECS on Fargate, wholly the kit's own: the API, its store, and the loop that runs tasks and keeps services.

Door: ``Ecs``.
"""

from labs.cloud.ecs.ecs import Ecs

__all__ = ["Ecs"]
