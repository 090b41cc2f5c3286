"""From each `async def` through the functions that it calls to the call that blocks."""

import ast
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sistema_os.async_check.blocking import Block, blocks
from sistema_os.async_check.project import Class, Function, Project
from sistema_os.async_check.scope import Scope


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

    def __str__(self) -> str:
        first, *rest = self.steps
        head = f"{first.path}:{first.line}: in async {self.function}(): {first.text}"
        return "\n".join([head, *(f"    {step}" for step in rest)])


@dataclass(frozen=True)
class Report:
    findings: tuple[Finding, ...]
    functions: int
    modules: int


def examine(top: Path, roots: tuple[str, ...]) -> Report:
    """Raises SyntaxError for a file that Python could not read either."""
    project = Project(top, roots)
    search = _Search(project)
    asynchronous = [function for function in project.functions() if function.is_async]
    findings = [finding for function in asynchronous for finding in search.findings(function)]
    return Report(tuple(findings), len(asynchronous), len(project.modules))


class _Search:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[Function, tuple[list[Block], list[tuple[int, Function]]]] = {}

    def _look(self, function: Function) -> tuple[list[Block], list[tuple[int, Function]]]:
        if function not in self._known:
            scope = Scope(self._project, function)
            self._known[function] = list(blocks(scope)), _callees(scope)
        return self._known[function]

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
        for node in scope.nodes()
        for function in _run_by(scope, node)
        if not function.is_async and not function.runs_elsewhere
    ]


def _run_by(scope: Scope, node: ast.AST) -> list[Function]:
    if isinstance(node, ast.Call):
        target = scope.target(node)
        if isinstance(target, Class):
            return _methods(scope, target, "__init__", "__post_init__")
        return [target] if target else []
    if isinstance(node, ast.With):
        entered = [scope.kind_of(item.context_expr) for item in node.items]
        return [
            m for kind in entered if isinstance(kind, Class) for m in _methods(scope, kind, "__enter__", "__exit__")
        ]
    if isinstance(node, ast.Attribute) and not isinstance(scope.parents.get(node), ast.Call):
        owner = scope.kind_of(node.value)
        method = scope.project.method(owner, node.attr) if isinstance(owner, Class) else None
        return [method] if method and method.is_property else []
    return []


def _methods(scope: Scope, cls: Class, *names: str) -> list[Function]:
    return [method for name in names if (method := scope.project.method(cls, name))]


def _step(function: Function, block: Block) -> Step:
    return Step(function.module.path, block.line, block.what)


def _call_step(function: Function, line: int, callee: Function) -> Step:
    return Step(function.module.path, line, f"calls {callee.name}()")
