"""The machinery of the course: stages found by their folders, the bench, checks, hints, progress, undoing."""
