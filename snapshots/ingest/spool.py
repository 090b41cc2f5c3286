"""Files of JSON lines: the rows of a running collection, and the compressed rows of a held snapshot."""

from __future__ import annotations

import io
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from typing import Any

import orjson
import zstandard

from snapshots.canonical import Row

_IN_MEMORY = 4 * 2**20
# Key of the header line; a column cannot have this name.
_HEADER = ""


class Spool:
    """JSON lines, written once, then read any number of times. Beyond 4 MB they are in an unnamed temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - a spool outlives this call
        # A collection that is never published is garbage collected.
        self.close = weakref.finalize(self, self._file.close)

    def write(self, lines: Sequence[bytes]) -> None:
        if lines:
            self._file.write(b"\n".join(lines) + b"\n")

    def lines(self) -> Iterator[bytes]:
        """Without their newlines, in the order of arrival."""
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]


@dataclass(frozen=True)
class Header:
    """`columns` are the names of a line's values, `absent` those that no row had, `vanished` the keys of removed rows
    that nothing explains."""

    columns: list[str]
    absent: list[str]
    vanished: list[str]


def pack(header: Header, lines: Iterable[bytes]) -> bytes:
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    first = orjson.dumps({_HEADER: asdict(header)})
    parts = [compressor.compress(line + b"\n") for line in chain((first,), lines)]
    return b"".join((*parts, compressor.flush()))


class Packed:
    """Reads a blob of `pack`, or of earlier releases: a JSON object a row, without a header."""

    def __init__(self, blob: bytes):
        self._blob = blob
        first: Any = orjson.loads(next(self._lines(), b"{}"))
        self.header = Header(**first[_HEADER]) if isinstance(first, dict) and _HEADER in first else None

    def rows(self) -> Iterator[Row]:
        return (row for _line, row in self._read())

    def without(self, is_of_person: Callable[[Row], bool], keys: Collection[str]) -> bytes:
        """The blob without the rows of one person."""
        kept = (line for line, row in self._read() if not is_of_person(row))
        if self.header is None:
            return zstandard.ZstdCompressor(level=3).compress(b"".join(line + b"\n" for line in kept))
        vanished = [key for key in self.header.vanished if key not in keys]
        return pack(replace(self.header, vanished=vanished), kept)

    def _read(self) -> Iterator[tuple[bytes, Row]]:
        for line in islice(self._lines(), 1 if self.header else 0, None):
            value = orjson.loads(line)
            yield line, self._named(self.header, value) if self.header else value

    @staticmethod
    def _named(header: Header, values: list[Any]) -> Row:
        named = zip(header.columns, values, strict=True)
        return {name: value for name, value in named if name not in header.absent}

    def _lines(self) -> Iterator[bytes]:
        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(self._blob), read_across_frames=True)
        for line in io.BufferedReader(reader):
            yield line.rstrip(b"\n")
