"""Small wrong changes of a module: each is one mistake that a person might make, and a test should notice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from types import CodeType
from typing import Any, cast

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, what it is, and the lines by which tests that reach it are found.

    `function` names the outermost function that it is in, empty for a constant of the module.
    """

    number: int
    function: str
    line: int
    change: str
    lines: frozenset[int]


@dataclass(frozen=True)
class _Place:
    """A node's place in its parent, so that another can take it, and the function and statement around it."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    function: str = ""
    statement: ast.stmt | None = None

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


_Change = Callable[[], ast.AST]


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module's source."""
    found = []
    for number, (place, make) in enumerate(_changes(ast.parse(source))):
        old, new = _words(place.node), _words(make())
        start = place.statement.lineno if place.statement else 0
        reached = {start, *range(_line(place), getattr(place.node, "end_lineno", _line(place)) + 1)}
        found.append(Mutant(number, place.function, _line(place), f"{old} -> {new}", frozenset(reached)))
    return found


def mutated(source: str, number: int) -> tuple[ast.Module, ast.stmt | None]:
    """The module with one mutant, and the statement that it is in."""
    tree = ast.parse(source)
    place, make = next(islice(_changes(tree), number, None))
    place.put(make())
    top = next((each for each in tree.body if each.lineno <= _line(place) <= (each.end_lineno or 0)), None)
    return ast.fix_missing_locations(tree), top


def codes(code: CodeType) -> Iterator[CodeType]:
    """A module's code, and that of all that is in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from codes(each)


def alone(tree: ast.Module, statement: ast.stmt) -> ast.Module:
    """The module without its other statements."""
    tree.body = [each for each in tree.body if each.lineno == statement.lineno]
    return tree


def _changes(tree: ast.Module) -> Iterator[tuple[_Place, _Change]]:
    for place in _places(tree, _Place(tree, tree, "", None)):
        for make in _of(place):
            yield place, make


def _places(node: ast.AST, around: _Place) -> Iterator[_Place]:
    """Every node whose change can be tried: in functions, or in a constant of the module."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "args"} and not isinstance(node, ast.Call):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_prose(child) or _is_hidden(node, child):
                continue
            here = replace(around, node=child, parent=node, field=field, index=index)
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not _in_function(around):
                here = replace(here, function=f"{around.function}.{child.name}".lstrip("."))
            if isinstance(child, ast.stmt):
                here = replace(here, statement=child)
            yield here
            yield from _places(child, here)


def _in_function(place: _Place) -> bool:
    return bool(place.function) and not isinstance(place.node, ast.ClassDef)


def _is_hidden(parent: ast.AST, child: ast.AST) -> bool:
    """True for code without effect at run time or for people: fields of classes, imports, log lines, types."""
    if isinstance(parent, ast.ClassDef) and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Call) and "_log." in ast.unparse(child.value.func):
        return True
    if isinstance(child, ast.Call) and ast.unparse(child.func) in {"cast", "TypeVar"}:
        return True
    if isinstance(parent, ast.If) and isinstance(child, ast.Name) and child.id == "TYPE_CHECKING":
        return True
    if isinstance(child, ast.Subscript) and ast.unparse(child.value) == "Literal":
        return True
    named = isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) in {"__all__", "Routes"}
    return named or isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom)


def _is_prose(node: ast.AST) -> bool:
    text = node.value if isinstance(node, ast.Constant) else node.value if isinstance(node, ast.Expr) else None
    if isinstance(text, ast.Constant):
        text = text.value
    return isinstance(text, str) and (" " in text or not text)


def _of(place: _Place) -> Iterator[_Change]:
    yield from _of_node(place.node)
    node = place.node
    tested = place.field == "test" or (place.field == "ifs" and isinstance(place.parent, ast.comprehension))
    if tested and not isinstance(node, ast.UnaryOp) and not (isinstance(node, ast.Compare) and not _ordered(node)):
        yield lambda: ast.UnaryOp(ast.Not(), cast("ast.expr", node))


def _of_node(node: Any) -> Iterator[_Change]:  # noqa: C901 - a table
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            yield lambda: ast.Compare(node.left, [_COMPARISONS[type(node.ops[0])]()], node.comparators)
        case ast.BoolOp(op=op):
            yield lambda: ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield lambda: node.operand
        case ast.BinOp(op=op):
            yield lambda: ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        case ast.AugAssign(op=op):
            yield lambda: ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
        case ast.Constant(value=value) if isinstance(value, bool | int | float | str | bytes):
            yield lambda: ast.Constant(_other(value))
        case ast.Return(value=value) if value is not None and _words(value) != "None":
            yield lambda: ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Expr(value=ast.YieldFrom() | ast.Call()):
            yield ast.Pass
        case ast.Break():
            yield ast.Continue
        case ast.Continue():
            yield ast.Break


def _ordered(node: ast.Compare) -> bool:
    return len(node.ops) > 1 or isinstance(node.ops[0], _ORDERED)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}~"
    return value + (b"~" if isinstance(value, bytes) else 1)


def _line(place: _Place) -> int:
    return int(getattr(place.node, "lineno", place.statement.lineno if place.statement else 1))


def _words(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= 90 else f"{text[:87]}..."
