"""Words of a Dockerfile: quotes, escapes and variables, as BuildKit's shell lexer reads them.

dockerfile-parse's own splitter has no ``${name:-default}`` and friends, so expansion is done here.
Source: the Dockerfile reference, "Environment replacement", and BuildKit frontend/dockerfile/shell.
"""

import re
from collections.abc import Callable, Mapping

from labs.engine.embedded.patterns import expression


class WordError(ValueError):
    """A word that BuildKit would refuse, in its words."""


def expand(word: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """One word with its quotes removed and its variables replaced; an unset variable is empty."""
    return _Lexer(word, variables, escape).run()


def expand_text(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """A here-document with its variables and escapes replaced; quotes stay as they are."""
    return _TextLexer(text, variables, escape).run()


def split(text: str, escape: str = "\\") -> list[str]:
    """Split at white space outside quotes; quotes and escapes are kept for ``expand``."""
    words: list[str] = []
    current, quote, at = "", "", 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            current += text[at : at + 2]
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char.isspace():
            if current:
                words.append(current)
            current = ""
            at += 1
            continue
        current += char
        at += 1
    return [*words, current] if current else words


class _Lexer:
    def __init__(self, word: str, variables: Mapping[str, str], escape: str) -> None:
        self._text, self._variables, self._escape, self._at = word, variables, escape, 0

    def run(self) -> str:
        return self._until("")

    def _until(self, stop: str) -> str:
        out = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if stop and char == stop:
                return out
            out += self._piece(char)
        if stop:
            raise WordError(f"syntax error: missing '{stop}' in '{self._text}'")
        return out

    def _piece(self, char: str) -> str:
        if char == "'":
            return self._single()
        if char == '"':
            return self._double()
        if char == "$":
            return self._dollar()
        self._at += 1
        if char == self._escape and self._at < len(self._text):
            self._at += 1
            return self._text[self._at - 1]
        return char

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise WordError("unexpected end of statement while looking for matching single-quote")
        out, self._at = self._text[self._at + 1 : end], end + 1
        return out

    def _double(self) -> str:
        self._at += 1
        out = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return out
            if char == "$":
                out += self._dollar()
                continue
            following = self._text[self._at + 1 : self._at + 2]
            if char == self._escape and following and following in ('"', "$", self._escape):
                char, self._at = following, self._at + 1
            out += char
            self._at += 1
        raise WordError("unexpected end of statement while looking for matching double-quote")

    def _dollar(self) -> str:
        self._at += 1
        if self._text[self._at : self._at + 1] != "{":
            name = self._name()
            return self._variables.get(name, "") if name else "$"
        self._at += 1
        name = self._name()
        if not name:
            raise WordError(f"bad substitution in '{self._text}'")
        modifier = self._text[self._at : self._at + 1]
        if modifier == "}":
            self._at += 1
            return self._variables.get(name, "")
        return self._modified(name)

    def _name(self) -> str:
        """A name; digits alone, or one sign of a shell's own parameters, which are never set in a Dockerfile."""
        found = re.compile(r"[0-9]+|[@*#?$!-]|\w+").match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""

    def _modified(self, name: str) -> str:
        operators = (":-", ":+", ":?", "-", "+", "?", "##", "#", "%%", "%", "//", "/")
        operator = next((each for each in operators if self._text.startswith(each, self._at)), "")
        if not operator:
            rest = self._text[self._at : self._at + 1]
            if not rest:
                raise WordError(f"syntax error: missing '}}' in '{self._text}'")
            raise WordError(f"unsupported modifier ({rest}) in substitution")
        self._at += len(operator)
        value = self._variables.get(name)
        present = bool(value) if operator.startswith(":") else value is not None
        if operator in ("/", "//"):
            pattern = self._until("/")
            self._at += 1
            return self._close(lambda new: _replace(value or "", pattern, new, operator == "//"))
        if operator in ("#", "##", "%", "%%"):
            return self._close(lambda pattern: _trim(value or "", pattern, operator))
        if operator.endswith("-"):
            return self._close(lambda word: (value or "") if present else word)
        if operator.endswith("+"):
            return self._close(lambda word: word if present else "")
        message = self._close(lambda word: word)
        if not present:
            raise WordError(f"{name}: {message or 'not allowed to be unset'}")
        return value or ""

    def _close(self, use: Callable[[str], str]) -> str:
        word = self._until("}")
        self._at += 1
        return use(word)


class _TextLexer(_Lexer):
    def _single(self) -> str:
        return self._quote()

    def _double(self) -> str:
        return self._quote()

    def _quote(self) -> str:
        self._at += 1
        return self._text[self._at - 1]


def _shell(pattern: str) -> re.Pattern[str]:
    """A shell pattern over any text: unlike in a path, ``*`` and ``?`` match a slash too."""
    return re.compile(expression(pattern.replace("[", "\\[")).pattern.replace("[^/]", "."), re.DOTALL)


def _trim(value: str, pattern: str, operator: str) -> str:
    """Remove the shortest (# %) or longest (## %%) part that matches a pattern, from the front or the back."""
    found = _shell(pattern)
    ends = range(len(value) + 1)
    if operator.startswith("#"):
        for end in reversed(ends) if operator == "##" else ends:
            if found.fullmatch(value[:end]):
                return value[end:]
    else:
        for start in ends if operator == "%%" else reversed(ends):
            if found.fullmatch(value[start:]):
                return value[:start]
    return value


def _replace(value: str, pattern: str, new: str, every: bool) -> str:
    return _shell(pattern).sub(lambda _: new, value, count=0 if every else 1)
