"""AWS's words when a task does not start or stops: a template each, with its evidence.

Nothing here was measured against real AWS by us. Marks as in docs/fidelity-ecs.md: [doc] documentation of AWS,
[field] the log of a real run, [src] source code. A text that ends with ``(simulated wording)`` is ours: no text of AWS
is known for that cause. The newer wording is of June 2024 and later, its SDK v2 tails of 2025; ``older`` is before.
Templates are filled from the real objects with ``render``.
"""

from __future__ import annotations

from labs.fargate.volume_texts import VOLUME_TEXTS
from labs.fargate.wording import SIMULATED, Mark, StopCode, Text, Wording

__all__ = ["SIMULATED", "TEXTS", "Mark", "StopCode", "Text", "Wording"]

_RIE = "ResourceInitializationError: "
_PULL = _RIE + "unable to pull secrets or registry auth: "
_FAILED = _PULL + "execution resource retrieval failed: "
_ONCE = "service call has been retried 1 time(s): "
_LOGS = _RIE + "failed to validate logger args: "
_STREAM = _LOGS + "create stream has been retried 1 times: failed to create Cloudwatch log "
_CANNOT = "CannotPullContainerError: "
_MANIFEST = _CANNOT + "pull image manifest has been retried 7 time(s): "
_ASM = _FAILED + "unable to retrieve secret from asm: " + _ONCE
_ASM_CALL = (
    _ASM + "failed to fetch secret {secret} from secrets manager: operation error Secrets Manager: GetSecretValue, "
    "https response error StatusCode: 400, RequestID: {request_id}, "
)
_SSM_CALL = (
    _FAILED + "unable to retrieve secrets from ssm: " + _ONCE + "operation error SSM: GetParameters, "
    "https response error StatusCode: 400, RequestID: {request_id}, "
)
_V1 = "AccessDeniedException: {sentence} status code: 400, request id: {request_id}"
_V2 = "api error AccessDeniedException: {sentence}"

