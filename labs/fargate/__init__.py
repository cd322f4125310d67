"""Starting a task on Fargate: what it needs, in AWS's order, AWS's words when it fails, and the cause."""
