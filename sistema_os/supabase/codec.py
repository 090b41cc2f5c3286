"""JSON encoding and decoding with orjson. Values that orjson would silently write as null are refused."""

import gc
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import orjson

from sistema_os.supabase.errors import UsageError

LARGE = 32 * 1024


def plain(value: Any) -> Any:
    """orjson's `default` hook: the JSON-compatible form of a value that JSON has no type for. Raises TypeError."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, Sequence):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__module__ in ("decimal", "uuid"):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _holds_nan(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(map(_holds_nan, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_holds_nan, value))


def encode(body: Any) -> bytes:
    """JSON bytes. NaN and infinity are refused: orjson would store NULL without a word."""
    try:
        encoded = orjson.dumps(body, default=plain)
    except TypeError:
        encoded = _encode_rare(body)
    if b"null" in encoded and _holds_nan(body):
        raise UsageError("NaN and infinity have no JSON form; the database would have received NULL.")
    return encoded


def _encode_rare(body: Any) -> bytes:
    """Falls back to the standard library for integers beyond 64 bits, which orjson refuses and `numeric` can hold."""
    reason = ""
    try:
        return json.dumps(body, default=plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        reason = type(error).__name__
    raise UsageError(f"A value of this write has no JSON form ({reason}).")


def decode(body: bytes, exact: bool = False) -> Any:
    """Raises ValueError, without the text in its message.

    Numbers with a fraction come as float, and integers beyond 64 bits too; `exact` gives Decimal and int.
    """
    place = 0
    try:
        if exact:
            return json.loads(body, parse_float=Decimal)
        return orjson.loads(body) if len(body) < LARGE else _decode_large(body)
    except json.JSONDecodeError as error:  # orjson's is a subclass
        place = error.pos
    except (ValueError, RecursionError):
        pass
    raise ValueError(f"no JSON at character {place}")


def _decode_large(body: bytes) -> Any:
    """Decodes with the garbage collector off: thousands of new dicts would trigger it several times for nothing.

    orjson holds the GIL, so no other thread allocates in the meantime.
    """
    if not gc.isenabled():
        return orjson.loads(body)
    gc.disable()
    try:
        return orjson.loads(body)
    finally:
        gc.enable()


class Inflater:
    """Decodes `Content-Encoding: gzip` piece by piece and stops at `limit` bytes of output.

    Raises LookupError for an encoding that was not asked for.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip"):
            raise LookupError
        self._zlib = zlib.decompressobj(31) if name.endswith("gzip") else None
        self._room = limit

    def feed(self, chunk: bytes) -> bytes:
        """Raises OverflowError past the limit, zlib.error on damage."""
        if self._zlib is not None:
            chunk = self._zlib.decompress(chunk, self._room + 1)
        self._room -= len(chunk)
        if self._room < 0:
            raise OverflowError
        return chunk

    def whole(self) -> bool:
        return self._zlib is None or self._zlib.eof
