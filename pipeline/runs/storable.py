"""Makes what a job hands over storable: its summary, reason, phases, keys, checkpoint and log lines.

Text without null characters and lone surrogates, which PostgreSQL refuses, and of bounded length; other values as JSON.
A job that succeeded must not be recorded as lost because of a value in its summary.
"""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from sistema_os.logs import redact

LONGEST_TEXT: Final = 2_000
MOST_ITEMS: Final = 200
DEEPEST: Final = 6
# Of a whole summary, in characters of JSON: a page shows all of it.
LONGEST_SUMMARY: Final = 50_000


def storable_text(value: object, longest: int = LONGEST_TEXT) -> str:
    """The text of any value; that of an object whose `__str__` fails says so."""
    try:
        text = str(value)
    except Exception as error:  # it is the job's code that fails, in any way
        text = f"[{type(value).__name__} without a text: {type(error).__name__}]"
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def storable_summary(summary: object) -> dict[str, Any]:
    """A summary as JSON; one that is no mapping stands under "value", None is empty."""
    if summary is None:
        return {}
    found = storable(summary)
    return _within(found if isinstance(found, dict) else {"value": found}, LONGEST_SUMMARY)


def _within(found: dict[str, Any], budget: int) -> dict[str, Any]:
    """The first entries that fit; of the others only their size."""
    kept = {}
    for name, value in found.items():
        size = len(json.dumps(value))
        kept[name] = value if size <= budget else f"[{size} characters]"
        budget -= min(size, budget)
    return kept


def storable(value: Any, depth: int = DEEPEST) -> Any:
    """JSON of any value. Dates become ISO texts, durations seconds, a number that is none (NaN) its name; at most
    MOST_ITEMS items of a collection and DEEPEST levels are kept."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if depth and isinstance(value, Mapping):
        return {storable_text(key, 100): storable(one, depth - 1) for key, one in _first(value.items())}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [storable(one, depth - 1) for one in _first(value)]
    return redact(storable_text(value))


def _first(items: Iterable[Any]) -> list[Any]:
    return [item for item, _place in zip(items, range(MOST_ITEMS), strict=False)]
