"""The actions that AWS documents for a push, and how the lab's tests name them.

Amazon ECR user guide, "IAM permissions for pushing an image": these and GetAuthorizationToken.
"""

SIX = tuple(
    f"ecr:{name}"
    for name in (
        "BatchCheckLayerAvailability",
        "BatchGetImage",
        "CompleteLayerUpload",
        "InitiateLayerUpload",
        "PutImage",
        "UploadLayerPart",
    )
)
# And what buildx asks for besides.
SEVEN = tuple(sorted((*SIX, "ecr:GetDownloadUrlForLayer")))
# What the guide named until about 2024.
FIVE = tuple(action for action in SIX if action != "ecr:BatchGetImage")
