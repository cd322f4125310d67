"""Stage 01: one image for two platforms, built, read and run."""
