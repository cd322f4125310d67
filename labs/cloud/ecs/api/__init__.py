"""ECS's API: one operation in, its answer or its exception out.

Door: ``ecs_api.EcsApi``.
"""
