"""The registry under ``/v2/``: OCI distribution over HTTP, each call decided by IAM.

Door: ``http.registry_app``.
"""
