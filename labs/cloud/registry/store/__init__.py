"""What the registry keeps: layers by digest, images, repositories, uploads, tokens.

Door: ``registry_store.EcrStore``.
"""
