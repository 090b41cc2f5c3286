"""The rows of one collection, compressed as they come: what a held snapshot keeps."""

from __future__ import annotations

import io
import tempfile
import weakref
from collections.abc import Iterator

import orjson
import zstandard

from snapshots.canonical import Row

_IN_MEMORY = 4 * 2**20


class Spool:
    """Written row by row, read back once. Beyond 4 MB it lies in a temporary file that has no name."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - a spool outlives this call
        self._compressor = zstandard.ZstdCompressor(level=3).compressobj()
        # A collection that is never published is simply dropped.
        self.close = weakref.finalize(self, self._file.close)

    def write(self, line: bytes) -> None:
        """One row as `as_line` writes it."""
        self._file.write(self._compressor.compress(line))

    def blob(self) -> bytes:
        self._file.write(self._compressor.flush())
        self._file.seek(0)
        return self._file.read()


def as_line(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def unspool(blob: bytes) -> Iterator[Row]:
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(blob), read_across_frames=True)
    for line in io.BufferedReader(reader):
        yield orjson.loads(line)
