"""The command line, one file a command: each parses its words, calls, and prints. ``labs.cli`` has the table.

A command may import everything below it; nothing imports a command.
"""
