"""The operations that are the local AWS's own: STS, IAM's simulators and document checks, tagging.

Door: ``sts``, ``web_identity`` (a token in place of a signature), ``simulate``, ``documents`` and ``tagging``; the
front's backend chooses among them, ECR, ECS and moto.
"""
