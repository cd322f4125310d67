"""What ECS decides, as pure functions: what Fargate refuses, a start's plan, a service's next step, its event texts."""
