"""Which calls block, seen in one function alone."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from sistema_os.async_check import catalogue
from sistema_os.async_check.project import Class, Function
from sistema_os.async_check.scope import Instance, Rows, Scope
from sistema_os.async_check.syntax import dotted


class Block(NamedTuple):
    line: int
    what: str


def blocks(scope: Scope) -> Iterator[Block]:
    for node in scope.own.nodes:
        what = ""
        if isinstance(node, ast.Call):
            what = _call(scope, node)
        elif isinstance(node, ast.With):
            what = _context(scope, node)
        elif isinstance(node, ast.expr | ast.stmt | ast.comprehension):
            what = _evaluation(scope, node)
        if what:
            yield Block(_line(node), what)


def dropped(scope: Scope) -> Iterator[Block]:
    """Statements that build a query and drop it: builders do not change, they return a new one."""
    for node in scope.own.nodes:
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            continue
        func = node.value.func
        if not isinstance(func, ast.Attribute):
            continue
        of_client = _from_supabase(scope, func.value)
        if func.attr in catalogue.BUILDING_ONLY or (of_client and func.attr in catalogue.BUILDING):
            if scope.target(node.value) is None or of_client:
                yield Block(_line(node), f"{shown(func)}() returns a new query, which is dropped; assign it")
        elif func.attr == "execute" and of_client and not _is_synchronous(scope, func.value):
            yield Block(_line(node), f"{shown(func)}() is not awaited")


def _line(node: ast.AST) -> int:
    return node.iter.lineno if isinstance(node, ast.comprehension) else getattr(node, "lineno", 0)


def _call(scope: Scope, call: ast.Call) -> str:
    there, func = scope.resolved(call.func)
    if isinstance(func, ast.Lambda):
        return ""
    if what := _by_name(there, func) or _handed_on(scope, call):
        return what
    if isinstance(func, ast.Attribute):
        awaited = isinstance(scope.own.parents.get(call), ast.Await)
        return "" if awaited else _by_method(there, call, func, scope)
    if dotted(func) in catalogue.CONSUMERS:
        if any(isinstance(scope.kind_of(argument), Rows) for argument in call.args):
            return f"{dotted(func)}() evaluates a queryset"
        return next((what for argument in call.args if (what := _iteration(scope, argument))), "")
    return ""


def _by_name(scope: Scope, func: ast.expr) -> str:
    written = dotted(func)
    first = written.partition(".")[0]
    if not written or scope.is_local(first):
        return ""
    if first not in scope.module.imports and (written not in catalogue.BUILTINS or first in scope.module.functions):
        return ""
    name = scope.project.full_name(scope.module, written)
    package, _, last = name.rpartition(".")
    if name in catalogue.CALLS:
        return catalogue.CALLS[name]
    if package == "httpx" and last in catalogue.HTTPX:
        return f"httpx.{last}() is a synchronous request"
    if package == "requests" or package.startswith("requests."):
        return f"{name}() is a synchronous request"
    if package == "subprocess" and last in catalogue.SUBPROCESS:
        return f"subprocess.{last}() waits for a process; use asyncio.create_subprocess_exec()"
    return ""


def _handed_on(scope: Scope, call: ast.Call) -> str:
    """A function that blocks, given to something that calls it here: `map(time.sleep, …)`."""
    for value in called_arguments(call):
        there, func = scope.resolved(value)
        if not isinstance(func, ast.Lambda) and (what := _by_name(there, func)):
            return what
    return ""


def called_arguments(call: ast.Call) -> list[ast.expr]:
    """The arguments that the callee calls itself, in this thread."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
    if name not in catalogue.CALLERS and name != "sort":
        return []
    keys = [keyword.value for keyword in call.keywords if keyword.arg == "key"]
    if name in ("map", "filter", "call_soon", "add_done_callback"):
        return call.args[:1]
    return call.args[1:2] if name in ("call_later", "call_at") else keys


def _by_method(scope: Scope, call: ast.Call, func: ast.Attribute, at: Scope) -> str:
    name, kind = func.attr, scope.kind_of(func.value)
    if _is_synchronous_client(scope, call, func, at):
        return f".{name}() is the synchronous client; use async_table() or rpc()"
    if name == "run_until_complete":
        return "run_until_complete() starts a loop inside the loop"
    if isinstance(kind, str) and name in catalogue.METHODS.get(kind, ()) and not _is_polling(call):
        return f"{shown(func)}() of {kind} waits in the loop"
    if name in catalogue.EVALUATING and isinstance(kind, Rows):
        return f"{shown(func)}() is a synchronous query"
    if name in catalogue.ORM_ONLY and scope.target(call) is None:
        return f"{shown(func)}() is a synchronous query"
    if name in catalogue.ORM_WITH_DEFAULTS and _is_of_manager(call, func):
        return f"{shown(func)}() is a synchronous query"
    if name in ("save", "delete") and _is_model(scope, call, func, at):
        return f"{shown(func)}() is a synchronous query"
    return ""


