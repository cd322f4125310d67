"""What the registry decides by: spelling, manifests, the action behind each call, and what it refuses.

Door: ``call_actions`` for HTTP, ``registry_errors`` for whoever refuses.
"""
