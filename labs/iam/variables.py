"""Policy variables: ``${aws:username}``, defaults ``${aws:username, 'nobody'}``, and ``${*}`` ``${?}`` ``${$}``.

Source: IAM User Guide, reference_policies_variables. They exist in Version 2012-10-17 only; in an older document the
same characters are ordinary text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labs.iam.match import Token, Tokens, tokens_of

Context = Mapping[str, tuple[str, ...]]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_INSIDE = re.compile(r"\s*([^,'\s][^,']*?)\s*(?:,\s*'([^']*)'\s*)?")


@dataclass(frozen=True)
class Variable:
    """A placeholder: the condition key in lower case, and the default (None without one)."""

    key: str
    default: str | None


Template = tuple[Token | Variable, ...]


def parse_template(text: str, wildcards: bool) -> Template:
    """Read a text with variables; ``wildcards`` says whether ``*`` and ``?`` mean more than themselves."""
    parts: list[Token | Variable] = []

    def plain(piece: str) -> None:
        if piece:
            parts.extend(tokens_of(piece) if wildcards else (piece,))

    end = 0
    for found in _VARIABLE.finditer(text):
        plain(text[end : found.start()])
        end = found.end()
        inside = found.group(1)
        if inside in ("*", "?", "$"):
            parts.append(inside)
        elif (named := _INSIDE.fullmatch(inside)) is not None:
            parts.append(Variable(named.group(1).lower(), named.group(2)))
        else:
            plain(found.group(0))
    plain(text[end:])
    return tuple(parts)


def names_in(text: str) -> list[str]:
    """The condition keys that a text has variables of, as written."""
    found = (_INSIDE.fullmatch(part) for part in _VARIABLE.findall(text) if part not in ("*", "?", "$"))
    return [named.group(1) for named in found if named is not None]


def has_variable(template: Template) -> bool:
    """Whether it must be filled in per request."""
    return any(isinstance(part, Variable) for part in template)


def expand(template: Template, context: Context) -> Tokens | None:
    """Fill in the variables; None when one has neither a value nor a default.

    A value is plain text: a ``*`` in it is not a wildcard. A key with several values has no one value to fill in.
    """
    filled: list[Token] = []
    for part in template:
        if not isinstance(part, Variable):
            filled.append(part)
            continue
        values = context.get(part.key, ())
        if len(values) == 1:
            filled.append(values[0])
        elif part.default is not None:
            filled.append(part.default)
        else:
            return None
    return tuple(filled)


def text_of(tokens: Tokens) -> str:
    """The text of tokens that hold no wildcard."""
    return "".join(str(token) for token in tokens)
