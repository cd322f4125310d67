"""The AWS APIs' one door, which chains the wings; and the parts put together over one state folder.

Door: ``assembly.LocalAws`` is the whole as one WSGI application; ``gateway`` reads, verifies, authorises and records
each call, ``backend`` knows who carries it out.
"""
