"""aws-actions/amazon-ecr-login. Source: v2.1.7, ``index.js``.

Differs: the outputs ``docker_username_*`` and ``docker_password_*`` are not made, and nothing is logged out at the
end, when the job's Docker configuration goes; ECR Public is refused.
"""

import base64
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from labs.workflow.stand_ins.step import Step, StepFailed, words_of


def run(step: Step) -> None:
    """Log docker in to the ECR registry of the job's credentials."""
    kind = step.get("registry-type").lower() or "private"
    if kind not in ("private", "public"):
        raise StepFailed("Invalid input for 'registry-type', possible options are [private, public]")
    if kind == "public":
        raise StepFailed("The kit's stand-in logs in to private registries only: the lab has no ECR Public to push to.")
    if step.get("mask-password").lower() == "false":
        step.warn(
            "Your docker password is not masked. See "
            "https://github.com/aws-actions/amazon-ecr-login#docker-credentials for more information."
        )
    explicit = step.env.get("AWS_ACCESS_KEY_ID") and step.env.get("AWS_SECRET_ACCESS_KEY")
    step.say("Using environment variable credentials." if explicit else "Using default AWS credential chain.")
    registries = step.get("registries")
    wanted: dict[str, Any] = {"registryIds": registries.split(",")} if registries else {}
    try:
        answer = step.client("ecr").get_authorization_token(**wanted)["authorizationData"]
    except (ClientError, BotoCoreError) as error:
        raise StepFailed(words_of(error)) from error
    if not answer:
        raise StepFailed("Amazon ECR authorization token does not contain any authorization data")
    for each in answer:
        user, _, password = base64.b64decode(each["authorizationToken"]).decode().partition(":")
        # The kit's log is kept: a password is never in it, whatever mask-password says.
        step.mask(password)
        endpoint = str(each["proxyEndpoint"])
        registry = endpoint.partition("://")[2] or endpoint
        step.say(f"Logging into registry {registry}")
        if len(answer) == 1:
            step.output("registry", registry)
        done = step.docker("login", "-u", user, "--password-stdin", endpoint, stdin=password, quiet=True)
        if done.code != 0:
            raise StepFailed(f"Could not login to registry {registry}: {done.err}")
