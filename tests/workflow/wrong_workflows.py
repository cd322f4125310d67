"""A right workflow, and many that differ from it in one thing: what the kit says, on which line, and who else does."""

from dataclasses import dataclass, field
from pathlib import Path

from labs.workflow.review import Known

RIGHT = Path(__file__).with_name("right.yml").read_text("utf-8")
KNOWN = Known(
    vars={
        "AWS_REGION": "eu-central-1",
        "PUSH_ROLE_ARN": "arn:aws:iam::111122223333:role/push",
        "DEPLOY_ROLE_ARN": "arn:aws:iam::111122223333:role/deploy",
        "REPOSITORY": "octo/app",
        "REGISTRY": "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
        "REGISTRY_USER": "",
    },
    empty_secrets=frozenset({"REGISTRY_PASSWORD"}),
    registry="111122223333.dkr.ecr.eu-central-1.amazonaws.com",
    immutable=frozenset({"octo/app"}),
    platforms=("linux/amd64", "linux/arm64"),
)
Z, J = "zizmor", "jactionlint"


def with_changes(*changes: tuple[str, str], text: str = RIGHT) -> str:
    """The right workflow with pieces replaced, each the first time it is there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@dataclass(frozen=True)
class Wrong:
    """One wrong workflow. ``id``: the kit's finding; ``on``: a piece of its line; ``others``: the linters that see it.

    ``weight``: the finding's weight, as its value.
    """

    name: str
    changes: tuple[tuple[str, str], ...]
    id: str
    on: str
    others: tuple[str, ...] = ()
    weight: str = "error"
    known: Known = field(default=KNOWN)

    @property
    def text(self) -> str:
        return with_changes(*self.changes)

    @property
    def line(self) -> int:
        lines = self.text.splitlines()
        return next(number for number, line in enumerate(lines, 1) if self.on in line)


CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
CREDENTIALS = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"
BUILDX = "      - uses: docker/setup-buildx-action@37fe631027851001ddb9b187196cc803df7f5f0e # v4.3.0\n"
ECR = "      - id: ecr\n        uses: aws-actions/amazon-ecr-login@03f1aad4c6c7ffd436567f42f9384779290529bd # v2.1.7\n"
LOGIN = """      - uses: docker/login-action@4907a6ddec9925e35a0a9e82d7399ccc52663121 # v4.1.0
        with:
          registry: ${{ vars.REGISTRY }}
          username: ${{ vars.REGISTRY_USER }}
          password: ${{ secrets.REGISTRY_PASSWORD }}
