"""The command line, one file a command: each parses its words, calls, and prints. ``labs.cli`` has the table."""
