"""Who may ever assume a role that a job of GitHub is to assume: the wanted one, and others? Decided, not sampled.

``labs.iam``'s analysis answers for every token and every caller there can be; an answer "others" shows one of them,
an answer "not the wanted one" says which part of the policy keeps it out. What it cannot decide is "cannot tell".
Sources: IAM User Guide, "Create a role for OpenID Connect federation", reference_policies_iam-condition-keys
("Available keys for AWS OIDC federation"), reference_policies_condition-single-vs-multi-valued-context-keys;
GitHub docs, "OpenID Connect reference".
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from labs import iam
from labs.iam.conditions import Condition, Quantifier, split_operator
from labs.iam.decision import Effect
from labs.workflow import trust_causes
from labs.workflow.findings import Weight
from labs.workflow.identity import AUDIENCE, ISSUER
from labs.workflow.trust_finding import TrustFinding
from labs.workflow.trust_strangers import Stranger, strangers

WEB = "sts:AssumeRoleWithWebIdentity"
# What begins a session; other actions of a trust policy add to one.
_ASSUMING = ("sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml", "*", "sts:*")
_OIDC = "IAM User Guide, Create a role for OpenID Connect federation"
# "The token of a provider signs nothing": there is no AWS principal, and no key of one, until the role is assumed.
_OF_PRINCIPALS = (
    "PrincipalArn",
    "PrincipalAccount",
    "PrincipalType",
    "PrincipalOrgID",
    "PrincipalIsAWSService",
    "username",
)


# The account of a provider that a trust policy names, and what stands for one where it names none.
_ACCOUNT, _NONE = re.compile(r"arn:[^:]+:iam::(\d{12}):oidc-provider/"), "000000000000"


@dataclass(frozen=True)
class Question:
    """Who is to assume which role. ARNs of the role and the provider; ``subjects``: the tokens' ``sub``, exactly.

    ``claims``: other claims of the wanted tokens, as far as they are known; ``clients``: the provider's client ids,
    None where they are not known; ``now``: no request comes earlier (default: the analysis' own).
    """

    role: str
    provider: str
    subjects: tuple[str, ...]
    audience: str = AUDIENCE
    claims: Mapping[str, str] = field(default_factory=dict)
    clients: tuple[str, ...] | None = None
    now: datetime | None = None

    @property
    def host(self) -> str:
        """The issuer without ``https://``: what its condition keys begin with."""
        return self.provider.partition(":oidc-provider/")[2]

    @property
    def account(self) -> str:
        return self.role.split(":")[4]

    @property
    def principal(self) -> iam.Principal:
        return iam.Principal(self.provider, self.provider.split(":")[4], iam.PrincipalKind.FEDERATED)

    def key(self, claim: str) -> str:
        """The condition key of a claim."""
        return f"{self.host}:{claim}"

    def request(self, claims: Mapping[str, str]) -> iam.Request:
        """The request of whoever has a token with these claims."""
        keys = {self.key(name): value for name, value in claims.items()}
        return iam.Request(self.principal, WEB, self.role, {"aws:FederatedProvider": self.provider, **keys})


@dataclass(frozen=True)
class Answer:
    """``keeps_out``: why the wanted one may not; ``lets_in``: others who may; ``besides``: what else is wrong."""

    keeps_out: tuple[TrustFinding, ...] = ()
    lets_in: tuple[TrustFinding, ...] = ()
    besides: tuple[TrustFinding, ...] = ()

    @property
    def findings(self) -> tuple[TrustFinding, ...]:
        """All of them."""
        return (*self.keeps_out, *self.lets_in, *self.besides)

    @property
    def right(self) -> bool | None:
        """Whether the wanted one alone may assume the role; None: that cannot be told."""
        weights = {each.weight for each in self.findings}
        return False if Weight.ERROR in weights else None if Weight.UNKNOWN in weights else True


def judge(document: str | Mapping[str, Any], question: Question) -> Answer:
    """The answer for a trust policy, as its text or its JSON object."""
    try:
        trust = iam.parse_policy(document, iam.PolicyKind.TRUST, "trust")
    except iam.MalformedPolicy as error:
        what = f"AWS refuses this trust policy: {str(error).rstrip('.')}."
        return Answer(besides=(TrustFinding("trust-malformed", what, "correct it", evidence=_OIDC),))
    return Answer(
        tuple(_keeps_out(trust, question)),
        (*_tokens_besides(trust, question), *_callers_besides(trust, question)),
        tuple(_besides(trust, question)),
    )


def keeps_out(document: str | Mapping[str, Any], claims: Mapping[str, str]) -> tuple[TrustFinding, ...]:
    """What keeps a token of GitHub with these claims out of a role with this trust policy; nothing when it is let in.

    ``claims``: by their names, ``sub`` among them; ``aud`` is GitHub's usual one where it is not given. Raises
    MalformedPolicy for a document that is no trust policy.
    """
    trust = iam.parse_policy(document, iam.PolicyKind.TRUST, "trust")
    account = next(iter(_ACCOUNT.findall(json.dumps(document) if isinstance(document, Mapping) else document)), _NONE)
    others = {name: value for name, value in claims.items() if name not in ("sub", "aud")}
    question = Question(
        f"arn:aws:iam::{account}:role/asked",
        f"arn:aws:iam::{account}:oidc-provider/{ISSUER.removeprefix('https://')}",
        (claims["sub"],),
        claims.get("aud", AUDIENCE),
        others,
    )
    return tuple(_keeps_out(trust, question))


def _scene(trust: iam.Policy, question: Question, **claims: str) -> iam.Scene:
    """The requests in question: with a token of the provider, whose claims have one value each."""
    fixed: dict[str, tuple[str, ...]] = {f"aws:{name}": () for name in _OF_PRINCIPALS}
    fixed["aws:FederatedProvider"] = (question.provider,)
    fixed |= {key: () for key in iam.context_keys(trust) if not trust_causes.is_sent(key, question.host)}
    fixed |= {question.key(name): (value,) for name, value in claims.items()}
    single = frozenset({question.key("sub"), question.key("aud")})
    return iam.Scene(
        question.principal, question.account, now=question.now, resource=question.role, fixed=fixed, single=single
    )


def _wanted(question: Question) -> iam.Policies:
    """What is right: these subjects for this audience, and whatever else a session needs."""
    right = {"StringEquals": {question.key("sub"): list(question.subjects), question.key("aud"): question.audience}}
    return _allowing(question, {"Action": WEB, "Condition": right}, {"NotAction": WEB})


def _allowing(question: Question, *statements: Mapping[str, Any], also: Sequence[str] = ()) -> iam.Policies:
    """A trust policy that allows the provider, and others of its kind, some actions."""
    federated = {"Effect": "Allow", "Principal": {"Federated": [question.provider, *also]}}
    document = {"Version": "2012-10-17", "Statement": [{**federated, **each} for each in statements]}
    return iam.Policies(resource=iam.parse_policy(document, iam.PolicyKind.TRUST, "wanted"))


def _keeps_out(trust: iam.Policy, question: Question) -> Iterator[TrustFinding]:
    told: set[str] = set()
    for subject in question.subjects:
        claims = {**question.claims, "sub": subject, "aud": question.audience}
        wanted = [iam.Wanted(WEB, principals={"Federated": question.provider})]
        for lack in iam.lacking(iam.Policies(resource=trust), wanted, _scene(trust, question, **claims)):
            if lack.certain:
                found = trust_causes.causes(trust, question.request(claims), question.host)
            else:
                what = f"Whether {subject} may assume the role depends on {_conditions(lack)}."
                found = (TrustFinding("trust-depends", what, "look at that condition", Weight.UNKNOWN, evidence=_OIDC),)
            for each in found:
                if each.what not in told:
                    told.add(each.what)
                    yield each


def _conditions(lack: iam.Lack) -> str:
    named = [str(each) for each in lack.conditions]
    return " and ".join(dict.fromkeys(named)) or lack.unclear or "more than the subject"


def _tokens_besides(trust: iam.Policy, question: Question) -> Iterator[TrustFinding]:
    """Tokens of the provider that are let in and are not wanted."""
    policies, wanted = iam.Policies(resource=trust), _wanted(question)
    found: list[iam.Access] = []
    for audience in question.clients if question.clients is not None else (None,):
        claims = {} if audience is None else {"aud": audience}
        found += iam.excess(policies, wanted, _scene(trust, question, **claims))
    told: dict[str, TrustFinding] = {}
    for stranger in _candidates(question):
        if stranger.id not in told and not _is_wanted(stranger.claims, question):
            decision = iam.evaluate_trust(question.request(stranger.claims), trust)
            if decision.allowed and (found or stranger.id == "trust-any-audience"):
                told[stranger.id] = _stranger(stranger, trust, decision, question)
    yield from told.values()
    if not any(each.weight is Weight.ERROR for each in told.values()):
        yield from (_unnamed(access, question) for access in found)


def _candidates(question: Question) -> Iterator[Stranger]:
    for subject in question.subjects:
        yield from strangers(subject, question.audience)


def _is_wanted(claims: Mapping[str, str], question: Question) -> bool:
    return claims["sub"] in question.subjects and claims["aud"] == question.audience


def _stranger(stranger: Stranger, trust: iam.Policy, decision: iam.Decision, question: Question) -> TrustFinding:
    subject, audience = stranger.claims["sub"], stranger.claims["aud"]
    token = f"the subject {subject}" if audience == question.audience else f"the audience {audience}"
    what = f"The role lets in {stranger.who} too: a token with {token} may assume it."
    next_step = "name the wanted subject whole: StringEquals with " + question.subjects[0]
    weight = Weight.ERROR
    if stranger.id == "trust-any-audience":
        next_step = f"add StringEquals {question.key('aud')}: {question.audience}"
        if question.clients is not None and audience not in question.clients:
            what = "The trust does not ask for the audience: the provider's own list of client ids alone does."
            weight = Weight.ADVICE
    place = None
    if decision.statement is not None and decision.statement.statement is not None:
        place = trust_causes.place(trust, decision.statement.statement, question.key("sub"))
    return TrustFinding(stranger.id, what, next_step, weight, place, question.request(stranger.claims), evidence=_OIDC)


def _unnamed(access: iam.Access, question: Question) -> TrustFinding:
    """A token that no stranger's name is known for, or something that could not be decided."""
    next_step = "name the wanted subject whole, with StringEquals"
    if access.witness is None:
        what = f"Whether the role lets in others could not be decided: {access.unclear}."
        return TrustFinding("trust-not-decided", what, next_step, Weight.UNKNOWN, access.place, evidence=_OIDC)
    keys = {key.lower(): value for key, value in access.witness.context.items()}
    claims = {key.removeprefix(f"{question.host}:"): value for key, value in keys.items() if question.host in key}
    shown = ", ".join(f"{name} {value}" for name, value in sorted(claims.items())) or "any claims"
    if set(claims) <= {"sub", "aud"}:
        what = f"The role lets in others too: a token with {shown} may assume it."
        return TrustFinding("trust-lets-in-others", what, next_step, Weight.ERROR, access.place, access.witness, _OIDC)
    # Claims hang together: whether GitHub ever makes a token with just these is not decided here.
    what = f"The role would let in a token with {shown}; whether GitHub ever makes one is not known here."
    return TrustFinding("trust-not-decided", what, next_step, Weight.UNKNOWN, access.place, access.witness, _OIDC)


def _callers_besides(trust: iam.Policy, question: Question) -> Iterator[TrustFinding]:
    """Whoever is let in without a token of the provider."""
    providers = [each for each in _providers(trust) if each != question.provider]
    # No other caller's request has the claims of a token; a token of another provider may have some.
    claims: dict[str, tuple[str, ...]] = {key: () for key in iam.context_keys(trust) if _is_claim(key)}
    scene = iam.Scene(account=question.account, now=question.now, resource=question.role)
    wanted = _allowing(question, {"Action": WEB}, {"NotAction": WEB}, also=providers)
    found = list(iam.excess(iam.Policies(resource=trust), wanted, replace(scene, fixed=claims)))
    for provider in providers:
        principal = iam.Principal(provider, provider.split(":")[4], iam.PrincipalKind.FEDERATED)
        found += iam.excess(iam.Policies(resource=trust), (), replace(scene, principal=principal))
    yield from (_caller(access) for access in found if not access.known or _assumes(access))


def _providers(trust: iam.Policy) -> list[str]:
    """The identity providers that the policy names, by their ARNs."""
    principals = (each.principals for each in trust.statements if each.principals is not None)
    named = (entry for each in principals for entry in each.written.get("Federated", ()))
    return [each for each in dict.fromkeys(named) if each.count(":") >= 5]


def _is_claim(key: str) -> bool:
    return not key.lower().startswith(("aws:", "sts:", "iam:"))


def _caller(access: iam.Access) -> TrustFinding:
    next_step = "take that principal out of the trust policy"
    if access.witness is None:
        what = f"Whether the role lets in others could not be decided: {access.unclear}."
        return TrustFinding("trust-not-decided", what, next_step, Weight.UNKNOWN, access.place, evidence=_OIDC)
    who = access.witness.principal
    other = who.kind is iam.PrincipalKind.FEDERATED and not who.is_federated_user
    id = "trust-other-provider" if other else "trust-other-principal"
    named = {"": "anybody, without signing"}.get(who.arn, who.identity_arn or who.arn)
    what = f"The role lets in others than the provider's jobs: {named} may assume it."
    return TrustFinding(id, what, next_step, Weight.ERROR, access.place, access.witness, evidence=_OIDC)


def _assumes(access: iam.Access) -> bool:
    """Whether it begins a session; more actions than are listed may hold one that does."""
    return access.count > len(access.actions) or any(action.lower() in _ASSUMING for action in access.actions)


def _besides(trust: iam.Policy, question: Question) -> Iterator[TrustFinding]:
    """What AWS refuses at creation, and operators that are for keys with several values."""
    shared = iam.unevaluated(trust)
    if shared is not None:
        what = f"AWS refuses to create this: no statement narrows {' or '.join(shared[1])} to somebody."
        next_step = f"add StringEquals {question.key('sub')}: {question.subjects[0]}"
        evidence = "IAM User Guide, Identity-provider controls for shared OIDC providers"
        yield TrustFinding("trust-refused-by-aws", what, next_step, evidence=evidence)
    for statement in trust.statements:
        for condition in statement.conditions:
            quantifier = _quantifier(condition)
            claim = condition.key.lower().removeprefix(f"{question.host.lower()}:")
            if quantifier is Quantifier.ONE or claim not in ("sub", "aud"):
                continue
            wide = quantifier is Quantifier.ALL and statement.effect is Effect.ALLOW
            says = "is true where the key is missing" if wide else "is for keys with several values"
            what = f"{condition.operator} {says}, and {condition.key} has one value."
            yield TrustFinding(
                "trust-set-operator",
                what,
                f"write {condition.operator.removeprefix(quantifier.value)}",
                Weight.ERROR if wide else Weight.ADVICE,
                replace(iam.place_of(trust, statement), line=trust_causes.line(trust, statement, condition)),
                evidence="IAM User Guide, Single-valued vs. multivalued context keys",
            )


def _quantifier(condition: Condition) -> Quantifier:
    split = split_operator(condition.operator)
    return Quantifier.ONE if split is None else split[0]
