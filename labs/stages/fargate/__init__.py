"""Stage 05: roles, a secret, a log and an ARM64 service that keeps itself running."""
