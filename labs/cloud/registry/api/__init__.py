"""The ECR API: one operation in, its answer or its exception out.

Door: ``ecr_api.EcrApi``.
"""
