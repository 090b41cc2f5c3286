"""Canonical form and keyed hash of a row. Pure: no Django.

A row is a mapping of column to JSON value. Two rows are equal if every column is, after the normalisation that the
source declares for it; a null and an absent column are the same. The hash is keyed because a plain hash of eleven
digits, such as a document, can be reversed by trying all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal

import orjson

Row = dict[str, Any]
# text: spaces, case and Unicode form do not count (the default for strings). exact: every character counts.
# room: as text, and "0203" equals "203". number: "1.50" equals 1.5. instant: one moment, whatever its offset.
# document, phone, email, secret: compared as text, masked on screens (see admin/display.py).
Kind = Literal["text", "exact", "room", "number", "instant", "document", "phone", "email", "secret"]
Kinds = Mapping[str, str]

_TWO_64 = 1 << 64
_DECIMAL = re.compile(r"(?<!\d)-?\d+[.,]\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TWO_63 = 1 << 63


def fold(text: str) -> str:
    """Spaces collapsed, NFC, case-folded."""
    if text.isascii():
        return " ".join(text.split()).lower()
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", text).casefold().split()))


def _room(text: str) -> str:
    folded = fold(text)
    return folded.lstrip("0") or folded[:1]


def _number(value: Any) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return fold(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 64:
        return str(number)
    plain = format(number, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return fold(text)
    return moment.astimezone(UTC).isoformat() if moment.tzinfo else moment.isoformat()


# Most texts of an export occur again and again. Bounded, for long runs.
_cached = lru_cache(maxsize=1 << 15)
_TEXT: dict[str, Callable[[str], str]] = {
    "exact": str,
    "room": _cached(_room),
    "instant": _cached(_instant),
    "number": _cached(_number),
}
_fold = _cached(fold)
# Kinds in which a number equals its text.
_SPELT = ("number", "room")


def canonical_value(value: Any, kind: str = "text") -> Any:
    """A JSON value whose bytes are equal exactly for values that the kind treats as equal."""
    if isinstance(value, str):
        return _TEXT.get(kind, _fold)(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value) if kind in _SPELT else _plain_number(value)
    if isinstance(value, Mapping):
        return {"o": sorted([str(name), canonical_value(item, kind)] for name, item in value.items())}
    return [canonical_value(item, kind) for item in value]


def _plain_number(value: float | Decimal) -> Any:
    """1 and 1.0 are equal; the text "1" is not."""
    if isinstance(value, int) and -_TWO_63 <= value < _TWO_63:
        return value
    spelt = _number(value)
    return int(spelt) if spelt.lstrip("-").isdecimal() and len(spelt) < 19 else {"n": spelt}


class Canonical:
    """The declaration of a source, prepared for many rows. Neither the order of the columns nor nulls count."""

    def __init__(self, columns: Iterable[str], kinds: Kinds, key: bytes = b""):
        self._key = key
        declared = ((name, kinds.get(name, "text")) for name in sorted(columns))
        self._columns = [(name, kind, _TEXT.get(kind, _fold), kind in _SPELT) for name, kind in declared]

    def bytes(self, row: Mapping[str, Any]) -> bytes:
        parts: list[Any] = []
        add, get = parts.append, row.get
        for name, kind, text, spelt in self._columns:
            if (value := get(name)) is None:
                continue
            add(name)
            # The common types first: this runs once for every value of every export.
            if type(value) is str:
                add(text(value))
            elif type(value) is bool:
                add(value)
            else:
                add(
                    value if not spelt and type(value) is int and abs(value) < _TWO_63 else canonical_value(value, kind)
                )
        return orjson.dumps(parts)

    def hash(self, row: Mapping[str, Any]) -> int:
        """Signed 64 bits, as PostgreSQL's bigint holds them."""
        digest = blake2b(self.bytes(row), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big", signed=True)


def hash_key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=64).digest()


def add_digest(digest: int, *hashes: int) -> int:
    """Adds row hashes to a snapshot's digest; negative ones are subtracted. Order does not matter."""
    return (digest + sum(hashes) + _TWO_63) % _TWO_64 - _TWO_63


def recipe(kinds: Kinds, key: bytes) -> str:
    """Identifies how hashes are made: digests are comparable only between snapshots of the same recipe."""
    return blake2b(orjson.dumps(sorted(kinds.items())), digest_size=6, key=key).hexdigest()


def differing(before: Mapping[str, Any], after: Mapping[str, Any], columns: Iterable[str], kinds: Kinds) -> list[str]:
    """The columns whose values differ after their declared normalisation."""
    return [name for name in columns if not _equal(before.get(name), after.get(name), kinds.get(name, "text"))]


def _equal(old: Any, new: Any, kind: str) -> bool:
    # The shortcut is for texts only: in Python, 0 equals False.
    if old is new or (isinstance(old, str) and isinstance(new, str) and old == new):
        return True
    return orjson.dumps(canonical_value(old, kind)) == orjson.dumps(canonical_value(new, kind))


def form_of(value: Any) -> str:
    """The form of a filled value: what a column keeps from day to day whatever its values are."""
    if isinstance(value, bool):
        return "bool"
    if not isinstance(value, str):
        return "number"
    text = value.strip()
    if text.isdecimal():
        return "digits"
    if _DECIMAL.fullmatch(text):
        return "decimal"
    return "date" if _DATE.match(text) else "text"


def moment_of(text: str) -> datetime | None:
    """The moment that a freshness column names; None where it is none, such as "infinity"."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
