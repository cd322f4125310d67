"""Stage 02: a push under the six documented actions, and the refusal that is wanted."""
