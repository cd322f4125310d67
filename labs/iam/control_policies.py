"""Whom and what the control policies of an organization bind.

Source: AWS Organizations User Guide, orgs_manage_policies_scps ("SCPs do not affect any service-linked role") and
orgs_manage_policies_rcps ("List of AWS services that support RCPs", "Resources and entities not restricted by RCPs"),
read in November 2026.
"""

from labs.iam.decision import Principal, PrincipalKind, Request

# Service control policies limit the principals of an account; these belong to none.
_OUTSIDE = (PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS)
_LISTED = """
    aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory cloudfront cloudsearch
    cloudtrail-data codeartifact codebuild codecommit codepipeline cognito-identity cognito-idp comprehend
    comprehendmedical compute-optimizer cost-optimization-hub dax dsql dynamodb ecr ecr-public events firehose fis fms
    gamelift health inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor notifications opensearch
    pca-connector-ad personalize polly pricing resource-groups rolesanywhere s3 secretsmanager servicediscovery signin
    sqs sts support swf textract timestream-influxdb transcribe transfer translate wafv2 workspaces xray
"""
_RCP_SERVICES = frozenset(_LISTED.split())
_NOT_BY_RCPS = "kms:retiregrant"


def scps_bind(principal: Principal) -> bool:
    """Whether service control policies limit this principal."""
    return principal.kind not in _OUTSIDE and not is_service_linked(principal)


def rcps_bind(request: Request) -> bool:
    """Whether resource control policies limit this request. AWS managed keys of KMS cannot be told by their ARN."""
    action = request.action.lower()
    service = action.partition(":")[0]
    return service in _RCP_SERVICES and action != _NOT_BY_RCPS and not is_service_linked(request.principal)


def is_service_linked(principal: Principal) -> bool:
    """Whether it is a service-linked role or a session of one: its path is AWS's own."""
    return ":role/aws-service-role/" in principal.identity_arn
