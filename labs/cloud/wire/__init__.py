"""Bytes and connections: the HTTP server, a request and an answer as plain data, a body as it comes, the log.

Door: ``server`` listens and serves; ``request`` and ``answer`` are what every other wing sees of HTTP.
"""
