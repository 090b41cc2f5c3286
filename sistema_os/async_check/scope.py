"""What is known inside one function: its own nodes, and what its names hold."""

import ast
from typing import NamedTuple

from sistema_os.async_check.catalogue import (
    EVALUATING,
    GIVES,
    INSTANCES,
    LAZY,
    MAKERS,
    QUERYSET_ONLY,
    QUERYSET_WITH_KEYWORDS,
    words,
)
from sistema_os.async_check.project import Class, Function, Module, Project
from sistema_os.async_check.syntax import dotted


class Rows(NamedTuple):
    """A queryset or manager. `related` are the foreign keys that it loads along."""

    model: Class | None = None
    related: frozenset[str] = frozenset()


class Instance(NamedTuple):
    """A row that a query gave, as an object: its foreign keys other than `related` are not loaded."""

    cls: Class
    related: frozenset[str] = frozenset()


class Many(NamedTuple):
    """A list, tuple or mapping of objects of one kind."""

    element: "Class | Rows | Instance | Many | str | None"


# A class of ours (an object of it), rows, a container, or a type of the catalogue by its name.
Kind = Class | Rows | Instance | Many | str | None

_MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
_CONTAINERS = words(
    """
    list tuple set frozenset deque Sequence Iterable Iterator Collection AsyncIterator AsyncIterable Generator
    MutableSequence dict Mapping defaultdict List Tuple Set Dict AsyncGenerator
    """
)
_MAPPINGS = words("dict Mapping defaultdict Dict MutableMapping")
_WRAPPERS = words("Annotated Final ClassVar Optional")
_DEPTH = 6