TEXTS: dict[str, Text] = {
    text.id: text
    for text in (
        Text(
            "role.trust",
            "ecs-tasks.amazonaws.com may not assume the execution or the task role, or the role is not there",
            "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role "
            "being passed has the proper trust relationship and permissions and that your IAM user has permissions to "
            "pass this role.",
            Mark.FIELD,
            "service events of several accounts; RunTask answers it as a ClientException",
        ),
        Text(
            "eni.no_address",
            "the subnet has no free IPv4 address",
            "Unexpected EC2 error while attempting to Create Network Interface in subnet '{subnet}': "
            "InsufficientFreeAddressesInSubnet",
            Mark.FIELD,
            "a stopped task kept in a project's tests, 2025",
        ),
        Text(
            "eni.no_address_public",
            "the same, and the task asks for a public address",
            "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in "
            "subnet '{subnet}'",
            Mark.DOC,
            "ECS Developer Guide, failed-to-start-error",
        ),
        Text(
            "eni.gone",
            "the subnet or a security group was deleted after RunTask or CreateService accepted it",
            "Unexpected EC2 error while attempting to Create Network Interface in subnet '{subnet}': {detail} "
            + SIMULATED,
            Mark.SIMULATED,
            "the frame is that of eni.no_address, the detail EC2's own error code",
        ),
        Text(
            "auth.unreachable",
            "the task has no path to ECR's API",
            _PULL + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task "
            "and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, "
            "exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send "
            'failed, Post "https://{host}/": dial {dial}',
            Mark.FIELD,
            "service events 2025 and 2026; until then an SDK v1 tail",
            _FAILED + "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: "
            'send request failed caused by: Post "https://{host}/": dial {dial}. Please check your task network '
            "configuration.",
            (
                _PULL
                + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task "
                "and Amazon ECR. Check your task network configuration. RequestError: send ",
            ),
        ),
        Text(
            "auth.denied",
            "the execution role, or the endpoint's policy, does not allow ecr:GetAuthorizationToken",
            _FAILED + "unable to retrieve ecr registry auth: " + _ONCE + "operation error ECR: GetAuthorizationToken, "
            "https response error StatusCode: 400, RequestID: {request_id}, " + _V2,
            Mark.FIELD,
            "a stopped task's reason kept in a project's issue list",
            _FAILED + "unable to retrieve ecr registry auth: " + _ONCE + _V1,
        ),
        Text(
            "ssm.unreachable",
            "the task has no path to Systems Manager",
            _PULL + "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There "
            "is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network "
            "configuration. operation error SSM: GetParameters, https response error StatusCode: 0, RequestID: , "
            "canceled, context deadline exceeded",
            Mark.FIELD,
            "service events of several accounts; the heading is also in the ECS Developer Guide",
            _FAILED + "unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: "
            "request context canceled caused by: context deadline exceeded",
            (_PULL + "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. ",),
        ),
        Text(
            "ssm.denied",
            "the execution role, or the endpoint's policy, does not allow ssm:GetParameters",
            _SSM_CALL + _V2,
            Mark.FIELD,
            "stopped tasks of several accounts",
            _FAILED + "unable to retrieve secrets from ssm: " + _ONCE + _V1,
        ),
        Text(
            "ssm.missing",
            "the parameter does not exist in that Region",
            _FAILED + "unable to retrieve secrets from ssm: " + _ONCE + "invalid ssm parameters: {secret}",
            Mark.FIELD,
            "stopped tasks of three accounts, 2026",
        ),
        Text(
            "ssm.kms_denied",
            "a SecureString under a customer managed key, and no kms:Decrypt on that key",
            _SSM_CALL + "api error AccessDeniedException: The ciphertext refers to a customer master key that does not "
            "exist, does not exist in this region, or you are not allowed to access.",
            Mark.FIELD,
            "SSM's own answer and Fargate's frame are each from real runs, not seen together",
        ),
        Text(
            "asm.unreachable",
            "the task has no path to Secrets Manager",
            _PULL + "unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets "
            "Manager. Check your task network configuration. failed to fetch secret {secret} from secrets manager: "
            "operation error Secrets Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , "
            "canceled, context deadline exceeded",
            Mark.FIELD,
            "service events of several accounts",
        ),
        Text(
            "asm.denied",
            "the execution role, the secret's policy or the endpoint's does not allow secretsmanager:GetSecretValue",
            _ASM_CALL + _V2,
            Mark.FIELD,
            "stopped tasks of several accounts, 2024 to 2026",
            _ASM + "failed to fetch secret {secret} from secrets manager: " + _V1,
        ),
        Text(
            "asm.missing",
            "the secret does not exist in that Region",
            _ASM_CALL + "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            Mark.DOC,
            "the answer: ECS Developer Guide, resource-not-found-error; the frame: stopped tasks",
            also=(
                "{before}The task can't retrieve the secret with ARN {secret}from AWS Secrets Manager. Check whether ",
                "{before}The task can't retrieve the secret with ARN {secret}from Secrets Manager. Check whether ",
            ),
        ),
        Text(
            "asm.no_value",
            "the secret exists, but has no value (no version, or not that stage)",
            _ASM_CALL + "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging "
            "label: {stage}",
            Mark.FIELD,
            "stopped tasks of three accounts",
        ),
        Text(
            "asm.kms_denied",
            "a secret under a customer managed key, and no kms:Decrypt on that key",
            _ASM_CALL + "api error AccessDeniedException: Access to KMS is not allowed",
            Mark.FIELD,
            "Secrets Manager's answer in stopped tasks",
        ),
        Text(
            "asm.json_key",
            "the secret's JSON has no such key",
            _ASM + "retrieved secret from Secrets Manager did not contain json key {json_key}",
            Mark.FIELD,
            "service events of three accounts",
        ),
        Text(
            "manifest.unreachable",
            "the task has no path to the registry",
            _MANIFEST + 'failed to resolve ref {image}: failed to do request: Head "{url}": dial {dial}',
            Mark.FIELD,
            "seen for public.ecr.aws; AWS's page also heads a connection issue with Amazon ECR",
            'CannotPullContainerError: inspect image has been retried 5 time(s): failed to resolve ref "{image}": '
            "failed to do request: Head {url}: dial {dial}",
            (
                "{before} from the Amazon ECR repository {repository}. There is a connection issue between the task",
                "{before}The task can’t pull the image. Check your network configuration",
                _CANNOT + "API error (500): Get {url}: net/http: request canceled while waiting for connection",
            ),
        ),
        Text(
            "manifest.denied",
            "the execution role, the repository's policy or the endpoint's does not allow ecr:BatchGetImage",
            _CANNOT + "pull image manifest has been retried 1 time(s): failed to resolve ref {image}: unexpected "
            "status from HEAD request to {url}: 403 Forbidden",
            Mark.FIELD,
            "a stopped task of 2025 (by digest); the older form is of 2023",
            _CANNOT + "pull image manifest has been retried 1 time(s): failed to resolve ref {image}: pulling from "
            "host {host} failed with status code [manifests {reference}]: 403 Forbidden",
            (
                _CANNOT + "inspect image has been retried 1 time(s): failed to resolve ref {image}: unexpected status "
                "code [manifests {reference}]: 403 Forbidden",
                "{before}The task can’t pull the image. Check that the role has the permissions to pull images",
            ),
        ),
        Text(
            "manifest.no_tag",
            "the repository has no such tag or digest",
            _MANIFEST + "failed to resolve ref {image}: {image}: not found",
            Mark.FIELD,
            "stopped tasks of many accounts, 2025 and 2026",
            _CANNOT + "pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: "
            "not found",
        ),
        Text(
            "manifest.no_repository",
            "the repository does not exist",
            _MANIFEST + "failed to resolve ref {image}: {image}: not found",
            Mark.SRC,
            "containerd's resolver says `not found` for every 404, and ECR answers 404 NAME_UNKNOWN",
        ),
        Text(
            "manifest.public_denied",
            "a registry outside ECR refuses the image or does not have it",
            _CANNOT + "pull image manifest has been retried 1 time(s): failed to resolve ref {image}: pull access "
            "denied, repository does not exist or may require authorization: server message: insufficient_scope: "
            "authorization failed",
            Mark.FIELD,
            "stopped tasks that pull from Docker Hub",
        ),
        Text(
            "manifest.platform",
            "the index has no image for the task's CPU architecture",
            _MANIFEST + "image Manifest does not contain descriptor matching platform '{platform}'",
            Mark.FIELD,
            "stopped tasks of many accounts; AWS's knowledge center quotes it",
            _CANNOT + "pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor "
            "matching platform '{platform}'",
        ),
        Text(
            "layers.unreachable",
            "the task has no path to the S3 bucket that holds the layers",
            _CANNOT + "The task cannot pull {image} from the registry {image}. There is a connection issue between the "
            "task and the registry. Check your task network configuration. : failed to copy: httpReadSeeker: failed "
            "open: failed to do request: Get {image}: dial {dial}",
            Mark.FIELD,
            "stopped tasks of two accounts; the URL is masked by the image's name, the address is S3's",
            _CANNOT + "ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do "
            "request: Get {image}: dial {dial}",
        ),
        Text(
            "layers.denied",
            "the execution role, the repository's policy or the endpoint's does not allow ecr:GetDownloadUrlForLayer",
            _CANNOT + "ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected "
            "status code {url}: 403 Forbidden " + SIMULATED,
            Mark.SIMULATED,
            "the start is a heading of the ECS Developer Guide, the rest is containerd's; no real line known",
        ),
        Text(
            "layers.bucket_denied",
            "the S3 endpoint's policy does not allow s3:GetObject on the layer bucket",
            _CANNOT + "ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected "
            "status code {url}: 403 Forbidden " + SIMULATED,
            Mark.SIMULATED,
            "as layers.denied; that S3 answers 403 is field-observed",
        ),
        Text(
            "logs.unreachable",
            "the task has no path to CloudWatch Logs",
            _LOGS + "The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a "
            "connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: "
            "killed",
            Mark.FIELD,
            "stopped tasks of several accounts, 2025 and 2026",
        ),
        Text(
            "logs.no_region",
            "awslogs without awslogs-region",
            _LOGS + "unable to get awslogs driver arguments: awslogs-region is required",
            Mark.FIELD,
            "a stopped task",
        ),
        Text(
            "logs.denied",
            "the execution role, or the endpoint's policy, does not allow logs:CreateLogStream",
            _STREAM + "stream: operation error CloudWatch Logs: CreateLogStream, https response error StatusCode: 400, "
            "RequestID: {request_id}, " + _V2 + " : exit status 1",
            Mark.FIELD,
            "failed jobs on Fargate, 2026",
            _STREAM + "stream: " + _V1 + " : exit status 1",
        ),
        Text(
            "logs.no_group",
            "the log group does not exist",
            _STREAM + "stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
            Mark.FIELD,
            "stopped tasks of several accounts",
            also=(_RIE + "failed to initialize logging driver: ",),
        ),
        Text(
            "logs.group_denied",
            "awslogs-create-group, the group is not there, and logs:CreateLogGroup is not allowed",
            _STREAM + "group: operation error CloudWatch Logs: CreateLogGroup, https response error StatusCode: 400, "
            "RequestID: {request_id}, " + _V2 + " : exit status 1",
            Mark.FIELD,
            "service events 2026",
            _STREAM + "group: " + _V1 + " : exit status 1",
        ),
        Text(
            "logs.no_stream_prefix",
            "awslogs on Fargate without awslogs-stream-prefix",
            _LOGS + "unable to get awslogs driver arguments: awslogs-stream-prefix is required " + SIMULATED,
            Mark.SIMULATED,
            "the option is documented as required on Fargate; the frame is that of logs.no_region",
        ),
        *VOLUME_TEXTS,
        Text(
            "start.failed",
            "the container could not be made or its command could not be started",
            "CannotStartContainerError: failed to get container status: {reason}",
            Mark.DOC,
            "ECS Developer Guide, cannot-start-container",
        ),
        Text(
            "start.timeout",
            "the container did not start in time",
            "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: {reason}",
            Mark.DOC,
            "ECS Developer Guide, stopped-task-error-codes",
            "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s",
        ),
        Text(
            "exit.essential",
            "an essential container ended, whatever its exit code",
            "Essential container in task exited",
            Mark.DOC,
            "ECS Developer Guide, stopped-task-error-codes",
        ),
        Text(
            "exit.memory",
            "a container used more memory than it may; the container's reason, with exit code 137",
            "OutOfMemoryError: Container killed due to memory usage",
            Mark.SRC,
            "the ECS agent; Fargate's logs show the last part in lower case",
        ),
        Text(
            "exit.exec_format",
            "a one-platform image built for another CPU: no pull error, the container's last log line, exit code 1",
            "exec {command}: exec format error",
            Mark.DOC,
            "AWS re:Post knowledge center, ecs-task-exec-format-error",
        ),
        Text(
            "exit.health",
            "an essential container of a service's task is unhealthy",
            "Task failed container health checks",
            Mark.DOC,
            "ECS Developer Guide, troubleshooting of health checks",
        ),
        Text(
            "exit.scaling",
            "the service has more tasks than it wants, or replaces them in a deployment",
            "Scaling activity initiated by (deployment {deployment})",
            Mark.FIELD,
            "stopped tasks of services",
        ),
        Text(
            "exit.user",
            "StopTask without a reason; with one, the reason itself",
            "Task stopped by user",
            Mark.FIELD,
            "stopped tasks",
        ),
        Text(
            "event.unable_to_place",
            "a task of a service stopped before it ran: the service's event",
            "(service {service}) was unable to place a task. Reason: {reason}.",
            Mark.FIELD,
            "service events of many accounts",
        ),
    )
}
