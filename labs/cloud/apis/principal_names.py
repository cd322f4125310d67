"""Whom a resource policy may name: the principals that exist, and the names that AWS's services have.

Source: IAM User Guide, reference_policies_elements_principal ("You cannot use a wildcard to match part of a principal
name"; services by their "service principal identifier"). Accounts are not looked up: any twelve digits may be one. Of
federated principals only the form is looked at. AWS publishes no list of its service principals: ours are the names of
botocore's services and those that AWS's guides and CloudTrail show besides.
"""

import re
from collections.abc import Iterator
from functools import cache

from labs import iam
from labs.cloud.protocols.regions import is_region
from labs.cloud.store import principals

_ACCOUNT = re.compile(r"(arn:aws:iam::)?\d{12}(?(1):root)")
_PROVIDER = re.compile(r"arn:aws:iam::\d{12}:(oidc|saml)-provider/.+")
_PROVIDERS = {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
_CANONICAL = re.compile("[0-9a-f]{64}")
_SUFFIX = ".amazonaws.com"
# As a policy's refusal writes the type of the principal.
_WRITTEN = {"AWS": "AWS", "Service": "SERVICE", "Federated": "FEDERATED", "CanonicalUser": "CANONICAL_USER"}
_OTHERS = """
    airflow airflow-env apidestinations.events applicationinsights aps billingconsole build.apprunner
    cassandra.application-autoscaling channels.lex cloudwatch-crossaccount config-multiaccountsetup
    continuousexport.discovery custom-resource.application-autoscaling delivery.logs directoryservice
    dynamodb.application-autoscaling ec2.application-autoscaling ec2fleet ec2scheduled ecs-tasks
    ecs.application-autoscaling edgelambda eks-connector eks-fargate eks-fargate-pods eks-nodegroup
    elasticache.application-autoscaling elasticfilesystem elasticloadbalancing elasticmapreduce
    elasticmapreduce.application-autoscaling email.cognito-idp export.rds infrastructure.ecs ipam
    kafka-cluster.application-autoscaling lambda.application-autoscaling lex logdelivery.elasticloadbalancing
    logger.cloudfront malware-protection-plan.guardduty member.org.stacksets.cloudformation migrationhub monitoring
    monitoring.rds opensearchservice ops.apigateway opsworks osis-pipelines pods.eks pullthroughcache.ecr qldb
    rds.application-autoscaling replication.ecr replication.ecr-public replicator.lambda robomaker
    s3.data-source.lustre.fsx sagemaker.application-autoscaling sms spot spotfleet stacksets.cloudformation states
    streams.metrics.cloudwatch tagpolicies.tag tasks.apprunner transitgateway vmie voiceid vpc-flow-logs vpce
"""


def invalid(policy: iam.Policy) -> tuple[str, str] | None:
    """The first principal of a policy that AWS would not know: its type, as a refusal writes it, and its name."""
    for kind, name in _named(policy):
        if not _known(kind, name):
            return _WRITTEN[kind], name
    return None


def _named(policy: iam.Policy) -> Iterator[tuple[str, str]]:
    for statement in policy.statements:
        if statement.principals is not None:
            for kind, names in statement.principals.written.items():
                yield from ((kind, name) for name in names if name != "*" and kind in _WRITTEN)


def _known(kind: str, name: str) -> bool:
    if kind == "Service":
        return is_service(name)
    if kind == "Federated":
        return name in _PROVIDERS or _PROVIDER.fullmatch(name) is not None
    if kind == "CanonicalUser":
        return _CANONICAL.fullmatch(name) is not None
    if _ACCOUNT.fullmatch(name) is not None:
        return True
    return not principals.is_known() or bool(principals.unique_id(name))


def is_service(name: str) -> bool:
    """``ecs-tasks.amazonaws.com``, or that of one Region: ``logs.eu-west-1.amazonaws.com``."""
    folded = name.lower()
    service = folded.removesuffix(_SUFFIX)
    if service == folded:
        return False
    plain, _, region = service.rpartition(".")
    return service in _services() or (plain in _services() and is_region(region))


@cache
def _services() -> frozenset[str]:
    from botocore.loaders import Loader

    return frozenset({*_OTHERS.split(), *Loader().list_available_services("service-2")})
