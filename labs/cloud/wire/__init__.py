"""Bytes and connections: the HTTP server, a request as plain data, its body, the log."""
