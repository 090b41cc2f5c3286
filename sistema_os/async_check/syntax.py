"""What the statements of one function say, before anything is known of the names in them."""

import ast
from collections.abc import Iterator
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(node: ast.expr | None) -> str:
    """`a.b.c` of a name or attribute, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


class Body:
    """The nodes that a function itself executes, and what it stores under which name."""

    def __init__(self, function: FunctionNode) -> None:
        self._function = function

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node that this function itself executes, with the node around it."""
        found: dict[ast.AST, ast.AST] = {}
        waiting: list[ast.AST] = [self._function]
        while waiting:
            node = waiting.pop()
            for child in _executed(node, self._function):
                found[child] = node
                waiting.append(child)
        return found

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return sorted(self.parents, key=lambda node: getattr(node, "lineno", 0))

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """The first value of each name and of each `self.…` attribute."""
        values: dict[str, ast.expr] = {}
        for node in self.nodes:
            for target, value in _bindings(node):
                values.setdefault(target, value)
        for name, value in _defaults(self._function.args):
            values.setdefault(name, value)
        return values

    @cached_property
    def annotations(self) -> dict[str, ast.expr]:
        arguments = self._function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        found = {argument.arg: argument.annotation for argument in every if argument.annotation}
        for node in self.nodes:
            if isinstance(node, ast.AnnAssign) and (name := dotted(node.target)):
                found[name] = node.annotation
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """Arguments and local variables."""
        stored = {node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        arguments = (node.arg for node in ast.walk(self._function.args) if isinstance(node, ast.arg))
        return frozenset(stored.union(arguments))


def _executed(node: ast.AST, top: ast.AST) -> Iterator[ast.AST]:
    """Children that run when `node` runs: of an inner function only its decorators and defaults."""
    if node is top:
        yield from node.body  # type: ignore[attr-defined]  # top is a function
    elif isinstance(node, ast.Lambda):
        yield from node.args.defaults
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from (*node.decorator_list, *node.args.defaults)
    elif isinstance(node, ast.ClassDef):
        yield from node.decorator_list
    else:
        yield from ast.iter_child_nodes(node)


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _unpacked(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield dotted(target), value
        case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
            yield name, value
        case ast.withitem(context_expr=value, optional_vars=ast.Attribute() as target):
            yield dotted(target), value
        case ast.For(target=target, iter=rows) | ast.AsyncFor(target=target, iter=rows):
            yield from _each(target, rows)
        case ast.comprehension(target=target, iter=rows):
            yield from _each(target, rows)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, value in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield argument.arg, value
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, default


def _unpacked(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, its in zip(target.elts, value.elts, strict=True):
            yield from _unpacked(one, its)
    elif name := dotted(target):
        yield name, value


def _each(target: ast.expr, rows: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The loop's variable is an element of what is looped over."""
    element = ast.copy_location(ast.Subscript(value=rows, slice=ast.Constant(value=0), ctx=ast.Load()), rows)
    if name := dotted(target):
        yield name, element
    elif isinstance(target, ast.Tuple) and len(target.elts) == 2 and _is_items(rows) and dotted(target.elts[1]):
        yield dotted(target.elts[1]), element


def _is_items(rows: ast.expr) -> bool:
    return isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute) and rows.func.attr == "items"
