"""What ECS keeps: clusters, task definitions, services and tasks, as values in memory and in SQLite.

Door: ``ecs_store.EcsStore``; ``records`` are its values.
"""
