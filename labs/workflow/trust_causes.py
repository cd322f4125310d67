"""Why a trust policy keeps the wanted job out: the part of it that does not fit, by what people mix up.

Sources: GitHub docs, "OpenID Connect reference" (forms of ``sub``); IAM User Guide,
reference_policies_elements_condition_operators (StringEquals has no wildcards; comparison by the case of letters).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from labs import iam
from labs.iam.conditions import Condition, split_operator
from labs.iam.positions import line_and_column, offset_of, statement_offsets
from labs.iam.principals import Grant
from labs.iam.shared_providers import OWN_CLAIMS
from labs.iam.statement import Asked, Statement
from labs.workflow.trust_finding import TrustFinding
from labs.workflow.trust_strangers import Subject, read_subject

_FORMS = "GitHub docs, OpenID Connect reference"
_OPERATORS = "IAM User Guide, Condition operators"
_ELEMENTS = "IAM User Guide, Create a role for OpenID Connect federation"


# "Available keys for AWS OIDC federation": those of every provider.
_EVERY_CLAIM = ("amr", "aud", "email", "oaud", "sub")


def is_sent(key: str, host: str) -> bool:
    """Whether AWS has such a key in a request with a token of this provider, or may have it."""
    prefix, _, claim = key.lower().rpartition(":")
    if prefix == host.lower():
        return claim in (*_EVERY_CLAIM, *OWN_CLAIMS.get(host.lower(), ()))
    return key.lower().startswith(("aws:", "sts:", "iam:"))


@dataclass(frozen=True)
class _Cause:
    """A part of a statement that does not fit; ``far``: how far the statement then is from the wanted one."""

    finding: TrustFinding
    far: int


def causes(trust: iam.Policy, request: iam.Request, host: str) -> tuple[TrustFinding, ...]:
    """What keeps out a request that is refused: a Deny, or what does not fit of the Allow that is nearest."""
    decision = iam.evaluate_trust(request, trust)
    if decision.kind is iam.DecisionKind.EXPLICIT_DENY and decision.statement is not None:
        statement = decision.statement.statement
        where = iam.place_of(trust, statement) if statement is not None else None
        what = "A Deny of the trust policy keeps the wanted job out."
        return (TrustFinding("trust-denied", what, "take that statement out, or narrow it", place=where),)
    asked = Asked(request)
    judged = [list(_of_statement(trust, each, asked, host)) for each in trust.allows]
    judged = [each for each in judged if each]
    if not judged:
        what = "No statement of the trust policy lets anybody in."
        return (TrustFinding("trust-empty", what, "write an Allow for the provider", evidence=_ELEMENTS),)
    nearest = min(judged, key=lambda each: sum(cause.far for cause in each))
    return tuple(cause.finding for cause in nearest)


def place(trust: iam.Policy, statement: Statement, key: str) -> iam.Place:
    """The place of a statement, its line that of the condition on a key where it has one."""
    condition = next((each for each in statement.conditions if each.key.lower() == key.lower()), None)
    where = iam.place_of(trust, statement)
    return where if condition is None else replace(where, line=line(trust, statement, condition))


def line(trust: iam.Policy, statement: Statement, condition: Condition) -> int:
    """The line of a condition's values, 0 where the text is not known."""
    if not trust.text:
        return 0
    start = statement_offsets(trust.text)[statement.index]
    path = ("Condition", condition.operator, condition.key)
    return line_and_column(trust.text, start + offset_of(trust.text[start:], path))[0]


def _of_statement(trust: iam.Policy, statement: Statement, asked: Asked, host: str) -> Iterator[_Cause]:
    where = iam.place_of(trust, statement)
    provider = asked.principal.arn
    if statement.grant(asked.principal) is Grant.NONE:
        written = statement.principals.written if statement.principals else {}
        named = [entry for entries in written.values() for entry in entries]
        what = f"The trust policy does not name the provider {provider}: it names {', '.join(named) or 'nobody'}."
        next_step = f'write "Principal": {{"Federated": "{provider}"}}'
        far = 2 if "Federated" in written else 5
        yield _Cause(TrustFinding("trust-wrong-provider", what, next_step, place=where, evidence=_ELEMENTS), far)
    if statement.actions.match(asked.action) is statement.not_action:
        written_actions = ", ".join(statement.actions.written)
        what = f"A job with a token needs sts:AssumeRoleWithWebIdentity, and the trust policy allows {written_actions}."
        next_step = "write sts:AssumeRoleWithWebIdentity"
        yield _Cause(TrustFinding("trust-wrong-action", what, next_step, place=where, evidence=_ELEMENTS), 2)
    for condition in statement.conditions:
        # A key that others may have in their requests is not what keeps this job out.
        open_key = condition.key.lower() not in asked.context and is_sent(condition.key, host)
        if not condition.holds(asked.context) and (not open_key or condition.operator == "Null"):
            finding = _of_condition(condition, asked, host)
            there = replace(where, line=line(trust, statement, condition))
            yield _Cause(replace(finding, place=there), 1)


