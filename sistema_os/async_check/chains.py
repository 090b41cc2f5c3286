"""From each `async def` through the functions that it calls to the call that blocks."""

import ast
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sistema_os.async_check.blocking import Block, blocks, called_arguments, dropped
from sistema_os.async_check.catalogue import CONSUMERS
from sistema_os.async_check.project import Class, Function, Project
from sistema_os.async_check.scope import Scope
from sistema_os.async_check.syntax import dotted


class Step(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Finding:
    """The steps lead from a line of an async function to the line that blocks."""

    function: str
    steps: tuple[Step, ...]
    asynchronous: bool = True

    def __str__(self) -> str:
        first, *rest = self.steps
        where = f"in {'async ' if self.asynchronous else ''}{self.function}(): " if self.function else ""
        head = f"{first.path}:{first.line}: {where}{first.text}"
        return "\n".join([head, *(f"    {step}" for step in rest)])


@dataclass(frozen=True)
class Report:
    """`silenced` findings stand on lines that say why they may block."""

    findings: tuple[Finding, ...]
    functions: int
    modules: int
    silenced: int = 0


def examine(top: Path, roots: tuple[str, ...]) -> Report:
    """Raises SyntaxError for a file that Python could not read either."""
    project = Project(top, roots)
    search = _Search(project)
    functions = list(project.functions())
    asynchronous = [function for function in functions if function.is_async]
    found = [finding for function in asynchronous for finding in search.findings(function)]
    found += [finding for function in functions for finding in search.dropped(function)]
    reasons = {module.path: module.silenced for module in project.modules.values()}
    kept = [finding for finding in found if not any(reasons[step.path].get(step.line) for step in finding.steps)]
    kept += [
        Finding("", (Step(path, line, "a silencing comment needs a reason: # blocks: why that is right"),))
        for path, lines in reasons.items()
        for line, reason in lines.items()
        if not reason
    ]
    return Report(tuple(kept), len(asynchronous), len(project.modules), len(found) - len(kept))


class _Search:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[Function, tuple[list[Block], list[tuple[int, Function]]]] = {}

    def _look(self, function: Function) -> tuple[list[Block], list[tuple[int, Function]]]:
        if function not in self._known:
            scope = Scope(self._project, function)
            self._known[function] = list(blocks(scope)), _callees(scope)
        return self._known[function]

    def dropped(self, function: Function) -> list[Finding]:
        scope = Scope(self._project, function)
        return [Finding(function.name, (_step(function, block),), function.is_async) for block in dropped(scope)]

    def findings(self, function: Function) -> list[Finding]:
        direct, callees = self._look(function)
        found = [Finding(function.name, (_step(function, block),)) for block in direct]
        seen = {block.line for block in direct}
        for line, callee in callees:
            chain = self._chain(callee)
            if chain and line not in seen:
                seen.add(line)
                found.append(Finding(function.name, (_call_step(function, line, callee), *chain)))
        return sorted(found, key=lambda finding: finding.steps[0].line)

    def _chain(self, start: Function) -> tuple[Step, ...]:
        """The shortest way from a synchronous function to a blocking call; empty if there is none."""
        waiting: deque[tuple[Function, tuple[Step, ...]]] = deque([(start, ())])
        met = {start}
        while waiting:
            function, way = waiting.popleft()
            direct, callees = self._look(function)
            if direct:
                return (*way, _step(function, direct[0]))
            for line, callee in callees:
                if callee not in met:
                    met.add(callee)
                    waiting.append((callee, (*way, _call_step(function, line, callee))))
        return ()


def _callees(scope: Scope) -> list[tuple[int, Function]]:
    """Synchronous functions of ours that this one runs itself."""
    return [
        (getattr(node, "lineno", 0), function)
        for node in scope.own.nodes
        for function in _run_by(scope, node)
        if not function.is_async and not function.runs_elsewhere
    ]


# Methods that an operator or a statement runs, by the node that stands for it.
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.Eq: "__eq__",
    ast.Lt: "__lt__",
    ast.Gt: "__gt__",
    ast.In: "__contains__",
}
_BUILTINS = {"len": "__len__", "str": "__str__", "repr": "__repr__", "bool": "__bool__", "next": "__next__"}
_ITERATING = ("__iter__", "__next__", "__getitem__")