class Scope:
    def __init__(self, project: Project, function: Function, depth: int = 0) -> None:
        self.project = project
        self.function = function
        self.module = function.module
        self.own = function.own
        self.assigned = self.own.assigned
        self.annotations = self.own.annotations
        self._looking: set[str] = set()
        self._depth = depth

    def local_function(self, name: str) -> Function | None:
        scope: Function | None = self.function
        while scope:
            if name in scope.inner:
                return scope.inner[name]
            scope = scope.outer
        return None

    def is_local(self, name: str) -> bool:
        if name in self.own.names:
            return self.function is not self.module.body
        outer = self.function.outer
        return outer is not None and Scope(self.project, outer).is_local(name)

    def _deeper(self, function: Function) -> "Scope":
        return Scope(self.project, function, self._depth + 1)

    def global_value(self, name: str) -> tuple["Scope", ast.expr] | None:
        """What a module assigns to this name, here or where it is imported from, with the scope it stands in."""
        module = self.module
        if name in module.imports:
            place, _, last = module.imports[name].rpartition(".")
            found = self.project.find(place) if place else None
            if not isinstance(found, Module):
                return None
            module, name = found, last
        scope = self._deeper(module.body)
        return (scope, scope.assigned[name]) if name in scope.assigned and self._depth < _DEPTH else None

    def kind_of_name(self, name: str) -> Kind:
        if name in ("self", "cls") and self.function.owner:
            owner = self.function.owner
            return Rows() if self.project.is_queryset(owner) else owner
        if name in self.annotations:
            return self.kind_of_annotation(self.annotations[name], self.module)
        if name in self.assigned and name not in self._looking:
            self._looking.add(name)
            try:
                return self.kind_of(self.assigned[name])
            finally:
                self._looking.discard(name)
        if name in self.own.names and self.function is not self.module.body:
            return None
        if self.function.outer:
            return self._deeper(self.function.outer).kind_of_name(name) if self._depth < _DEPTH else None
        if self.function is not self.module.body or name in self.module.imports:
            return self._kind_of_global(name)
        return None

    def _kind_of_global(self, name: str) -> Kind:
        top = self._deeper(self.module.body)
        if self._depth < _DEPTH and name in top.annotations:
            return self.kind_of_annotation(top.annotations[name], self.module)
        found = self.global_value(name)
        return found[0].kind_of(found[1]) if found else None

    def kind_of(self, node: ast.expr) -> Kind:
        """The kind of object that an expression yields, or None when not known."""
        match node:
            case ast.Await(value=ast.Call(func=ast.Attribute(value=rows, attr=name))) if name in INSTANCES:
                return self._instance(self.kind_of(rows))
            case ast.Await(value=value) | ast.Subscript(value=value, slice=ast.Slice()):
                return self.kind_of(value)
            case ast.NamedExpr(value=value):
                return self.kind_of(value)
            case ast.Subscript(value=value):
                return self._element(self.kind_of(value))
            case ast.Name(id=name):
                return self.kind_of_name(name)
            case ast.Attribute(value=value, attr=name) if name in _MANAGERS:
                named = self.project.named(self.module, dotted(value)) if dotted(value) else None
                return Rows(named if isinstance(named, Class) else None)
            case ast.Attribute(value=value, attr=name):
                return self._kind_of_attribute(node, value, name)
            case ast.Call():
                return self._kind_of_call(node)
            case ast.BoolOp(values=values):
                return next((kind for value in values if (kind := self.kind_of(value))), None)
            case ast.IfExp(body=body, orelse=orelse):
                return self.kind_of(body) or self.kind_of(orelse)
            case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Div()):
                kind = self.kind_of(left)
                return kind if isinstance(kind, Rows) or kind == "pathlib.Path" else None
            case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]) | ast.Set(elts=[first, *_]):
                return Many(self.kind_of(first))
            case ast.Dict(values=[first, *_]):
                return Many(self.kind_of(first))
            case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.DictComp(value=element):
                return Many(self.kind_of(element))
            case _:
                return None

    def _element(self, kind: Kind) -> Kind:
        if isinstance(kind, Many):
            return kind.element
        return self._instance(kind)

    def _instance(self, kind: Kind) -> Kind:
        return Instance(kind.model, kind.related) if isinstance(kind, Rows) and kind.model else None

    def class_of(self, node: ast.expr) -> Class | None:
        kind = self.kind_of(node)
        return kind.cls if isinstance(kind, Instance) else kind if isinstance(kind, Class) else None

    def _kind_of_call(self, call: ast.Call) -> Kind:
        func = call.func
        if isinstance(func, ast.Attribute):
            receiver = self.kind_of(func.value)
            if isinstance(receiver, Rows) and func.attr in LAZY:
                return _narrowed(receiver, call, func.attr)
            if isinstance(receiver, Rows) and func.attr in EVALUATING:
                return self._instance(receiver)
            if isinstance(receiver, str):
                return GIVES.get((receiver, func.attr))
            if isinstance(receiver, Many) and func.attr in ("values", "copy", "items"):
                return receiver
            if isinstance(receiver, Many) and func.attr in ("get", "pop"):
                return receiver.element
            if receiver is None and _is_of_querysets_only(call, func.attr) and self.target(call) is None:
                return Rows()
        if (name := self.external(func)) in MAKERS:
            return MAKERS[name]
        if isinstance(func, ast.Name) and func.id in ("list", "tuple", "sorted", "set") and call.args:
            return Many(self._element(self.kind_of(call.args[0])))
        if isinstance(func, ast.Name) and func.id == "super":
            return self._superclass()
        target = self.target(_moved(call) or call)
        if isinstance(target, Class):
            return Rows() if self.project.is_queryset(target) else target
        if target is None or target is self.function:
            return None
        if target.node.returns:
            return self._returned(target, target.node.returns)
        return self._deeper(target)._kind_of_returns()

    def _superclass(self) -> Class | None:
        return next(self.project.bases(self.function.owner), None) if self.function.owner else None

    def external(self, func: ast.expr) -> str:
        """The full name of what is not ours, such as `httpx.Client`; empty when a name of one's own hides it."""
        written = dotted(func)
        first = written.partition(".")[0]
        if not written or self.is_local(first) or (first not in self.module.imports and written != "open"):
            return ""
        return self.project.full_name(self.module, written)

    def _kind_of_returns(self) -> Kind:
        """Without an annotation, what the first `return` or `yield` with a known value yields."""
        if self._depth > _DEPTH:
            return None
        for node in self.own.nodes:
            if isinstance(node, ast.Return | ast.Yield) and node.value and (kind := self.kind_of(node.value)):
                return kind
        return None

    def _returned(self, target: Function, returns: ast.expr) -> Kind:
        if dotted(returns).rpartition(".")[2] == "Self" and target.owner:
            return Rows() if self.project.is_queryset(target.owner) else target.owner
        return self.kind_of_annotation(returns, target.module)

    def _kind_of_attribute(self, node: ast.Attribute, value: ast.expr, name: str) -> Kind:
        if dotted(node) and not self.is_local(dotted(node).partition(".")[0]):
            found = self.project.named(self.module, dotted(value))
            if isinstance(found, Module):
                scope = self._deeper(found.body)
                return scope.kind_of_name(name) if self._depth < _DEPTH else None
        receiver = self.kind_of(value)
        if isinstance(receiver, str):
            return GIVES.get((receiver, name))
        owner = receiver.cls if isinstance(receiver, Instance) else receiver
        if not isinstance(owner, Class):
            return Rows() if receiver is None and name.endswith("_set") else None
        if name.endswith("_set") and self.project.is_model(owner):
            return Rows()
        method = self.project.method(owner, name)
        if method and method.is_property:
            if method.node.returns:
                return self._returned(method, method.node.returns)
            return self._deeper(method)._kind_of_returns()
        if (found_value := self.stored(owner, name)) is not None:
            scope, expression = found_value
            if isinstance(expression, _Annotation):
                return self.kind_of_annotation(expression.node, scope.module)
            return scope.kind_of(expression)
        return None

    def stored(self, owner: Class, name: str) -> "tuple[Scope, ast.expr | _Annotation] | None":
        """What the class or one of its methods stores in that attribute, with the scope it stands in."""
        if self._depth > _DEPTH:
            return None
        for cls in self.project.lineage(owner):
            body = self._deeper(cls.body)
            if name in body.annotations:
                return body, _Annotation(body.annotations[name])
            if name in body.assigned:
                return body, body.assigned[name]
            methods = sorted(cls.methods.values(), key=lambda method: method.name != "__init__")
            for method in methods:
                if method is self.function:
                    scope = self
                    if f"self.{name}" in scope._looking:
                        continue
                else:
                    scope = self._deeper(method)
                if f"self.{name}" in scope.annotations:
                    return scope, _Annotation(scope.annotations[f"self.{name}"])
                if f"self.{name}" in scope.assigned:
                    return scope, scope.assigned[f"self.{name}"]
        return None

    def kind_of_annotation(self, node: ast.expr, module: Module) -> Kind:
        match node:
            case ast.Constant(value=str(text)):
                try:
                    return self.kind_of_annotation(ast.parse(text, mode="eval").body, module)
                except SyntaxError:
                    return None
            case ast.BinOp(left=left, right=right):
                return self.kind_of_annotation(left, module) or self.kind_of_annotation(right, module)
            case ast.Subscript(value=value) if dotted(value).endswith(("QuerySet", "Manager")):
                found = self.project.named(module, dotted(node.slice)) if dotted(node.slice) else None
                return Rows(found if isinstance(found, Class) else None)
            case ast.Subscript(value=value, slice=inner):
                last = dotted(value).rpartition(".")[2]
                parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                if last in _CONTAINERS:
                    return Many(self.kind_of_annotation(parts[-1] if last in _MAPPINGS else parts[0], module))
                if last in _WRAPPERS:
                    return self.kind_of_annotation(parts[0], module)
        name = dotted(node.value if isinstance(node, ast.Subscript) else node)
        if name.endswith("QuerySet"):
            return Rows()
        found_there = self.project.named(module, name) if name else None
        if isinstance(found_there, Class):
            return Rows() if self.project.is_queryset(found_there) else found_there
        return MAKERS.get(self.project.full_name(module, name)) if name else None

    def resolved(self, func: ast.expr) -> "tuple[Scope, ast.expr]":
        """What a callee stands for, through names, attributes and partials, with the scope it stands in."""
        scope: Scope = self
        for _ in range(_DEPTH):
            following = scope._behind(func)
            if following is None:
                break
            scope, func = following
        return scope, func

    def _behind(self, func: ast.expr) -> "tuple[Scope, ast.expr] | None":
        match func:
            case ast.Name(id=name):
                return self._value_of(name)
            case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(attribute)), *_]):
                return self, ast.copy_location(ast.Attribute(value=value, attr=attribute, ctx=ast.Load()), func)
            case ast.Call(args=[first, *_]) if dotted(func.func).rpartition(".")[2] == "partial":
                return self, first
            case ast.Attribute(value=value, attr=name) if (owner := self.class_of(value)) is not None:
                if self.project.method(owner, name):
                    return None
                found = self.stored(owner, name)
                if found is None or isinstance(found[1], _Annotation) or not _is_reference(found[1]):
                    return None
                return found[0], found[1]
            case _:
                return None

    def _value_of(self, name: str) -> "tuple[Scope, ast.expr] | None":
        """What a name that is called was set to, if that is itself a reference."""
        if self.local_function(name):
            return None
        value = self.assigned.get(name) if name in self.own.names else None
        if value is not None and _is_reference(value) and self.function is not self.module.body:
            return self, value
        if name in self.own.names and self.function is not self.module.body:
            return None
        if self.function.outer:
            return self._deeper(self.function.outer)._value_of(name) if self._depth < _DEPTH else None
        found = self.global_value(name)
        return found if found and _is_reference(found[1]) else None

    def target(self, call: ast.Call) -> Function | Class | None:
        """The function or class of ours that a call leads to."""
        scope, func = self.resolved(call.func)
        if isinstance(func, ast.Lambda):
            return scope.as_function(func)
        return scope.referred(func)

    def referred(self, func: ast.expr) -> Function | Class | None:
        """The function or class of ours that an expression names; for an object, what calling it runs."""
        if isinstance(func, ast.Name):
            if found := self.local_function(func.id):
                return found
            if self.is_local(func.id):
                return self._callable(func)
        if isinstance(func, ast.Attribute):
            receiver = self.kind_of(func.value)
            if isinstance(receiver, Rows):
                return self.project.queryset_methods.get(func.attr)
            owner = receiver.cls if isinstance(receiver, Instance) else receiver
            if isinstance(owner, Class):
                return self.project.method(owner, func.attr) or self._callable(func)
        name = dotted(func)
        if not name or self.is_local(name.partition(".")[0]):
            return self._callable(func) if isinstance(func, ast.Call | ast.Subscript) else None
        found_there = self.project.named(self.module, name)
        if isinstance(found_there, Module) or found_there is None:
            return self._callable(func)
        return found_there

    def _callable(self, func: ast.expr) -> Function | None:
        kind = self.kind_of(func)
        owner = kind.cls if isinstance(kind, Instance) else kind
        return self.project.method(owner, "__call__") if isinstance(owner, Class) else None

    def as_function(self, node: ast.Lambda) -> Function:
        body: list[ast.stmt] = [ast.copy_location(ast.Return(value=node.body), node)]
        made = ast.FunctionDef(name="<lambda>", args=node.args, body=body, decorator_list=[], lineno=node.lineno)
        return Function("<lambda>", self.module, ast.copy_location(made, node), self.function.owner, self.function)


