"""IAM decisions a second of one processor: the kit's evaluator beside ministack's, over the same mixed policies.

A round decides every case of the differential test that both answer alike (``tests/iam/differential.py``): users and
sessions, identity policies, boundaries, session and resource policies, conditions of every family. Both have parsed
their documents before; both are asked with what a gateway has in hand, a request and the parsed policies.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator as ministack

from labs.iam import Policies, PolicyKind, Request, evaluate, parse_policy
from tests.iam.differential import ACCOUNT, Case, Draw, ours, their_request, theirs

CASES = 1_000
ROUNDS = 9


def a_second() -> tuple[float, float]:
    """Decisions a second, medians of nine rounds taken in turn: (the kit's, ministack's).

    It is the thread's own time, so that a busy machine does not change it.
    """
    draw = Draw(2026)
    drawn = (draw.case() for _ in range(2 * CASES))
    cases = [case for case in drawn if ours(case) == theirs(case)][:CASES]
    mine, its = [_prepared(case) for case in cases], [_prepared_for_ministack(case) for case in cases]
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for place, calls in enumerate((mine, its)):
            began = time.thread_time()
            for call in calls:
                call()
            rates[place].append(len(calls) / (time.thread_time() - began))
    return statistics.median(rates[0]), statistics.median(rates[1])


def _prepared(case: Case) -> Callable[[], Any]:
    def read(document: Any, kind: PolicyKind) -> Any:
        return None if document is None else parse_policy(document, kind)

    session = read(case.session, PolicyKind.SESSION)
    policies = Policies(
        identity=tuple(read(document, PolicyKind.IDENTITY) for document in case.identity),
        resource=read(case.resource, PolicyKind.RESOURCE),
        boundary=read(case.boundary, PolicyKind.BOUNDARY),
        session=() if session is None else (session,),
    )
    # A new request each time, as each call brings one.
    return lambda: evaluate(Request(case.principal, case.action, case.on, case.context), policies)


def _prepared_for_ministack(case: Case) -> Callable[[], Any]:
    read = ministack.parse_policy_document
    identity = [read(document) for document in case.identity]
    limits = [[read(document)] for document in (case.boundary, case.session) if document is not None]

    def call() -> Any:
        context = their_request(case)
        result = ministack.evaluate(context, identity, *limits)
        if case.resource is None:
            return result
        # It keeps resource policies as documents and reads them in each decision.
        return ministack.combine_resource_policy(result, context, case.resource, ACCOUNT, limits=limits)

    return call
