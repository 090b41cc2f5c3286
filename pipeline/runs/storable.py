"""Makes what a job hands over storable: its summary, reason, phases, keys, checkpoint and log lines.

Text without null characters and lone surrogates, which PostgreSQL refuses, and of bounded length; other values as JSON.
A job that succeeded must not be recorded as lost because of a value in its summary.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeVar

from sistema_os.logs import redact

LONGEST_TEXT: Final = 2_000
MOST_ITEMS: Final = 200
DEEPEST: Final = 6
# Of a whole summary, in characters: a page shows all of it.
LONGEST_SUMMARY: Final = 50_000

T = TypeVar("T")


def storable_text(value: object, longest: int = LONGEST_TEXT) -> str:
    """The text of any value; that of an object whose `__str__` fails says so."""
    try:
        text = str(value)
    except Exception as error:  # it is the job's code that fails, in any way
        text = f"[{type(value).__name__} without a text: {type(error).__name__}]"
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def storable_summary(summary: object) -> dict[str, Any]:
    """A summary as JSON; one that is no mapping stands under "value", None is empty. At most LONGEST_SUMMARY characters
    are kept: the first entries, also of the collection in which the rest begins."""
    if summary is None:
        return {}
    found = storable(summary)
    return found if isinstance(found, dict) else {"value": found}


def storable(value: Any) -> Any:
    """JSON of any value. Dates become ISO texts, durations seconds, a number that is none (NaN) its name; at most
    MOST_ITEMS items of a collection, DEEPEST levels and LONGEST_SUMMARY characters are kept."""
    return _Budget(LONGEST_SUMMARY).spend(value, DEEPEST)


class _Budget:
    """The characters that a value may still have. Counted while it is walked: a text that is not kept is not redacted
    either, which takes seconds a megabyte."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, value: Any, depth: int) -> Any:
        if isinstance(value, Enum):
            value = value.value
        if value is None or isinstance(value, bool | int):
            return self._paid(value)
        if isinstance(value, float | Decimal):
            return self._paid(float(value) if math.isfinite(value) else str(value))
        if isinstance(value, datetime | date | time):
            return self._paid(value.isoformat())
        if isinstance(value, timedelta):
            return self._paid(value.total_seconds())
        if isinstance(value, bytes | bytearray | memoryview):
            return self._paid(f"[{len(value)} bytes]")
        if depth and isinstance(value, Mapping):
            return {self._text(key, 100): self.spend(one, depth - 1) for key, one in self._first(value.items())}
        if depth and isinstance(value, list | tuple | set | frozenset):
            return [self.spend(one, depth - 1) for one in self._first(value)]
        return redact(self._text(value, LONGEST_TEXT))

    def _text(self, value: object, longest: int) -> str:
        return self._paid(storable_text(value, max(1, min(longest, self._left))))

    def _paid(self, value: T) -> T:
        self._left -= len(str(value)) + 2
        return value

    def _first(self, items: Iterable[Any]) -> Iterator[Any]:
        for item, _place in zip(items, range(MOST_ITEMS), strict=False):
            if self._left <= 0:
                return
            yield item
