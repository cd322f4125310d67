"""What ECS keeps: clusters, task definitions, services and tasks, as values in memory and in SQLite."""
