"""Stage 03: the missing action is added, and nothing more; both platforms are pushed."""