def _of_condition(condition: Condition, asked: Asked, host: str) -> TrustFinding:
    key, given = condition.key, asked.context.get(condition.key.lower(), ())
    split = split_operator(condition.operator)
    base = split[1] if split else condition.operator
    if base == "Null":
        what = (
            f"Null asks that {key} be {'missing' if given else 'there'}, and it is {'there' if given else 'missing'}."
        )
        return TrustFinding("trust-null", what, "take that condition out", evidence=_OPERATORS)
    if not given:
        what = f"No token has {key}, so that condition is never true."
        next_step = f"write {_near(key, host)}"
        return TrustFinding("trust-wrong-key", what, next_step, evidence=_ELEMENTS)
    value = given[0]
    if "Not" in base:
        what = f"{condition.operator} {key} leaves out {value}, which is the wanted one."
        return TrustFinding("trust-leaves-out", what, "take that condition out", evidence=_OPERATORS)
    claim = key.lower().rpartition(":")[2]
    if claim == "aud":
        what = f"The token's audience is {value}, and the trust policy asks for {_listed(condition)}."
        return TrustFinding("trust-wrong-audience", what, f"write {value}", evidence=_ELEMENTS)
    if any(each.lower() == value.lower() for each in condition.values):
        what = f"{_listed(condition)} differs from the token's {value} in the case of letters, which counts."
        return TrustFinding("trust-letters", what, f"write {value}", evidence=_OPERATORS)
    if not base.startswith(("StringLike", "Arn")) and any("*" in each or "?" in each for each in condition.values):
        what = f"Under {condition.operator} a * is a letter like others: {_listed(condition)} is nobody's subject."
        return TrustFinding("trust-no-wildcards", what, f"write {value} whole", evidence=_OPERATORS)
    if claim == "sub":
        return _of_subject(condition, value)
    what = f"The token's {key} is {value}, and the trust policy asks for {_listed(condition)}."
    return TrustFinding("trust-other-claim", what, f"write {value}", evidence=_FORMS)


def _near(key: str, host: str) -> str:
    """The key that was meant."""
    return f"{host}:aud" if "aud" in key.lower().replace(host.lower(), "") else f"{host}:sub"


def _listed(condition: Condition) -> str:
    return " or ".join(condition.values) or "nothing"


def _of_subject(condition: Condition, value: str) -> TrustFinding:
    """The subjects of a condition against the token's: what is mixed up, by the value that is nearest."""
    own = read_subject(value)
    others = [(each, read_subject(each)) for each in condition.values]
    found = [finding for each, other in others if own and other and (finding := _compared(own, other, value, each))]
    if found:
        return found[0]
    what = f"The token's subject is {value}, and the trust policy asks for {_listed(condition)}."
    return TrustFinding("trust-wrong-subject", what, f"write {value}", evidence=_FORMS)


def _compared(own: Subject, other: Subject, value: str, written: str) -> TrustFinding | None:
    says = f"The token's subject is {value}, and the trust policy asks for {written}"

    def finding(id: str, why: str) -> TrustFinding:
        return TrustFinding(id, f"{says}: {why}.", f"write {value}", evidence=_FORMS)

    if (own.owner.lower(), own.name.lower()) != (other.owner.lower(), other.name.lower()):
        return finding("trust-other-repository", "another repository")
    if own.immutable and not other.owner_id and not other.id:
        return finding("trust-classic-subject", "this repository's subject carries the ids of owner and repository")
    if other.immutable and not own.immutable:
        return finding("trust-immutable-subject", "this repository's subject carries no ids")
    if (own.owner_id, own.id) != (other.owner_id, other.id):
        return finding("trust-other-ids", "other ids")
    if own.kind == "environment" and other.kind != "environment":
        return finding("trust-environment-form", "a job with an environment has the environment in place of the ref")
    if own.kind == other.kind == "environment":
        return finding("trust-other-environment", "another environment")
    if other.kind == "environment":
        return finding("trust-ref-form", "the job has no environment, so its subject names the ref")
    if "pull request" in (own.kind, other.kind):
        return finding("trust-pull-request-form", "a pull request's job is pull_request, any other's names its ref")
    if own.kind == other.kind:
        return finding("trust-other-ref", f"another {own.kind}")
    return finding("trust-other-ref", f"a {other.kind}, and the job is of a {own.kind}")
