"""The stages of the course: one folder each, and nothing else. ``labs.lesson.stage`` says what a folder holds."""
