"""PostgREST's spelling of columns and values inside a query string."""

import json
from collections.abc import Iterable
from typing import Any

from sistema_os.supabase.errors import UsageError

_RESERVED = frozenset(',:()"\\')
_ARRAY_RESERVED = frozenset('{},"\\')


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def column(name: str) -> str:
    """A name that already stands in quotes (`"a.b"`) is taken as it is."""
    if _RESERVED.isdisjoint(name):
        return name
    if len(name) > 2 and name[0] == name[-1] == '"':
        return name
    return quoted(name)


def scalar(value: Any) -> str:
    """The text form of a value; a null has none, it needs is_()."""
    if isinstance(value, str):
        return value
    if value is None:
        raise UsageError("No value equals NULL: filter with is_(column, None).")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def list_item(value: Any) -> str:
    """An element of `in.(…)`; quoted also when empty or edged by spaces, which PostgREST would drop."""
    text = scalar(value)
    if text and text == text.strip() and _RESERVED.isdisjoint(text):
        return text
    return quoted(text)


def _array_item(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    plain = text and text.lower() != "null" and _ARRAY_RESERVED.isdisjoint(text) and not any(map(str.isspace, text))
    return text if plain else quoted(text)


def array(values: Iterable[Any]) -> str:
    """A PostgreSQL array literal."""
    return "{" + ",".join(map(_array_item, values)) + "}"


def container(value: Any) -> str:
    """The operand of contains, contained_by and overlaps: a range as text, a jsonb document or an array."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return json.dumps(value)
    return array(value)


def argument(value: Any) -> str:
    """A function's argument in the query string of a GET or HEAD call."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return array(value)
    return scalar(value)


def without_spaces(columns: Iterable[str]) -> str:
    """A select list without the blanks that stand outside quoted names."""
    joined = ",".join(columns)
    if '"' not in joined:
        return "".join(joined.split())
    pieces = joined.split('"')
    return '"'.join("".join(piece.split()) if i % 2 == 0 else piece for i, piece in enumerate(pieces))
