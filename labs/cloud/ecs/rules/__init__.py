"""What ECS decides by: what Fargate refuses, a new task's record, a service's next step, its event texts.

Door: ``fargate_rules`` for the API, ``scheduler`` for the loop; ``ecs_errors`` for whoever refuses.
"""
