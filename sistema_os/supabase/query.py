"""A query as a value: what will be sent, independent of who sends it, and the requests that it renders to.

Queries are immutable. Each builder method returns a new one, so a half-built query can be kept, shared between
tasks and branched. The price is that `query.eq(...)` without an assignment has no effect; `Step` notices it
where it would widen a write.
"""

import re
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import quote

from sistema_os.supabase import codec, literals
from sistema_os.supabase.errors import LostFilter, UnfilteredWrite, UsageError

Shape = Literal["rows", "single", "maybe", "csv", "plan", "call"]
Verb = Literal["read", "insert", "upsert", "update", "delete", "call"]
JSON = "application/json"
# Stand unescaped in a query string, which keeps the logs of a proxy short; yarl leaves them alone as well.
_SAFE = "-._~,:()*!"
# PostgREST echoes the address in a response header, where it leaves only these unescaped.
_SAFE_IN_ECHO = "-._~"
_PLAIN = re.compile(r"[\w.~-]*", re.ASCII)
# Names and values that need no escaping, with the separators between them.
_PLAIN_PAIRS = re.compile(r"[\w.~,:()*!&=-]*", re.ASCII)
_LOGIC = frozenset({"or", "and", "not.or", "not.and"})
# Conditions on an empty list, which are true for every row and for none. The lookbehind keeps the search linear.
_NOT_IN_NOTHING = re.compile(r"(?<![^(),])[^(),]+\.not\.in\.\(\)")
_IN_NOTHING = re.compile(r"(?<![^(),])[^(),]+(?<!\.not)\.in\.\(\)")
# Of an address and of its echo: Supabase's gateway refuses longer ones.
MOST_BYTES = 6000
# No server accepts longer addresses.
LONGEST = 60_000


class Param(NamedTuple):
    """`items` are the rendered values of an `in.(…)` that may be split over several requests."""

    kind: Literal["filter", "select", "order", "window", "other"]
    key: str
    value: str
    items: tuple[str, ...] = ()


class Head(NamedTuple):
    """All of a query but its parameters. `repeatable`: sending it twice has the effect of sending it once.

    A named tuple, for every builder method may copy it and a frozen dataclass takes five times as long to make.
    """

    verb: Verb
    method: str
    table: str
    path: str
    schema: str = "public"
    prefer: tuple[str, ...] = ()
    accept: str = JSON
    body: Any = None
    shape: Shape = "rows"
    repeatable: bool = False
    retry: bool = True
    strip_nulls: bool = False
    exact: bool = False

    def __repr__(self) -> str:
        return f"<{self.method} {self.table}>"


class Call(NamedTuple):
    """One request, rendered but for its headers."""

    head: Head
    target: str
    content: bytes
    params: tuple[Param, ...]

    def __repr__(self) -> str:
        return repr(self.head)

    def filtered_columns(self) -> str:
        """For the log."""
        return ",".join([param.key for param in self.params if param.kind == "filter"])


class Step:
    """One link of the chain that builds an update or delete.

    A builder that goes away although it narrowed its parent and was never sent marks the parent: whoever sends
    the parent then would reach more rows than the code says.
    """

    __slots__ = ("lost", "narrows", "parent", "sent")

    def __init__(self, parent: "Step | None" = None, narrows: bool = False) -> None:
        self.parent = parent
        self.narrows = narrows
        self.sent = False
        self.lost = False

    def has_lost_filter(self) -> bool:
        """On itself or on a builder that it comes from."""
        step: Step | None = self
        while step is not None and not step.lost:
            step = step.parent
        return step is not None

    def mark_sent(self) -> None:
        """Its own filters and those of all its ancestors have reached the server."""
        step: Step | None = self
        while step is not None:
            step.sent = True
            step = step.parent

    def __del__(self) -> None:
        step, narrowed = self, False
        while not step.sent and step.parent is not None:
            narrowed = narrowed or step.narrows
            step = step.parent
            step.lost = step.lost or narrowed


class Query:
    """The state that every builder shares; `_runner` knows how to send it."""

    __slots__ = ("_head", "_negate", "_params", "_runner", "_step")
    _head: Head
    _params: tuple[Param, ...]
    _negate: bool
    _runner: Any
    _step: Step | None

    def __init__(self, runner: Any, head: Head, params: tuple[Param, ...] = ()) -> None:
        self._runner = runner
        self._head = head
        self._params = params
        self._negate = False
        self._step = Step() if head.verb in ("update", "delete") else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._head.method} {self._head.table} ({len(self._params)} parameters)>"

    def _with(self, param: Param) -> Self:
        new = self._using((*self._params, param))
        if new._step is not None:
            new._step.narrows = True
        return new

    def _using(self, params: tuple[Param, ...], negate: bool = False) -> Self:
        new = object.__new__(type(self))
        new._runner = self._runner
        new._head = self._head
        new._params = params
        new._negate = negate
        new._step = None if self._step is None else Step(self._step)
        return new

    def _headed(self, **changes: Any) -> Self:
        new = self._using(self._params, self._negate)
        new._head = self._head._replace(**changes)
        return new

    def _set(self, param: Param) -> Self:
        """Replaces the parameter of that key: the last call wins."""
        return self._using((*[old for old in self._params if old.key != param.key], param), self._negate)

    def _param(self, key: str) -> str | None:
        return next((param.value for param in self._params if param.key == key), None)


def check(query: Query) -> None:
    """Raises UnfilteredWrite or LostFilter for an update or delete that would reach more rows than it says."""
    head, step = query._head, query._step
    if step is None:
        return
    if step.has_lost_filter():
        raise LostFilter(
            f"A filter of this {head.verb} of {head.table} was dropped: builders do not change, they return a new one. "
            "Write `query = query.eq(...)`."
        )
    if not any(map(_narrows, query._params)):
        raise UnfilteredWrite(
            f"This {head.verb} of {head.table} has no filter on its own columns and would reach every row."
        )
    step.mark_sent()