def _is_polling(call: ast.Call) -> bool:
    """`acquire(blocking=False)`, `get(block=False)` and their like do not wait."""
    values = [keyword.value for keyword in call.keywords if keyword.arg in ("blocking", "block", "wait")]
    values += [value for value in call.args if isinstance(value, ast.Constant) and value.value is False]
    return any(isinstance(value, ast.Constant) and value.value is False for value in values)


def _is_of_manager(call: ast.Call, func: ast.Attribute) -> bool:
    """Of an attribute (`order.tags`), or with `defaults`; a plain name with such a method may be anything."""
    return isinstance(func.value, ast.Attribute) or any(keyword.arg == "defaults" for keyword in call.keywords)


def _is_synchronous_client(scope: Scope, call: ast.Call, func: ast.Attribute, at: Scope) -> bool:
    """Known by its class; else by what follows, or by the name of the variable."""
    if func.attr not in ("table", "sync_rpc"):
        return False
    target = scope.referred(func)
    if isinstance(target, Function):
        return target.owner is not None and target.owner.name == "SupabaseClient"
    if scope.class_of(func.value) is not None:
        return False
    following = at.own.parents.get(call)
    if isinstance(following, ast.Attribute) and following.attr in ("select", "insert", "upsert", "update", "delete"):
        return True
    last = dotted(func.value).rpartition(".")[2].lower()
    return func.attr == "sync_rpc" or last in ("client", "supabase", "sb")


def _is_model(scope: Scope, call: ast.Call, func: ast.Attribute, at: Scope) -> bool:
    """A model's save() and delete(), by its class, its keywords, or a variable that is named like a model."""
    if isinstance(at.own.parents.get(call), ast.Attribute) or _from_supabase(scope, func.value):
        return False
    kind = scope.kind_of(func.value)
    if isinstance(kind, Instance):
        return True
    if isinstance(kind, Class):
        return scope.project.is_model(kind) and scope.project.method(kind, func.attr) is None
    if kind is not None or call.args or scope.target(call) is not None:
        return False
    if any(keyword.arg in catalogue.SAVE_KEYWORDS for keyword in call.keywords):
        return True
    last = dotted(func.value).rpartition(".")[2].lower().replace("_", "")
    return last in scope.project.models


def _from_supabase(scope: Scope, node: ast.expr) -> bool:
    return bool(_methods_of_chain(scope, node) & catalogue.SUPABASE)


def _is_synchronous(scope: Scope, node: ast.expr) -> bool:
    """A chain that begins with table() or sync_rpc() is run by execute() itself."""
    return bool(_methods_of_chain(scope, node) & {"table", "sync_rpc"})


def _methods_of_chain(scope: Scope, node: ast.expr) -> set[str]:
    """The attributes of `a.b().c`, and of what `a` was set to."""
    names: set[str] = set()
    met: set[str] = set()
    while True:
        while isinstance(node, ast.Call | ast.Attribute):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            node = node.func if isinstance(node, ast.Call) else node.value
        if not isinstance(node, ast.Name) or node.id in met or node.id not in scope.assigned:
            return names
        met.add(node.id)
        node = scope.assigned[node.id]


def _context(scope: Scope, node: ast.With) -> str:
    kinds = [scope.kind_of(item.context_expr) for item in node.items]
    return next(
        (catalogue.CONTEXTS[kind] for kind in kinds if isinstance(kind, str) and kind in catalogue.CONTEXTS), ""
    )


def _evaluation(scope: Scope, node: ast.AST) -> str:
    """Statements and expressions that make a queryset run, or load a foreign key."""
    match node:
        case ast.Attribute(value=value, attr=name, ctx=ast.Load()):
            return _foreign_key(scope, value, name)
        case ast.For(iter=rows) | ast.comprehension(iter=rows, is_async=0) | ast.Starred(value=rows):
            what = "iterating a queryset"
            if other := _iteration(scope, rows):
                return other
        case ast.If(test=rows) | ast.While(test=rows) | ast.IfExp(test=rows):
            what = "the truth of a queryset"
        case ast.UnaryOp(op=ast.Not(), operand=rows):
            what = "the truth of a queryset"
        case ast.Subscript(value=rows, slice=index) if not isinstance(index, ast.Slice):
            what = "an item of a queryset"
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[rows]):
            what = "a membership test on a queryset"
        case _:
            return ""
    return f"{what} is a synchronous query" if isinstance(scope.kind_of(rows), Rows) else ""


def _iteration(scope: Scope, rows: ast.expr) -> str:
    kind = scope.kind_of(rows)
    return catalogue.ITERATED.get(kind, "") if isinstance(kind, str) else ""


def _foreign_key(scope: Scope, value: ast.expr, name: str) -> str:
    kind = scope.kind_of(value)
    if not isinstance(kind, Instance) or {name, "*"} & kind.related:
        return ""
    if not any(name in cls.foreign_keys for cls in scope.project.lineage(kind.cls)):
        return ""
    return f".{name} is a foreign key that is not loaded, and a synchronous query; use select_related()"


def shown(func: ast.Attribute) -> str:
    text = ast.unparse(func)
    return text if len(text) <= 60 else f"….{func.attr}"
