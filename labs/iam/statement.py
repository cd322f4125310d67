"""One statement, compiled: does it apply to a request?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labs.iam.conditions import Condition
from labs.iam.decision import Effect, Principal, Request
from labs.iam.match import Patterns, any_of, tokens_of
from labs.iam.principals import Grant, Principals
from labs.iam.request_context import principal_keys
from labs.iam.variables import Context, Template, expand, parse_template


class Asked:
    """A request as the statements read it: action and key names in lower case, and the keys every request carries.

    From the principal, unless the context names them: those of ``principal_keys``; from the resource,
    ``aws:ResourceAccount``.
    """

    __slots__ = ("_context", "action", "principal", "request", "resource")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.principal = request.principal
        self.action = request.action.lower()
        self.resource = request.resource
        self._context: dict[str, tuple[str, ...]] | None = None

    @property
    def context(self) -> Context:
        """The condition keys, made only when a statement needs one."""
        if self._context is None:
            owner = self.request.resource_account or self.principal.account
            own = {"aws:ResourceAccount": owner} if owner else {}
            self._context = {
                key.lower(): (value,) if isinstance(value, str) else tuple(value)
                for key, value in (
                    *principal_keys(self.principal).items(),
                    *own.items(),
                    *self.request.context.items(),
                )
            }
        return self._context


class Resources:
    """A ``Resource`` or ``NotResource`` list: patterns, and patterns with variables filled in per request."""

    __slots__ = ("_fixed", "_templates", "negated", "written")

    def __init__(self, written: Sequence[str], negated: bool, variables: bool) -> None:
        self.written = tuple(written)
        self.negated = negated
        templates = {text: resource_template(text) for text in self.written if variables and "${" in text}
        self._fixed = Patterns(text for text in self.written if text not in templates)
        self._templates = tuple(templates.values())

    def cover(self, asked: Asked) -> bool:
        """Whether the statement is about this resource."""
        if self._fixed.match(asked.resource):
            return not self.negated
        for template in self._templates:
            # "The resource that includes a policy variable with no value will not match any resource."
            tokens = expand(template, asked.context)
            if tokens is not None and any_of((tokens,)).fullmatch(asked.resource) is not None:
                return not self.negated
        return self.negated


def resource_template(text: str) -> Template:
    """Variables count only after the fifth colon; before it, they are plain characters."""
    head, *tail = text.split(":", 5)
    if len(tail) < 5:
        return tokens_of(text)
    return tokens_of(":".join([head, *tail[:4], ""])) + parse_template(tail[4], wildcards=True)


@dataclass(frozen=True)
class Statement:
    """A compiled statement; ``index`` is its place in the document, from 0. None for an element that is absent."""

    index: int
    sid: str
    effect: Effect
    actions: Patterns
    not_action: bool
    resources: Resources | None = None
    principals: Principals | None = None
    not_principal: bool = False
    conditions: tuple[Condition, ...] = ()

    def applies(self, asked: Asked) -> bool:
        """Whether action, resource and every condition fit; the principal is ``grant``'s question."""
        if self.actions.match(asked.action) is self.not_action:
            return False
        if self.resources is not None and not self.resources.cover(asked):
            return False
        if self.conditions:
            context = asked.context
            for condition in self.conditions:
                if not condition.holds(context):
                    return False
        return True

    def grant(self, principal: Principal, bounded: bool = False) -> Grant:
        """How the statement names the principal; DIRECT when it has no Principal element.

        ``bounded``: the principal has a permissions boundary. "NotPrincipal with a Deny effect will always deny any IAM
        principal that has a permissions boundary policy attached" (access_policies_boundaries).
        """
        if self.principals is None:
            return Grant.DIRECT
        if not self.not_principal:
            return self.principals.grant(principal)
        if self.effect is Effect.DENY:
            spared = self.principals.names_exactly(principal) and not bounded
            return Grant.NONE if spared else Grant.DIRECT
        return Grant.DIRECT if self.principals.grant(principal) is Grant.NONE else Grant.NONE
