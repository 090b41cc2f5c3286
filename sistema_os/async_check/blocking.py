"""Which calls block, seen in one function alone."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from sistema_os.async_check.project import Function, dotted
from sistema_os.async_check.scope import QUERYSET, Scope, words


class Block(NamedTuple):
    line: int
    what: str


_CALLS = {
    "time.sleep": "time.sleep() stops the loop; use asyncio.sleep()",
    "open": "open() reads and writes files in the loop; use asyncio.to_thread()",
    "input": "input() waits for a person",
    "asyncio.run": "asyncio.run() starts a loop inside the loop",
    "asgiref.sync.async_to_sync": "async_to_sync() waits for a loop from inside the loop",
    "urllib.request.urlopen": "urlopen() is a synchronous request",
    "urllib.request.urlretrieve": "urlretrieve() is a synchronous request",
    "socket.create_connection": "create_connection() connects synchronously",
    "psycopg.connect": "psycopg.connect() is a synchronous connection",
    "django.core.management.call_command": "call_command() runs a command in the loop",
    "os.system": "os.system() waits for a process",
    "os.wait": "os.wait() waits for a process",
    "os.waitpid": "os.waitpid() waits for a process",
    "django.db.transaction.atomic": "transaction.atomic() is a synchronous transaction",
    "django.db.connections.close_all": "connections.close_all() talks to the database",
    "django.db.close_old_connections": "close_old_connections() talks to the database",
    "django.db.connection.cursor": "connection.cursor() is a synchronous query",
}
_BUILTINS = frozenset({"open", "input"})
_HTTPX = frozenset({"Client", "get", "post", "put", "patch", "delete", "head", "options", "request", "stream"})
_SUBPROCESS = frozenset({"run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"})
_EVALUATING = words(
    """
    aggregate bulk_create bulk_update contains count create delete earliest exists explain first get
    get_or_create in_bulk last latest update update_or_create
    """
)
# No other object has methods of these names.
_ORM_ONLY = frozenset({"bulk_create", "bulk_update", "get_or_create", "update_or_create", "refresh_from_db"})
_CONSUMERS = words(
    """
    all any bool dict enumerate filter frozenset iter len list map max min next set sorted sum tuple zip
    """
)
_SUPABASE = frozenset({"async_table", "from_", "table", "rpc"})


def blocks(scope: Scope) -> Iterator[Block]:
    for node in scope.nodes():
        what = ""
        if isinstance(node, ast.Call):
            what = _call(scope, node)
        elif isinstance(node, ast.expr | ast.stmt | ast.comprehension):
            what = _evaluation(scope, node)
        if what:
            yield Block(getattr(node, "lineno", 0) or _line(node), what)


def _line(node: ast.AST) -> int:
    return node.iter.lineno if isinstance(node, ast.comprehension) else 0


def _call(scope: Scope, call: ast.Call) -> str:
    known = _by_name(scope, call)
    if known:
        return known
    if isinstance(call.func, ast.Attribute):
        return _by_method(scope, call, call.func)
    name = dotted(call.func)
    if name in _CONSUMERS and any(scope.kind_of(argument) == QUERYSET for argument in call.args):
        return f"{name}() evaluates a queryset"
    return ""


def _by_name(scope: Scope, call: ast.Call) -> str:
    written = dotted(call.func)
    first = written.partition(".")[0]
    if not written or scope.is_local(first) or (first not in scope.module.imports and written not in _BUILTINS):
        return ""
    name = scope.project.full_name(scope.module, written)
    package, _, last = name.rpartition(".")
    if name in _CALLS:
        return _CALLS[name]
    if package == "httpx" and last in _HTTPX:
        return f"httpx.{last}() is a synchronous request"
    if package == "requests" or package.startswith("requests."):
        return f"{name}() is a synchronous request"
    if package == "subprocess" and last in _SUBPROCESS:
        return f"subprocess.{last}() waits for a process; use asyncio.create_subprocess_exec()"
    return ""


def _by_method(scope: Scope, call: ast.Call, func: ast.Attribute) -> str:
    name = func.attr
    if isinstance(scope.parents.get(call), ast.Await):
        return ""
    if _is_synchronous_client(scope, call, name):
        return f".{name}() is the synchronous client; use async_table() or rpc()"
    if name == "run_until_complete":
        return "run_until_complete() starts a loop inside the loop"
    if name in _EVALUATING and scope.kind_of(func.value) == QUERYSET:
        return f"{_shown(func)}() is a synchronous query"
    if name in _ORM_ONLY or (name in ("save", "delete") and _is_model(scope, call, func)):
        return f"{_shown(func)}() is a synchronous query"
    return ""


def _is_synchronous_client(scope: Scope, call: ast.Call, name: str) -> bool:
    """Also on something of unknown kind: nothing else in this code base has a `.table()`."""
    if name not in ("table", "sync_rpc"):
        return False
    target = scope.target(call)
    if target is None:
        return True
    owner = target.owner if isinstance(target, Function) else None
    return owner is not None and owner.name == "SupabaseClient"


def _is_model(scope: Scope, call: ast.Call, func: ast.Attribute) -> bool:
    """A model's save() and delete() end a chain; the query builder's delete() goes on to a filter."""
    if isinstance(scope.parents.get(call), ast.Attribute) or _from_supabase(scope, func.value):
        return False
    return scope.target(call) is None


def _from_supabase(scope: Scope, node: ast.expr) -> bool:
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr in _SUPABASE:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        value = scope._assigned.get(node.id)
        return value is not None and dotted(value) != node.id and _from_supabase(scope, value)
    return False


def _evaluation(scope: Scope, node: ast.AST) -> str:
    """Statements and expressions that make a queryset run."""
    match node:
        case ast.For(iter=rows) | ast.comprehension(iter=rows, is_async=0) | ast.Starred(value=rows):
            what = "iterating a queryset"
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
    return f"{what} is a synchronous query" if scope.kind_of(rows) == QUERYSET else ""


def _shown(func: ast.Attribute) -> str:
    text = ast.unparse(func)
    return text if len(text) <= 60 else f"….{func.attr}"
