"""An index on disk: written whole or not at all, read by mapping it, so that a million stays are there at once.

The file holds names, rooms and dates in the clear and the rest as digests: it is as confidential as the listing that it
was made from, and only its owner may read it.
"""

import json
import mmap
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from matching.core.index.columns import SUFFIXES, VOCABULARIES, Columns
from matching.core.index.house_index import HouseIndex, Sparse
from matching.core.kernel.blocks import Postings

MAGIC = b"sistema-os house index 3\n"
_ALIGNED = 64
_POSTINGS = ("by_word", "by_room", "by_label", "by_booking")
_SPARSE = ("by_phone", "by_key")


def save(index: HouseIndex, path: Path) -> None:
    """Takes the place of an older file only when it is complete."""
    folder = path.absolute().parent
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as target:
            _write(target, _arrays(index), _texts(index))
            target.flush()
            os.fsync(target.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def load(path: Path) -> HouseIndex:
    """Raises OSError, or ValueError with a sentence when the file is no index of this version."""
    with path.open("rb") as source:
        if source.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path.name} is no index of stays of this version")
        size, check = np.frombuffer(source.read(16), dtype=np.int64).tolist() if _has(path, len(MAGIC) + 16) else (0, 0)
        head = source.read(size)
        start = _aligned(source.tell())
    if not head or crc32(head) != check:
        raise ValueError(f"{path.name} is damaged")
    header = json.loads(head)
    if header["suffixes"] != list(SUFFIXES):
        raise ValueError(f"{path.name} was made with other words: make it anew")
    if not _has(path, start + header["size"]):
        raise ValueError(f"{path.name} is cut short")
    data = _mapped(path)
    found = {name: data[start + at : start + at + n].view(kind) for name, (kind, at, n) in header["arrays"].items()}
    return _index(found, header["texts"])


def _mapped(path: Path) -> NDArray[np.uint8]:
    """Read only. The system is told to bring it in at once: orders come soon and touch all of it."""
    with path.open("rb") as source:
        found = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    if hasattr(found, "madvise"):
        found.madvise(mmap.MADV_WILLNEED)
    return np.frombuffer(found, dtype=np.uint8)


def _has(path: Path, size: int) -> bool:
    return path.stat().st_size >= size


def _aligned(place: int) -> int:
    return -(-place // _ALIGNED) * _ALIGNED


# --- out -----------------------------------------------------------------------------------------
def _write(target: BinaryIO, arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, list[str]]) -> None:
    places: dict[str, tuple[str, int, int]] = {}
    at = 0
    for name, array in arrays.items():
        places[name] = array.dtype.str, at, array.nbytes
        at = _aligned(at + array.nbytes)
    header = {"arrays": places, "texts": texts, "size": at, "suffixes": SUFFIXES}
    head = json.dumps(header).encode("ascii")
    target.write(MAGIC + np.array([len(head), crc32(head)], dtype=np.int64).tobytes() + head)
    for array in arrays.values():
        _pad(target)
        target.write(np.ascontiguousarray(array).data)
    _pad(target)


def _pad(target: BinaryIO) -> None:
    target.write(b"\0" * (_aligned(target.tell()) - target.tell()))


def _arrays(index: HouseIndex) -> dict[str, NDArray[Any]]:
    columns = {f.name: getattr(index.columns, f.name) for f in fields(Columns) if f.name not in VOCABULARIES}
    for name in _POSTINGS:
        postings: Postings = getattr(index, name)
        columns |= {f"{name}.starts": postings.starts, f"{name}.members": postings.members}
    for name in _SPARSE:
        sparse: Sparse = getattr(index, name)
        columns |= {f"{name}.keys": sparse.keys, f"{name}.members": sparse.members}
    return columns | {"bookings": index.bookings}


def _texts(index: HouseIndex) -> dict[str, list[str]]:
    return {name: getattr(index.columns, name) for name in VOCABULARIES} | {
        "sounds": index.sounds,
        "heard": index.heard,
    }


# --- in ------------------------------------------------------------------------------------------
def _index(arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, list[str]]) -> HouseIndex:
    values: dict[str, Any] = {f.name: arrays[f.name] for f in fields(Columns) if f.name not in VOCABULARIES}
    index = HouseIndex(Columns(**values | {name: texts[name] for name in VOCABULARIES}))
    # What was derived once is not derived again: these take the place of the cached properties.
    known = vars(index)
    known |= {name: Postings(arrays[f"{name}.starts"], arrays[f"{name}.members"]) for name in _POSTINGS}
    known |= {name: Sparse(arrays[f"{name}.keys"], arrays[f"{name}.members"]) for name in _SPARSE}
    known |= {"bookings": arrays["bookings"], "sounds": texts["sounds"], "heard": texts["heard"]}
    return index
