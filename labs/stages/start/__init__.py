"""Stage 00: the trainee meets the target, the engine, the cost and the clock; nothing is created."""
