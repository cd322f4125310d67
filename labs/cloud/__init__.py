"""The local AWS: gateway, signatures, authorisation, registry, trail and state behind one loopback port."""
