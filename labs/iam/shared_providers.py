"""Identity providers that many customers share, and the claim that a role's trust policy must evaluate for each.

Source: IAM User Guide, id_roles_providers_oidc_secure-by-default ("Identity-provider controls for shared OIDC
providers", 2025): IAM refuses to create or to update a trust policy that does not evaluate the claim by which the
provider tells its customers apart, or that lets every value of it in; policies of before stay as they are. The list is
that of the page as others quote it (the page itself could not be had; that GitHub's job_workflow_ref does as well is
[field]). Amazon Cognito and Azure Sentinel are in it and not here: what they are told apart by is no claim of the URL.
How far IAM looks is field-observed (three accounts, 2026): at the first value of a condition, and at a bare wildcard
alone; ``repo:*`` and ``["repo:octo/app", "*"]`` are taken.
"""

import re
from collections.abc import Iterator

from labs.iam.conditions import split_operator
from labs.iam.decision import Effect, Policy
from labs.iam.statement import Statement

_PROVIDER = re.compile(r"arn:[^:]+:iam::\d{12}:oidc-provider/(.+)")
_SUBJECT = ("sub",)
_AUDIENCE = ("aud",)
_CLAIMS = {
    "agent.buildkite.com": _SUBJECT,
    "api.pulumi.com/oidc": _AUDIENCE,
    "app.terraform.io": _SUBJECT,
    "gitlab.com": _SUBJECT,
    "oidc-configuration.audit-log.githubusercontent.com": _SUBJECT,
    "oidc.codefresh.io": _SUBJECT,
    "oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu": _SUBJECT,
    "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb": _SUBJECT,
    "oidc.vercel.com": _AUDIENCE,
    "proidc.upbound.io": _SUBJECT,
    "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7": _SUBJECT,
    "rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr": _SUBJECT,
    "rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg": _SUBJECT,
    "rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26": _SUBJECT,
    "sandboxes.cloud": _AUDIENCE,
    "scalr.io": _SUBJECT,
    "studio.datachain.ai/api": _SUBJECT,
    "token.actions.githubusercontent.com": ("sub", "job_workflow_ref"),
    "tokens.cloud.shisho.dev": _SUBJECT,
    "vstoken.actions.githubusercontent.com": _SUBJECT,
}
# Claims of a provider's token that are condition keys of it alone, beside those of every OIDC provider.
# Source: IAM User Guide, reference_policies_iam-condition-keys, "Available keys for AWS OIDC federation".
OWN_CLAIMS = {
    "token.actions.githubusercontent.com": (
        "actor",
        "actor_id",
        "enterprise_id",
        "environment",
        "job_workflow_ref",
        "ref",
        "repository",
        "repository_id",
        "repository_owner_id",
        "workflow",
    )
}
# A value that is scoped to all, as IAM sees it.
_ALL = re.compile(r"[*?]*")


def unevaluated(trust: Policy) -> tuple[str, tuple[str, ...]] | None:
    """The first shared provider that IAM refuses to trust so: its ARN, and the keys of which one must be evaluated."""
    for statement in trust.statements:
        for arn, url in _providers(statement):
            keys = tuple(f"{url}:{claim}" for claim in _CLAIMS.get(url.lower(), ()))
            if keys and not any(_evaluates(statement, key) for key in keys):
                return arn, keys
    return None


def _providers(statement: Statement) -> Iterator[tuple[str, str]]:
    if statement.effect is not Effect.ALLOW or statement.principals is None or statement.not_principal:
        return
    for name in statement.principals.written.get("Federated", ()):
        found = _PROVIDER.fullmatch(name)
        if found is not None:
            yield name, found.group(1)


def _evaluates(statement: Statement, key: str) -> bool:
    """By StringEquals or StringLike (in any case of letters too), with a first value that does not stand for all."""
    for condition in statement.conditions:
        split = split_operator(condition.operator)
        if condition.key.lower() != key.lower() or split is None:
            continue
        like = split[1] == "StringLike"
        if not like and split[1] not in ("StringEquals", "StringEqualsIgnoreCase"):
            continue
        # A value without wildcards names somebody under either operator.
        if condition.values and not (like and _ALL.fullmatch(condition.values[0])):
            return True
    return False