def _narrows(param: Param) -> bool:
    """A filter on an embedded table leaves the rows as many as they are, and nothing stands in an empty list."""
    if param.kind != "filter" or not literals.is_of_root(param.key) or param.value == "not.in.()":
        return False
    return param.key not in _LOGIC or not _holds_for_every_row(param)


def _holds_for_every_row(param: Param) -> bool:
    """Whether empty lists make an or_() or and_() true everywhere: `or=(id.not.in.())`, `not.and=(id.in.())`."""
    conditions = "".join(param.value.split('"')[::2])
    always = _IN_NOTHING if param.key.startswith("not.") else _NOT_IN_NOTHING
    rest, found = always.subn("", conditions)
    one_is_enough = param.key in ("or", "not.and")
    return found > 0 and (one_is_enough or not rest.strip("(), "))


def query_string(params: tuple[Param, ...], safe: str = _SAFE) -> str:
    joined = "&".join([f"{param.key}={param.value}" for param in params])
    # One look at all of them is quicker than one at each; a separator inside a value shows by its number.
    if (
        safe == _SAFE
        and _PLAIN_PAIRS.fullmatch(joined)
        and joined.count("&") + joined.count("=") == 2 * len(params) - 1
    ):
        return joined
    return "&".join([f"{escaped(param.key, safe)}={escaped(param.value, safe)}" for param in params])


def escaped(text: str, safe: str = "") -> str:
    """Percent-encoded but for letters, digits, `-._~` and `safe`. Most texts need nothing, which is quick to see."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe)


@lru_cache(maxsize=1024)
def read_head(method: str, table: str, schema: str, prefer: tuple[str, ...], exact: bool) -> Head:
    """The head of a select(); made once for each table, as the names come from the code."""
    return Head("read", method, table, escaped(table), schema, prefer, repeatable=True, exact=exact)


def render(head: Head, params: tuple[Param, ...]) -> Call:
    target = f"{head.path}?{query_string(params)}" if params else head.path
    if head.body is None:
        return Call(head, target, b"", params)
    return Call(head, target, head.body if isinstance(head.body, bytes) else codec.encode(head.body), params)


def headers(head: Head) -> dict[str, str]:
    """Those that the query needs; the key and the schema are not among them."""
    found = {"Accept": _accept(head)}
    if head.prefer:
        found["Prefer"] = ",".join(head.prefer)
    if head.body is not None:
        found["Content-Type"] = JSON
    return found


def _accept(head: Head) -> str:
    if not head.strip_nulls:
        return head.accept
    if head.accept == JSON:
        return "application/vnd.pgrst.array+json;nulls=stripped"
    return f"{head.accept};nulls=stripped"


def calls(query: Query, max_rows: int) -> list[Call]:
    """One request, or several with disjoint values whose rows together are the answer."""
    parts = portions(query, max_rows)
    if len(parts) > 1:
        _refuse_unsplittable(query)
    rendered = [render(query._head, params) for params in parts]
    for call in rendered:
        if len(call.target) > LONGEST:
            raise UsageError(f"The filters on {query._head.table} make an address of {len(call.target)} bytes.")
    return rendered


def portions(query: Query, max_rows: int) -> list[tuple[Param, ...]]:
    """The query's parameters, as often as its longest in_() list must be divided."""
    params = query._params
    with_lists = [param for param in params if param.items]
    if not with_lists:
        return [params]
    listed = max(with_lists, key=lambda param: len(param.items))
    # Only a read can meet the row cap.
    most = max(1, max_rows // 2) if query._head.verb == "read" else len(listed.items)
    if _length(query._head, params) <= MOST_BYTES and len(listed.items) < max(max_rows, most):
        return [params]
    rest = tuple(param for param in params if param is not listed)
    room = MOST_BYTES - _length(query._head, (*rest, listed._replace(value="in.()")))
    return [
        (*rest, listed._replace(value=f"in.({','.join(part)})", items=tuple(part)))
        for part in _filled(listed.items, room, most)
    ]


def _length(head: Head, params: tuple[Param, ...]) -> int:
    """Bytes of the address as the server echoes it, which is never shorter than the address itself."""
    return len(head.path) + 1 + len(query_string(params, _SAFE_IN_ECHO))


def _refuse_unsplittable(query: Query) -> None:
    head = query._head
    limited = any(preference.startswith("max-affected=") for preference in head.prefer)
    if head.verb not in ("read", "update", "delete") or head.shape != "rows" or limited:
        raise UsageError(f"in_() holds too many values for one {head.verb} of {head.table}; do it in portions.")
    if any(param.kind in ("order", "window") and "." not in param.key for param in query._params):
        raise UsageError("in_() holds too many values for one request, and order or limit do not go with several.")


def _filled(items: tuple[str, ...], room: int, most: int) -> list[list[str]]:
    if room < 500:
        raise UsageError("The other filters leave no room for in_() in the address.")
    filled: list[list[str]] = [[]]
    left = room
    for item in items:
        size = len(escaped(item, _SAFE_IN_ECHO)) + len("%2C")
        if filled[-1] and (size > left or len(filled[-1]) >= most):
            filled.append([])
            left = room
        filled[-1].append(item)
        left -= size
    return filled


def probe(call: Call, offset: int) -> Call:
    """The same query, asked only whether there is a row at `offset`."""
    path, _, query = call.target.partition("?")
    kept = [pair for pair in query.split("&") if not pair.startswith(("offset=", "limit="))]
    target = f"{path}?{'&'.join([*kept, f'offset={offset}', 'limit=1'])}"
    return call._replace(target=target)