def _run_by(scope: Scope, node: ast.AST) -> list[Function]:
    match node:
        case ast.Call():
            return [*_called(scope, node), *_called_back(scope, node)]
        case ast.With(items=items):
            return [m for item in items for m in _entered(scope, item.context_expr)]
        case ast.For(iter=rows) | ast.comprehension(iter=rows, is_async=0):
            return _methods(scope, scope.class_of(rows), *_ITERATING)
        case ast.Subscript(value=value):
            return _methods(scope, scope.class_of(value), "__getitem__")
        case ast.FormattedValue(value=value):
            return _methods(scope, scope.class_of(value), "__str__", "__format__")
        case ast.BinOp(left=left, op=operator) if type(operator) in _OPERATORS:
            return _methods(scope, scope.class_of(left), _OPERATORS[type(operator)])
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _OPERATORS:
            owner = scope.class_of(right if isinstance(operator, ast.In) else left)
            return _methods(scope, owner, _OPERATORS[type(operator)])
        case ast.If(test=value) | ast.While(test=value) | ast.UnaryOp(op=ast.Not(), operand=value):
            return _methods(scope, scope.class_of(value), "__bool__", "__len__")
        case ast.Attribute(value=value, attr=name, ctx=ast.Store()):
            return _methods(scope, scope.class_of(value), f"{name}.setter", "__setattr__")
        case ast.Attribute(value=value, attr=name):
            return _read(scope, node, value, name)
    return []


def _called(scope: Scope, node: ast.Call) -> list[Function]:
    """What a call runs: the function with its decorators, the constructor, or a method behind a builtin."""
    target = scope.target(node)
    if isinstance(target, Class):
        return _methods(scope, target, "__init__", "__post_init__", "__new__")
    if target:
        return [*_wrappers(scope, target), target]
    name = dotted(node.func)
    if not node.args or scope.is_local(name):
        return []
    owner = scope.class_of(node.args[0])
    if name in _BUILTINS:
        return _methods(scope, owner, _BUILTINS[name])
    return _methods(scope, owner, *_ITERATING) if name in CONSUMERS else []


def _wrappers(scope: Scope, target: Function) -> list[Function]:
    """The functions that decorators of ours put around it."""
    found: list[Function] = []
    for node in target.node.decorator_list:
        name = dotted(node.func if isinstance(node, ast.Call) else node)
        decorator = scope.project.named(target.module, name) if name else None
        if isinstance(decorator, Function) and decorator is not target:
            found += [inner for inner in decorator.nested() if not inner.is_async]
        elif isinstance(decorator, Class):
            found += _methods(scope, decorator, "__call__")
    return found


def _called_back(scope: Scope, node: ast.Call) -> list[Function]:
    """Functions that are handed to something that calls them here: a builtin, or a function of ours."""
    values = called_arguments(node)
    target = scope.target(node)
    if isinstance(target, Function) and not target.runs_elsewhere:
        values = [*values, *_called_parameters(target, node)]
    found = []
    for value in values:
        there, func = scope.resolved(value)
        called = there.as_function(func) if isinstance(func, ast.Lambda) else there.referred(func)
        if isinstance(called, Function):
            found.append(called)
    return found


def _called_parameters(target: Function, node: ast.Call) -> list[ast.expr]:
    """The arguments of a call that the function of ours calls by the name of its parameter."""
    arguments = target.node.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if target.owner and target.outer is None and names[:1] in (["self"], ["cls"]):
        names = names[1:]
    given = dict(zip(names, node.args, strict=False)) | {k.arg: k.value for k in node.keywords if k.arg}
    called = {n.func.id for n in ast.walk(target.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return [value for name, value in given.items() if name in called]


def _entered(scope: Scope, value: ast.expr) -> list[Function]:
    """What entering and leaving `with` runs; of a generator function, the generator."""
    return _methods(scope, scope.class_of(value), "__enter__", "__exit__")


def _read(scope: Scope, node: ast.Attribute, value: ast.expr, name: str) -> list[Function]:
    parent = scope.own.parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        owner = scope.class_of(value)
        method = scope.project.method(owner, name) if owner else None
        return [method] if method and method.is_property else []
    owner = scope.class_of(value)
    if owner is None:
        return []
    method = scope.project.method(owner, name)
    if method:
        return [method] if method.is_property else []
    stored = scope.stored(owner, name)
    return [] if stored else _methods(scope, owner, "__getattr__")


def _methods(scope: Scope, cls: Class | None, *names: str) -> list[Function]:
    return [method for name in names if cls and (method := scope.project.method(cls, name))]


def _step(function: Function, block: Block) -> Step:
    return Step(function.module.path, block.line, block.what)


def _call_step(function: Function, line: int, callee: Function) -> Step:
    return Step(function.module.path, line, f"calls {callee.name}()")
