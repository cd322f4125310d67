"""GitHub's expressions: what stands between ``${{`` and ``}}``, and an ``if:`` without them, as a tree.

Source: GitHub docs, "Evaluate expressions in workflows and actions" (literals, operators, functions) and "Contexts
reference". Names of contexts and functions are the same in any case of letters.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

OPEN, CLOSE = "${{", "}}"
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?0x[0-9a-fA-F]+|-?\.?\d[\d.]*(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>&&|\|\||[=!<>]=|[!<>()\[\],.*]))"
)
_BINDS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
# What these give is a truth or a digest, and no longer what they were given.
_ANSWERS = ("contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled")


class NotAnExpression(Exception):
    """Why a text is no expression, as a sentence without its full stop."""


@dataclass(frozen=True)
class Literal:
    """A text, number, truth or null, as the text that it becomes in a template."""

    value: str


@dataclass(frozen=True)
class Context:
    """A value by its place: ``("github", "event", "issue", "title")`` in lower case; ``*`` for a filter or index."""

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """``github.event.issue.title``."""
        return ".".join(self.path)


@dataclass(frozen=True)
class Call:
    """A function or an operator (``||``, ``!``, ``==``), its name in lower case, and what it is given."""

    name: str
    given: "tuple[Node, ...]"


Node = Literal | Context | Call


@dataclass(frozen=True)
class Expression:
    """One expression in a text. ``offset``: where its ``${{`` is; ``node`` is None where ``fault`` says why."""

    source: str
    offset: int
    node: Node | None
    fault: str = ""

    @property
    def shown(self) -> str:
        """As people write it, with its braces."""
        return f"{OPEN} {self.source.strip()} {CLOSE}"


Part = str | Expression


def parts(text: str) -> tuple[Part, ...]:
    """A text as its literal pieces and its expressions, in order; one that has no end is told as a fault."""
    found: list[Part] = []
    place = 0
    while (begin := text.find(OPEN, place)) >= 0:
        if begin > place:
            found.append(text[place:begin])
        end = _end(text, begin + len(OPEN))
        if end < 0:
            return (*found, Expression(text[begin + len(OPEN) :], begin, None, "it has no }}"))
        found.append(_expression(text[begin + len(OPEN) : end], begin))
        place = end + len(CLOSE)
    return (*found, text[place:]) if place < len(text) else tuple(found)


def expressions(text: str) -> tuple[Expression, ...]:
    """The expressions in a text."""
    return tuple(part for part in parts(text) if isinstance(part, Expression))


def condition(text: str) -> Expression | None:
    """An ``if:``, with braces or without; None where there is none."""
    if not text.strip():
        return None
    found = parts(text.strip())
    if len(found) == 1 and isinstance(found[0], Expression):
        return found[0]
    return _expression(text, 0)


def contexts(node: Node | None) -> Iterator[Context]:
    """Every context that an expression looks at."""
    if isinstance(node, Context):
        yield node
    elif isinstance(node, Call):
        for each in node.given:
            yield from contexts(each)


def calls(node: Node | None) -> Iterator[Call]:
    """Every function and operator in an expression."""
    if isinstance(node, Call):
        yield node
        for each in node.given:
            yield from calls(each)


def flows(node: Node | None) -> Iterator[Context]:
    """The contexts whose text can become the expression's own: not those that are only compared or tested."""
    if isinstance(node, Context):
        yield node
    elif isinstance(node, Call) and node.name not in ("==", "!=", "<", "<=", ">", ">=", "!", *_ANSWERS):
        # ``a && b`` is b, or an a that is empty.
        for each in node.given[1:] if node.name == "&&" else node.given:
            yield from flows(each)


def value(node: Node | None, lookup: Callable[[Context], str | None]) -> str | None:
    """The text that an expression becomes; None where what it looks at is not known, or cannot be worked out here."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Context):
        return lookup(node)
    if not isinstance(node, Call):
        return None
    if node.name in ("||", "&&"):
        first = value(node.given[0], lookup)
        if first is None:
            return None
        wanted = node.name == "||"
        return first if (first not in ("", "false", "0")) is wanted else value(node.given[1], lookup)
    given = [value(each, lookup) for each in node.given]
    if any(each is None for each in given):
        return None
    texts = [each or "" for each in given]
    if node.name in ("==", "!="):
        return "true" if (texts[0].lower() == texts[1].lower()) is (node.name == "==") else "false"
    if node.name == "format" and texts:
        return _format(texts[0], texts[1:])
    return None


def _format(pattern: str, given: list[str]) -> str | None:
    pieces = re.split(r"(\{\{|\}\}|\{\d+\})", pattern)
    found = ""
    for piece in pieces:
        if piece in ("{{", "}}"):
            found += piece[0]
        elif re.fullmatch(r"\{\d+\}", piece):
            number = int(piece[1:-1])
            if number >= len(given):
                return None
            found += given[number]
        else:
            found += piece
    return found


def _end(text: str, place: int) -> int:
    """Where the ``}}`` is that no text in quotes holds; -1: nowhere."""
    quoted = False
    while place < len(text):
        if text[place] == "'":
            quoted = not quoted
        elif not quoted and text.startswith(CLOSE, place):
            return place
        place += 1
    return -1


def _expression(source: str, offset: int) -> Expression:
    try:
        return Expression(source, offset, _Parser(source).whole())
    except NotAnExpression as error:
        return Expression(source, offset, None, str(error))
    except RecursionError:
        return Expression(source, offset, None, "it is nested too deeply")


class _Parser:
    """Operator precedence, the loosest first; then values with their ``.name`` and ``[index]``."""

    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._place = 0

    def whole(self) -> Node:
        if not self._tokens:
            raise NotAnExpression("it is empty")
        node = self._operator(0)
        if self._place < len(self._tokens):
            raise NotAnExpression(f"{self._tokens[self._place][1]} is not expected there")
        return node

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise NotAnExpression("it ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _expect(self, sign: str) -> None:
        if self._next()[1] != sign:
            raise NotAnExpression(f"a {sign} is missing")

    def _operator(self, level: int) -> Node:
        if level == len(_BINDS):
            return self._not()
        node = self._operator(level + 1)
        while self._peek() in _BINDS[level]:
            sign = self._next()[1]
            node = Call(sign, (node, self._operator(level + 1)))
        return node

    def _not(self) -> Node:
        if self._peek() != "!":
            return self._postfix(self._primary())
        self._next()
        return Call("!", (self._not(),))

    def _primary(self) -> Node:
        kind, token = self._next()
        if kind == "text":
            return Literal(token[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(token)
        if token == "(":
            node = self._operator(0)
            self._expect(")")
            return node
        if kind != "name":
            raise NotAnExpression(f"{token} is not expected there")
        if self._peek() == "(":
            return Call(token.lower(), self._given())
        if token.lower() in ("true", "false", "null"):
            return Literal("" if token.lower() == "null" else token.lower())
        return Context((token.lower(),))

    def _given(self) -> tuple[Node, ...]:
        self._expect("(")
        given: list[Node] = []
        while self._peek() != ")":
            given.append(self._operator(0))
            if self._peek() != ")":
                self._expect(",")
        self._expect(")")
        return tuple(given)

    def _postfix(self, node: Node) -> Node:
        while self._peek() in (".", "["):
            if self._next()[1] == ".":
                kind, token = self._next()
                if kind != "name" and token != "*":
                    raise NotAnExpression(f"{token} is no name")
                step: Node = Literal(token)
            elif self._peek() == "*":
                self._next()
                step = Literal("*")
                self._expect("]")
            else:
                step = self._operator(0)
                self._expect("]")
            node = _step(node, step)
        return node


def _step(node: Node, step: Node) -> Node:
    if isinstance(node, Context) and isinstance(step, Literal):
        # A place in a list is any of its places.
        name = "*" if re.fullmatch(r"\d+", step.value) else step.value.lower()
        return Context((*node.path, name))
    if isinstance(node, Context):
        return Call("[]", (Context((*node.path, "*")), step))
    return Call("[]", (node, step))


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    place = 0
    while source[place:].strip():
        found = _TOKEN.match(source, place)
        if found is None:
            raise NotAnExpression(f"{source[place:].strip()[0]} is not expected there")
        place = found.end()
        kind = found.lastgroup or ""
        yield kind, found[kind]
