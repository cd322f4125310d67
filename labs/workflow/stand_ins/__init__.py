"""What the kit's stand-ins for published actions do, each with the calls and the words of the real one.

The door is ``__main__.py``: a composite action in ``labs/workflow/actions`` runs it in a job, with its inputs.
"""
