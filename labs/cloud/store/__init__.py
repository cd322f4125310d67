"""moto, pinned and in process, as the store behind the gateway. It never decides who may do what.

Door: ``dispatch.MotoStore`` runs one call. ``determinism`` gives a replay the same ids and times, ``pickling`` moto's
objects as bytes, ``ec2_reader`` a VPC as plain data.
"""
