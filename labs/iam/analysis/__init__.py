"""What policies may ever allow: ``analyse``, ``excess``, ``lacking``; decided, each answer with a request.

    policies (rights)  -> Allow, Deny, layers as a formula, beside ``labs.iam.evaluate``
    actions            -> classes that no statement tells apart (action_classes, over the catalogue)
    each class         -> which statements apply, which must not (comparison, search)
    resource, keys     -> is there such a text, such a value? (languages, automata; key_values, candidates)
    an answer          -> a request that ``evaluate`` decides the same way (witness)

Only "no request" and a request that ``evaluate`` confirms are answers; everything else is "unclear". The limits stand
in docs/policy-analysis.md. Pure; the one file it reads is its catalogue of actions.
"""

from labs.iam.analysis.answers import Access, JudgedCondition, Lack, Place, Truth, Wanted
from labs.iam.analysis.places import place_of
from labs.iam.analysis.questions import analyse, excess, lacking
from labs.iam.analysis.request_keys import Scene

__all__ = [
    "Access",
    "JudgedCondition",
    "Lack",
    "Place",
    "Scene",
    "Truth",
    "Wanted",
    "analyse",
    "excess",
    "lacking",
    "place_of",
]
