"""PostgREST's spelling of names and values inside a query string.

Everything that a caller passes in goes through here, so that an enum member stands for its value, a null is
refused where PostgREST would compare with the text "None", and every refusal is a UsageError that does not
repeat the value.
"""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

from sistema_os.supabase import codec
from sistema_os.supabase.errors import UsageError

_RESERVED = frozenset(',:()"\\')
_ARRAY_RESERVED = frozenset('{},"\\')
# As the last part of a parameter's name these are no column for PostgREST: it would ignore the filter.
_PARAMETERS = frozenset({"select", "columns", "on_conflict", "order", "limit", "offset", "and", "or", "not"})
_OPERATORS = frozenset({
    "not", "eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch", "in", "is", "isdistinct",
    "fts", "plfts", "phfts", "wfts", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj",
})  # fmt: skip


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def text(value: Any, what: str) -> str:
    """A name, pattern or search query; `what` names it in the refusal."""
    if type(value) is str and value.isascii():
        return value
    plain = value.value if isinstance(value, Enum) else value
    if not isinstance(plain, str):
        raise UsageError(f"{what} is a text, not {type(plain).__name__}.")
    return sendable(plain)


def sendable(value: str) -> str:
    """The same text. Lone surrogates have no UTF-8 form and no place in a database."""
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise UsageError("A text holds half a character (a lone surrogate), which cannot be sent.")
    return value


def whole(value: Any, what: str, least: int = 0) -> int:
    """A count or position: an integer of at least `least` that PostgreSQL can hold."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        raise UsageError(f"{what} is an integer of at least {least}.")
    return value


def column(name: Any) -> str:
    """A column, also of an embedded table (`guests.name`). What stands in quotes already (`"a.b"`) is left as it is.

    The names of PostgREST's own parameters are quoted, or the server would not take the filter for one.
    """
    return _column(name if type(name) is str else text(name, "A column's name"))


@lru_cache(maxsize=1024)
def _column(name: str) -> str:
    spelt = text(name, "A column's name")
    if not spelt:
        raise UsageError("A column needs a name.")
    if spelt.isidentifier() and spelt not in _PARAMETERS:
        return spelt
    if spelt[-1] == '"' and (spelt[0] == '"' or '."' in spelt) and len(spelt) > 2:
        return spelt
    if not _RESERVED.isdisjoint(spelt):
        return quoted(spelt)
    path, dot, last = spelt.rpartition(".")
    return f'{path}{dot}"{last}"' if last in _PARAMETERS else spelt


def is_of_root(key: str) -> bool:
    """Whether a rendered filter is on the table itself, rather than on one embedded in its rows."""
    name = key.partition("->")[0]
    return name in ("not.or", "not.and") or "." not in "".join(name.split('"')[::2])


def scalar(value: Any) -> str:
    """The text form of a value; a null has none, it needs is_()."""
    if type(value) is int:
        return _shown(value) if value.bit_length() > 64 else str(value)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return sendable(value)
    if value is None:
        raise UsageError("No value equals NULL: filter with is_(column, None).")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return _json(value, (",", ":"))
    return _shown(value)


def _shown(value: Any) -> str:
    reason = ""
    try:
        return sendable(str(value))
    except ValueError as error:  # an integer of more than 4300 digits
        reason = type(error).__name__
    raise UsageError(f"A {type(value).__name__} has no text form ({reason}).")


def _json(value: Any, separators: tuple[str, str] | None = None) -> str:
    reason = ""
    try:
        return sendable(json.dumps(value, default=codec.plain, separators=separators, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        reason = type(error).__name__
    raise UsageError(f"A filter's value has no JSON form ({reason}).")


def listed(values: Any, what: str) -> Iterable[Any]:
    """Several values. A bare text would be taken letter by letter, and is refused like all that is no list."""
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise UsageError(f"{what} takes a list of values, not {type(values).__name__}.")
    return values


def list_item(value: Any) -> str:
    """An element of `in.(…)`; quoted also when empty or edged by spaces, which PostgREST would drop."""
    plain = scalar(value)
    if plain and plain == plain.strip() and _RESERVED.isdisjoint(plain):
        return plain
    return quoted(plain)


def _array_item(value: Any) -> str:
    if value is None:
        return "NULL"
    spelt = _shown(value.value if isinstance(value, Enum) else value)
    plain = spelt and spelt.lower() != "null" and _ARRAY_RESERVED.isdisjoint(spelt) and not any(map(str.isspace, spelt))
    return spelt if plain else quoted(spelt)


def array(values: Iterable[Any]) -> str:
    """A PostgreSQL array literal."""
    return "{" + ",".join(map(_array_item, listed(values, "An array"))) + "}"


def container(value: Any) -> str:
    """The operand of contains, contained_by and overlaps: a range as text, a jsonb document or an array."""
    if isinstance(value, str):
        return text(value, "A range")
    if isinstance(value, dict):
        return _json(value)
    return array(value)


def bounds(limits: Any) -> str:
    """The operand of the range filters: both bounds, neither of them null."""
    if not isinstance(limits, (tuple, list)) or len(limits) != 2:
        raise UsageError("A range is a pair: (from, to).")
    return f"({scalar(limits[0])},{scalar(limits[1])})"


def condition(column_name: Any, operator: Any, value: Any) -> str:
    """One condition of an or_() or and_() list, its value quoted where the list's own signs stand in it."""
    spelt = text(operator, "An operator")
    if spelt.removeprefix("not.") == "in":
        operand = f"({','.join(map(list_item, listed(value, 'in')))})"
    elif spelt.removeprefix("not.") == "is":
        operand = truth(value)
    else:
        operand = list_item(value)
    return f"{column(column_name)}.{spelt}.{operand}"


def truth(value: Any) -> str:
    """The operand of `is`: null, true, false, unknown."""
    if isinstance(value, Enum):
        value = value.value
    spelt = value
    if value is None or isinstance(value, bool):
        spelt = {None: "null", True: "true", False: "false"}[value]
    if not isinstance(spelt, str) or spelt.lower() not in ("null", "not_null", "true", "false", "unknown"):
        raise UsageError('is_() takes None, True, False, or "null", "not_null", "true", "false", "unknown".')
    return spelt


def argument(name: str, value: Any) -> str:
    """A function's argument in the query string of a GET or HEAD call, where not everything can be said."""
    if value is None:
        raise UsageError(f"The argument {name} is null, which only a POST call can carry: leave out get and head.")
    spelt = array(value) if isinstance(value, (list, tuple)) else scalar(value)
    if name in _PARAMETERS or (spelt.partition(".")[0].partition("(")[0] in _OPERATORS and "." in spelt):
        raise UsageError(f"The argument {name} would be read as a filter: leave out get and head.")
    return spelt


def without_spaces(columns: Iterable[Any]) -> str:
    """A select list without the blanks that stand outside quoted names."""
    joined = ",".join([text(name, "A selected column") for name in columns])
    if '"' not in joined and " " not in joined and joined.isprintable():
        return joined
    if '"' not in joined:
        return "".join(joined.split())
    pieces = joined.split('"')
    return '"'.join("".join(piece.split()) if i % 2 == 0 else piece for i, piece in enumerate(pieces))
