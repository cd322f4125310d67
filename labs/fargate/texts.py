"""AWS's words when a task does not start or stops."""

from labs.aws_texts import texts

TEXTS = texts("ecs_stops")
