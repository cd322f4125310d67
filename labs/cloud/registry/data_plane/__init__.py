"""The registry under ``/v2/``: OCI distribution over HTTP."""
