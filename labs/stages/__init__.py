"""The stages of the course: one folder each, and nothing else. ``labs.lesson.stage`` says what a folder holds.

A stage may import ``subjects``, ``lesson`` and what lies below them, never another stage.
"""
