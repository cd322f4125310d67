"""The stages of the course: one folder each. See ``stage.py`` for what a folder holds."""
