"""Every error that the kit can show, read from its own source: id, words, next step, and where it is raised."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# Stands where the message names what it is about.
VARIES = "…"


@dataclass(frozen=True)
class ErrorSite:
    """One place that makes a LabError. ``id`` is empty where none is given; ``what`` and ``next_step`` are as written,
    with ``VARIES`` for what differs from case to case."""

    id: str
    what: str
    next_step: str
    place: str


@cache
def error_sites() -> tuple[ErrorSite, ...]:
    """Every site of the package, by file and line; those that hand on the id of another error are left out."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    errors = _classes(trees.values())
    return tuple(site for path, tree in trees.items() for site in _File(path, tree, errors).sites())


def _classes(trees: Iterable[ast.Module]) -> dict[str, bool]:
    """LabError and what is derived from it: name, and whether its own ``__init__`` gives the id."""
    defined = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"LabError": False}
    while True:
        more = {each.name: _gives_id(each) for each in defined if {_name(base) for base in each.bases} & found.keys()}
        if more.keys() <= found.keys():
            return found
        found |= more


def _gives_id(each: ast.ClassDef) -> bool:
    for node in each.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return "id" not in {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    return False


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


class _File:
    """One module: its error sites, and the constants that their words are made of."""

    def __init__(self, path: Path, tree: ast.Module, errors: dict[str, bool]) -> None:
        self.place = path.relative_to(PACKAGE.parent).as_posix()
        self.tree, self.errors = tree, errors

    def sites(self) -> Iterator[ErrorSite]:
        yield from self._in(self.tree, [self.tree.body])

    def _in(self, node: ast.AST, around: list[list[ast.stmt]]) -> Iterator[ErrorSite]:
        """The sites below ``node``; ``around`` are the bodies in which a name may have been given its value."""
        if isinstance(node, ast.FunctionDef):
            around = [*around, node.body]
        if isinstance(node, ast.Call) and self._makes_error(node):
            site = self._site(node, around)
            if site is not None:
                yield site
        for child in ast.iter_child_nodes(node):
            yield from self._in(child, around)

    def _makes_error(self, call: ast.Call) -> bool:
        own = isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
        if own:  # a class that gives its errors one id
            return any(each.arg == "id" and isinstance(each.value, ast.Constant) for each in call.keywords)
        return not self.errors.get(_name(call.func), True)

    def _site(self, call: ast.Call, around: list[list[ast.stmt]]) -> ErrorSite | None:
        given = {each.arg: each.value for each in call.keywords}
        id = given.get("id")
        if id is not None and not isinstance(id, ast.Constant):
            return None
        named = given.get("next_step")
        steps = [
            each for each in call.args[1:] if isinstance(each, ast.Constant | ast.JoinedStr | ast.Name | ast.BinOp)
        ]
        texts = [text for text in (self._text(each, around) for each in ([named] if named else steps)) if text]
        what = self._text(call.args[0], around) if call.args else ""
        place = f"{self.place}:{call.lineno}"
        return ErrorSite(str(id.value) if id else "", what or VARIES, texts[0] if texts else "", place)

    def _text(self, node: ast.expr, around: list[list[ast.stmt]]) -> str:
        """A string as it is written; empty for what is not one."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else ""
        if isinstance(node, ast.JoinedStr):
            return "".join(str(each.value) if isinstance(each, ast.Constant) else VARIES for each in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = (self._text(side, around) or VARIES for side in (node.left, node.right))
            return "".join(sides).replace(VARIES * 2, VARIES)
        if isinstance(node, ast.Name):
            for body in reversed(around):
                for statement in body:
                    for inner in ast.walk(statement):
                        if isinstance(inner, ast.Assign) and [_name(each) for each in inner.targets] == [node.id]:
                            return self._text(inner.value, around)
        return ""