"""
TAGS = "tags: ${{ steps.ecr.outputs.registry }}/${{ vars.REPOSITORY }}:${{ github.sha }}"
ON = "on:\n  push:\n    branches: [main]\n"
TOKEN = "      contents: read\n      id-token: write\n"
IMAGE = "image: ${{ vars.REGISTRY }}/${{ vars.REPOSITORY }}@${{ needs.push.outputs.digest }}"
ROLE = "role-to-assume: ${{ vars.PUSH_ROLE_ARN }}\n"


def step(text: str) -> tuple[tuple[str, str], ...]:
    """A step more, at the end of job push."""
    return (("  push-anywhere:\n", f"{text}  push-anywhere:\n"),)


WRONG = (
    # What the token may do.
    Wrong("no id-token permission", ((TOKEN, "      contents: read\n"),), "no-id-token", CREDENTIALS, (J,)),
    Wrong("no permissions for the job", (("    permissions:\n" + TOKEN, ""),), "no-id-token", CREDENTIALS, (J,)),
    Wrong("id-token read", (("id-token: write", "id-token: read"),), "no-id-token", CREDENTIALS, (J,)),
    Wrong("id-tokens", (("id-token: write", "id-tokens: write"),), "permission-unknown", "id-tokens", (J,)),
    Wrong("write-all", (("permissions: {}", "permissions: write-all"),), "write-all", "write-all", (J,)),
    # Keys.
    Wrong(
        "keys from secrets in the inputs",
        ((ROLE, "aws-access-key-id: ${{ secrets.AWS_KEY_ID }}\n          aws-secret-access-key: ${{ secrets.S }}\n"),),
        "long-lived-keys",
        "aws-access-key-id",
    ),
    Wrong(
        "keys in the workflow's env",
        (("permissions: {}", "permissions: {}\nenv:\n  AWS_ACCESS_KEY_ID: ${{ secrets.KEY }}"),),
        "long-lived-keys",
        "AWS_ACCESS_KEY_ID",
    ),
    Wrong(
        "a key as the registry's user",
        (("username: ${{ vars.REGISTRY_USER }}", "username: ${{ secrets.AWS_ACCESS_KEY_ID }}"),),
        "long-lived-keys",
        "secrets.AWS_ACCESS_KEY_ID",
    ),
    Wrong(
        "a key in the file",
        ((ROLE, "aws-access-key-id: AKIAIOSFODNN7EXAMPLE\n          aws-secret-access-key: ${{ secrets.S }}\n"),),
        "key-in-file",
        "AKIA",
    ),
    Wrong(
        "a secret in a script",
        step("      - run: curl -H 'Key ${{ secrets.API_KEY }}' localhost\n"),
        "secret-in-script",
        "API_KEY",
    ),
    Wrong(
        "a secret printed",
        step("      - env:\n          API_KEY: ${{ secrets.API_KEY }}\n        run: |\n          echo $API_KEY\n"),
        "secret-echoed",
        "echo $API_KEY",
    ),
    Wrong(
        "debug logging in env",
        (("permissions: {}", "permissions: {}\nenv:\n  ACTIONS_STEP_DEBUG: true"),),
        "debug-logging",
        "ACTIONS_STEP_DEBUG",
        weight="advice",
    ),
    # Actions.
    Wrong("a floating tag", ((CHECKOUT, "actions/checkout@v7"),), "not-pinned", "checkout@v7", (Z, J)),
    Wrong("a branch", ((CHECKOUT, "actions/checkout@main"),), "not-pinned", "checkout@main", (Z, J)),
    Wrong("a short commit", ((CHECKOUT, "actions/checkout@3d3c42e"),), "not-pinned", "3d3c42e", (Z, J)),
    Wrong(
        "the comment says another version",
        (("3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1 # v6.0.0"),),
        "pin-and-version-differ",
        "# v6.0.0",
    ),
    Wrong(
        "a commit of nowhere beside a version",
        (("3d3c42e5aac5ba805825da76410c181273ba90b1", "0123456789012345678901234567890123456789"),),
        "pin-and-version-differ",
        "01234567890",
    ),
    Wrong("no version beside the pin", ((" # v7.0.1", ""),), "pin-without-version", "checkout@3d3", (), "advice"),
    Wrong(
        "an action on node20",
        ((CHECKOUT, "actions/checkout@11d5960a326750d5838078e36cf38b85af677262 # v4.4.0"),),
        "old-node-runtime",
        "v4.4.0",
    ),
    Wrong("an action on node16", ((CHECKOUT, "actions/checkout@v3"),), "old-node-runtime", "checkout@v3", (Z, J)),
    Wrong("a wrong input name", (("role-to-assume", "role-to-asume"),), "unknown-input", "role-to-asume", (J,)),
    Wrong(
        "an input that is needed",
        (("          aws-region: ${{ vars.AWS_REGION }}\n", ""),),
        "missing-input",
        CREDENTIALS,
        (J,),
    ),
    Wrong(
        "a wrong output name",
        (("steps.ecr.outputs.registry", "steps.ecr.outputs.registery"),),
        "unknown-output",
        "registery",
    ),
    Wrong(
        "a wrong step id",
        (("digest: ${{ steps.build.", "digest: ${{ steps.image."),),
        "step-not-there",
        "steps.image",
        (J,),
    ),
    Wrong(
        "an output before its step",
        ((ECR, ""), ("  push-anywhere:\n", f"{ECR}  push-anywhere:\n")),
        "step-not-there",
        TAGS,
        (J,),
    ),
    Wrong(
        "an output of a job that has none",
        (("needs.push.outputs.digest", "needs.push.outputs.image"),),
        "unknown-output",
        "outputs.image",
        (J,),
    ),
    Wrong(
        "an output of a job that is not needed",
        (("    needs: push\n", ""),),
        "job-not-needed",
        "needs.push.outputs",
        (J,),
    ),
    Wrong(
        "an expression without an end",
        (("AWS_REGION }}", "AWS_REGION }"),),
        "expression-not-readable",
        "AWS_REGION }",
        (J,),
    ),
    # Strangers.
    Wrong(
        "a title in a script",
        ((ON, "on: pull_request\n"), *step("      - run: echo '${{ github.event.pull_request.title }}'\n")),
        "script-injection",
        "pull_request.title",
        (Z, J),
    ),
    Wrong(
        "a title in a script, by the workflow's env",
        (
            (ON, "on: issues\nenv:\n  TITLE: ${{ github.event.issue.title }}\n"),
            *step("      - run: echo '${{ env.TITLE }}'\n"),
        ),
        "script-injection",
        "env.TITLE }}'",
        (Z, J),
    ),
    Wrong(
        "a branch's name in a script",
        (
            (ON, "on: pull_request\n"),
            *step("      - run: |\n          date\n          git log ${{ github.head_ref }}\n"),
        ),
        "script-injection",
        "git log",
        (Z, J),
    ),
    Wrong(
        "pull_request_target with the head",
        (
            (ON, "on: pull_request_target\n"),
            ("persist-credentials: false", "persist-credentials: false\n          ref: ${{ github.head_ref }}"),
        ),
        "untrusted-checkout",
        "ref: ${{ github.head_ref",
        (Z, J),
    ),
    Wrong(
        "pull_request_target and gh pr checkout",
        ((ON, "on: pull_request_target\n"), *step("      - run: gh pr checkout 7\n")),
        "untrusted-checkout",
        "gh pr checkout",
        (Z, J),
    ),
    # Build.
    Wrong("no builder", ((BUILDX, ""),), "no-builder", "platforms:"),
    Wrong(
        "the docker driver as builder",
        ((BUILDX, BUILDX + "        with:\n          driver: docker\n"),),
        "no-builder",
        "platforms:",
    ),
    Wrong(
        "no builder, where Docker has the containerd store",
        ((BUILDX, ""),),
        "no-builder",
        "platforms:",
        weight="advice",
        known=Known(containerd=True),
    ),
    Wrong("nothing pushed", (("          push: true\n", ""),), "not-pushed", "docker/build-push-action"),
    Wrong("push false", (("push: true", "push: false"),), "not-pushed", "push: false"),
    Wrong(
        "a push that depends",
        (("push: true", "push: ${{ inputs.push }}"),),
        "push-not-known",
        "inputs.push",
        (J,),
        "cannot tell",
    ),
    Wrong("one platform", (("linux/amd64,linux/arm64", "linux/amd64"),), "one-platform", "platforms: linux/amd64"),
    Wrong(
        "no platform", (("          platforms: linux/amd64,linux/arm64\n", ""),), "one-platform", "build-push-action"
    ),
    Wrong("latest", ((":${{ github.sha }}\n", ":latest\n"),), "latest-tag", ":latest"),
    Wrong("no tag", ((":${{ github.sha }}\n", "\n"),), "latest-tag", "tags:"),
    Wrong("a constant tag", ((":${{ github.sha }}\n", ":v1\n"),), "constant-tag", ":v1"),
    Wrong(
        "attestations not said",
        (("          provenance: false\n          sbom: false\n", ""),),
        "attestations-not-said",
        "docker/build-push-action",
        weight="advice",
    ),
    # Registry.
    Wrong(
        "login to one registry, push to another",
        ((TAGS, "tags: ghcr.io/octo/app:${{ github.sha }}"),),
        "other-registry",
        "ghcr.io",
    ),
    Wrong(
        "login to Docker Hub, push to ECR",
        (("          registry: ${{ vars.REGISTRY }}\n", ""),),
        "other-registry",
        "tags: ${{ vars.REGISTRY }}",
    ),
    Wrong(
        "the second of two registries without a login",
        ((TAGS, f"tags: |\n            {TAGS[6:]}\n            ghcr.io/octo/app:${{{{ github.sha }}}}"),),
        "other-registry",
        "tags: |",
    ),
    Wrong("no login", ((LOGIN, ""),), "no-login", "tags: ${{ vars.REGISTRY }}"),
    Wrong(
        "login after the push",
        ((LOGIN, ""), ("  deploy:\n", f"{LOGIN}  deploy:\n")),
        "login-after-push",
        "docker/login-action",
    ),
    Wrong(
        "login before the credentials",
        ((ECR, ""), (f"      - uses: {CREDENTIALS}\n", f"{ECR}      - uses: {CREDENTIALS}\n")),
        "login-without-credentials",
        "amazon-ecr-login",
    ),
    Wrong(
        "a registry that is not known",
        (("tags: ${{ vars.REGISTRY }}", "tags: ${{ vars.OTHER }}"),),
        "registry-not-known",
        "tags: ${{ vars.OTHER }}",
        weight="cannot tell",
    ),
    # Deploy.
    Wrong("deploy by tag", (("@${{ needs.push.outputs.digest }}", ":${{ github.sha }}"),), "deploy-by-tag", "image: "),
    Wrong(
        "deploy by tag, from an output",
        (
            (IMAGE, "image: ${{ needs.push.outputs.digest }}"),
            ("digest: ${{ steps.build.outputs.digest }}", "digest: ${{ vars.REGISTRY }}/app:${{ github.sha }}"),
        ),
        "deploy-by-tag",
        "image: ${{ needs",
    ),
    Wrong(
        "deploy at the same time as the push",
        (("    needs: push\n", ""), (IMAGE, "image: ${{ vars.IMAGE }}@${{ vars.DIGEST }}")),
        "deploy-without-push",
        "  deploy:",
    ),
    Wrong(
        "deploy although the push failed",
        (("    needs: push\n", "    needs: push\n    if: always()\n"),),
        "deploy-in-any-case",
        "always()",
    ),
    Wrong(
        "deploy without waiting",
        (("          wait-for-service-stability: true\n", ""),),
        "deploy-not-waited-for",
        "amazon-ecs-deploy",
        weight="advice",
    ),
)
