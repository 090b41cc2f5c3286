"""Hidden persons of a source (minors, guests incognito): their rows lose name and contact before anybody reads them.

A row is of a hidden person if any kept version of it says so: whoever becomes incognito today is not found under
yesterday's name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.db import connection

from snapshots.canonical import Row
from snapshots.diffing import ChangeView
from snapshots.models import Source

PERMISSION = "snapshots.view_hidden"


def may_see(user: Any) -> bool:
    return bool(user.has_perm(PERMISSION))


def is_hidden(source: Source, row: Mapping[str, Any] | None) -> bool:
    return row is not None and any(row.get(column) is True for column in source.hidden_if)


def hidden_keys(source: Source, keys: Collection[str] | None = None) -> set[str]:
    """The keys of hidden persons among `keys`, or among all rows of the source. One query."""
    if not source.hidden_if or (keys is not None and not keys):
        return set()
    head, old, params = _conditions(source, "payload", "old")
    among = "" if keys is None else "AND key = ANY(%(keys)s)"
    query = (
        f"SELECT key FROM snapshots_headrow WHERE source_id = %(hidden_source)s {among} AND ({head})"  # noqa: S608  columns are parameters
        f" UNION SELECT key FROM snapshots_change WHERE source_id = %(hidden_source)s {among} AND ({old})"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, params | {"keys": list(keys or ())})
        return {key for (key,) in cursor.fetchall()}


def not_hidden(source: Source, key: str) -> tuple[str, dict[str, Any]]:
    """An SQL condition on the column `key`, true for rows of nobody hidden, and its parameters."""
    head, old, params = _conditions(source, "h.payload", "x.old")
    if not source.hidden_if:
        return "true", {}
    return (
        f"NOT EXISTS (SELECT FROM snapshots_headrow h WHERE h.source_id = %(hidden_source)s AND h.key = {key}"  # noqa: S608  names of ours
        f" AND ({head})) AND NOT EXISTS (SELECT FROM snapshots_change x"
        f" WHERE x.source_id = %(hidden_source)s AND x.key = {key} AND ({old}))",
        params,
    )


def _conditions(source: Source, payload: str, old: str) -> tuple[str, str, dict[str, Any]]:
    """On the JSON of a current row, and on the array of an old one."""
    params: dict[str, Any] = {"hidden_source": source.pk}
    of_head, of_old = [], []
    for n, column in enumerate(source.hidden_if):
        params[f"hidden{n}"] = column
        of_head.append(f"{payload} ->> %(hidden{n})s = 'true'")
        if column in source.layout:
            params[f"hidden_place{n}"] = source.layout.index(column)
            of_old.append(f"{old} ->> %(hidden_place{n})s = 'true'")
    return " OR ".join(of_head) or "false", " OR ".join(of_old) or "false", params


def concealed_row(source: Source, row: Row) -> Row:
    return {name: None if name in source.hidden_columns else value for name, value in row.items()}


def concealed_change(source: Source, change: ChangeView) -> ChangeView:
    """Without the values of the hidden columns, and without naming them among what changed."""
    before, after = (concealed_row(source, row) if row is not None else None for row in (change.before, change.after))
    fields = tuple(name for name in change.fields if name not in source.hidden_columns)
    return replace(change, before=before, after=after, fields=fields)