class _Annotation(NamedTuple):
    """Marks an attribute whose type, rather than its value, is known."""

    node: ast.expr


def _is_reference(value: ast.expr) -> bool:
    """Something that is called later: a name, an attribute, a lambda, a partial, getattr()."""
    if isinstance(value, ast.Call):
        return dotted(value.func).rpartition(".")[2] in ("partial", "getattr")
    return isinstance(value, ast.Name | ast.Attribute | ast.Lambda)


def _narrowed(rows: Rows, call: ast.Call, method: str) -> Rows:
    names = {value.value for value in call.args if isinstance(value, ast.Constant) and isinstance(value.value, str)}
    if method in ("select_related", "prefetch_related"):
        return Rows(rows.model, rows.related | names or frozenset({"*"}))
    return Rows(None) if method in ("values", "values_list") else rows


def _is_of_querysets_only(call: ast.Call, method: str) -> bool:
    if method in QUERYSET_WITH_KEYWORDS:
        return bool(call.keywords) and not call.args
    if method == "order_by":
        return bool(call.args) and all(
            isinstance(value, ast.Constant) and isinstance(value.value, str) for value in call.args
        )
    return method in QUERYSET_ONLY


def _moved(call: ast.Call) -> ast.Call | None:
    """The call that `sync_to_async(f)(…)` or `to_thread(f, …)` makes elsewhere."""
    func = call.func
    if isinstance(func, ast.Call) and dotted(func.func).endswith("sync_to_async") and func.args:
        return ast.Call(func=func.args[0], args=[], keywords=[])
    if dotted(func).endswith("to_thread") and call.args:
        return ast.Call(func=call.args[0], args=[], keywords=[])
    return None
