"""The local AWS: gateway, signatures, authorisation, registry, trail and state behind one loopback port.

``front.assembly.LocalAws`` is the door: one WSGI application over one state folder; ``labs cloud`` serves it.
Everybody else speaks HTTP to it: nothing but that command imports this package.
"""
