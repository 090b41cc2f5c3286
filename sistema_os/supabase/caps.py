"""Did the server's row cap, rather than the query, end the rows? PostgREST answers 200 either way."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

from sistema_os.supabase.query import Call, Query
from sistema_os.supabase.responses import Window

_EMBEDDED = re.compile(r"(?:([\w ]+):)?([\w ]+)(?:![\w!]+)?\(")


class Verdict(Enum):
    """UNSURE: exactly as many rows as the cap; only a look at the next row tells."""

    WHOLE = "whole"
    CUT = "cut"
    UNSURE = "unsure"


def verdict(query: Query, call: Call, seen: Window, max_rows: int) -> Verdict:
    head = call.head
    if head.method == "HEAD" or head.verb not in ("read", "call") or head.shape not in ("rows", "csv", "call"):
        return Verdict.WHOLE
    limit = query._param("limit")
    if not seen.rows or (limit is not None and seen.rows >= int(limit)):
        return Verdict.WHOLE
    if "count=exact" in head.prefer and seen.total is not None:
        return Verdict.CUT if seen.first + seen.rows < seen.total else Verdict.WHOLE
    if seen.rows != max_rows:
        return Verdict.WHOLE
    # A function is not called again only to look: it may write.
    return Verdict.UNSURE if head.method == "GET" else Verdict.CUT


def cut_embedding(query: Query, data: Any, max_rows: int) -> str:
    """The name of an embedded list that the cap ended, which `Content-Range` says nothing about."""
    select = query._param("select") or ""
    if "(" not in select or not isinstance(data, list | dict):
        return ""
    limits = {p.key.removesuffix(".limit"): int(p.value) for p in query._params if p.key.endswith(".limit")}
    names = {alias or name: name for alias, name in _EMBEDDED.findall(select)}
    checked = {key for key, name in names.items() if limits.get(name, limits.get(key, max_rows + 1)) > max_rows}
    return _full(data if isinstance(data, list) else [data], set(names), checked, max_rows)


def _full(rows: Iterable[Any], names: set[str], checked: set[str], max_rows: int) -> str:
    for row in rows:
        for name in names & row.keys() if isinstance(row, dict) else ():
            inner = row[name]
            if name in checked and isinstance(inner, list) and len(inner) == max_rows:
                return name
            found = _full(inner if isinstance(inner, list) else [inner], names, checked, max_rows) if inner else ""
            if found:
                return found
    return ""
