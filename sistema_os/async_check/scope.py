"""What is known inside one function: its own nodes, and what its names hold."""

import ast
from collections.abc import Iterator
from functools import cached_property

from sistema_os.async_check.project import Class, Function, Module, Project, dotted

QUERYSET = "a queryset"
Kind = Class | str | None


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
LAZY = words(
    """
    alias all annotate complex_filter dates datetimes db_manager defer difference distinct exclude extra
    filter intersection iterator none only order_by prefetch_related raw reverse select_for_update
    select_related union using values values_list
    """
)


class Scope:
    def __init__(self, project: Project, function: Function, depth: int = 0) -> None:
        self.project = project
        self.function = function
        self.module = function.module
        self._looking: set[str] = set()
        self._depth = depth

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node that this function itself executes, with the node around it."""
        found: dict[ast.AST, ast.AST] = {}
        waiting: list[ast.AST] = [self.function.node]
        while waiting:
            node = waiting.pop()
            for child in _executed(node, self.function.node):
                found[child] = node
                waiting.append(child)
        return found

    def nodes(self) -> list[ast.AST]:
        return sorted(self.parents, key=lambda node: getattr(node, "lineno", 0))

    @cached_property
    def _assigned(self) -> dict[str, ast.expr]:
        values: dict[str, ast.expr] = {}
        for node in self.nodes():
            for target, value in _bindings(node):
                values.setdefault(target, value)
        return values

    @cached_property
    def _annotations(self) -> dict[str, ast.expr]:
        arguments = self.function.node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        found = {argument.arg: argument.annotation for argument in every if argument.annotation}
        for node in self.nodes():
            if isinstance(node, ast.AnnAssign) and (name := dotted(node.target)):
                found[name] = node.annotation
        return found

    def local_function(self, name: str) -> Function | None:
        scope: Function | None = self.function
        while scope:
            if name in scope.inner:
                return scope.inner[name]
            scope = scope.outer
        return None

    @cached_property
    def _local_names(self) -> frozenset[str]:
        stored = {node.id for node in self.nodes() if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        arguments = (node.arg for node in ast.walk(self.function.node.args) if isinstance(node, ast.arg))
        return frozenset(stored.union(arguments))

    def is_local(self, name: str) -> bool:
        return name in self._local_names

    def kind_of_name(self, name: str) -> Kind:
        if name in ("self", "cls") and self.function.owner:
            owner = self.function.owner
            return QUERYSET if self.project.is_queryset(owner) else owner
        if name in self._annotations:
            return self.kind_of_annotation(self._annotations[name], self.module)
        if name in self._assigned and name not in self._looking:
            self._looking.add(name)
            try:
                return self.kind_of(self._assigned[name])
            finally:
                self._looking.discard(name)
        if self.function.outer and not self.is_local(name):
            return Scope(self.project, self.function.outer).kind_of_name(name)
        return None

    def kind_of(self, node: ast.expr) -> Kind:
        """The class of ours that an expression yields, or QUERYSET, or None when not known."""
        match node:
            case ast.Await(value=value) | ast.Subscript(value=value, slice=ast.Slice()):
                return self.kind_of(value)
            case ast.Name(id=name):
                return self.kind_of_name(name)
            case ast.Attribute(attr=name) if name in _MANAGERS:
                return QUERYSET
            case ast.Attribute(value=value, attr=name):
                return self._kind_of_attribute(self.kind_of(value), name)
            case ast.Call():
                return self._kind_of_call(node)
            case ast.BoolOp(values=values):
                return next((kind for value in values if (kind := self.kind_of(value))), None)
            case ast.IfExp(body=body, orelse=orelse):
                return self.kind_of(body) or self.kind_of(orelse)
            case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd()):
                return QUERYSET if self.kind_of(left) == QUERYSET else None
            case _:
                return None

    def _kind_of_call(self, call: ast.Call) -> Kind:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in LAZY and self.kind_of(func.value) == QUERYSET:
            return QUERYSET
        target = self.target(_moved(call) or call)
        if isinstance(target, Class):
            return target
        if target is None or target is self.function:
            return None
        if target.node.returns:
            return self._returned(target, target.node.returns)
        return Scope(self.project, target, self._depth + 1)._kind_of_returns()

    def _kind_of_returns(self) -> Kind:
        """Without an annotation, what the first `return` with a known value yields."""
        if self._depth > 4:
            return None
        values = [node.value for node in self.nodes() if isinstance(node, ast.Return) and node.value]
        return next((kind for value in values if (kind := self.kind_of(value))), None)

    def _returned(self, target: Function, returns: ast.expr) -> Kind:
        if dotted(returns).rpartition(".")[2] == "Self" and target.owner:
            return QUERYSET if self.project.is_queryset(target.owner) else target.owner
        return self.kind_of_annotation(returns, target.module)

    def _kind_of_attribute(self, owner: Kind, name: str) -> Kind:
        if not isinstance(owner, Class):
            return None
        method = self.project.method(owner, name)
        if method and method.is_property and method.node.returns:
            return self._returned(method, method.node.returns)
        for cls in self.project.lineage(owner):
            for node in cls.node.body:
                if isinstance(node, ast.AnnAssign) and dotted(node.target) == name:
                    return self.kind_of_annotation(node.annotation, cls.module)
            if kind := self._kind_of_stored(cls, f"self.{name}"):
                return kind
        return None

    def _kind_of_stored(self, cls: Class, name: str) -> Kind:
        """What __init__ stores under `self.…`."""
        init = cls.methods.get("__init__")
        if init is None or init is self.function or self._depth > 4:
            return None
        scope = Scope(self.project, init, self._depth + 1)
        if name in scope._annotations:
            return self.kind_of_annotation(scope._annotations[name], cls.module)
        stored = scope._assigned.get(name)
        return scope.kind_of(stored) if stored else None

    def kind_of_annotation(self, node: ast.expr, module: Module) -> Kind:
        match node:
            case ast.Constant(value=str(text)):
                return self.kind_of_annotation(ast.parse(text, mode="eval").body, module)
            case ast.BinOp(left=left, right=right):
                return self.kind_of_annotation(left, module) or self.kind_of_annotation(right, module)
            case ast.Subscript(value=value) if dotted(value).endswith(("QuerySet", "Manager")):
                return QUERYSET
        name = dotted(node.value if isinstance(node, ast.Subscript) else node)
        if name.endswith("QuerySet"):
            return QUERYSET
        found = self.project.named(module, name) if name else None
        if isinstance(found, Class):
            return QUERYSET if self.project.is_queryset(found) else found
        return None

    def target(self, call: ast.Call) -> Function | Class | None:
        """The function or class of ours that a call leads to."""
        func = call.func
        if isinstance(func, ast.Name):
            if found := self.local_function(func.id):
                return found
            if self.is_local(func.id):
                return None
        if isinstance(func, ast.Attribute):
            owner = self.kind_of(func.value)
            if owner == QUERYSET:
                return self.project.queryset_methods.get(func.attr)
            if isinstance(owner, Class):
                return self.project.method(owner, func.attr)
        name = dotted(func)
        if not name or self.is_local(name.partition(".")[0]):
            return None
        found_there = self.project.named(self.module, name)
        return None if isinstance(found_there, Module) else found_there


def _moved(call: ast.Call) -> ast.Call | None:
    """The call that `sync_to_async(f)(…)` or `to_thread(f, …)` makes elsewhere."""
    func = call.func
    if isinstance(func, ast.Call) and dotted(func.func).endswith("sync_to_async") and func.args:
        return ast.Call(func=func.args[0], args=[], keywords=[])
    if dotted(func).endswith("to_thread") and call.args:
        return ast.Call(func=call.args[0], args=[], keywords=[])
    return None


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
            yield from ((name, value) for target in targets if (name := dotted(target)))
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield dotted(target), value
        case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
            yield name, value
