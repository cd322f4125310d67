"""The kit's own rules: one module a subject, each a list of functions from what is known to findings."""
