"""The private folder of files that wait for their import, and the limit of uploads.

Each session has a directory (0700) with files (0600) named after the hash of their content. They are removed after the
import, when they are discarded, and when they expire.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

TOO_LARGE: Final = "sistema_os.too_large_uploads"
_UNNAMED: Final = "arriving"
_ORPHANS_AFTER_SECONDS: Final = 48 * 3600


class UploadLimit(FileUploadHandler):
    """Stops an upload that is larger than IMPORT_MAX_BYTES; the other files of the form are kept. Their names are in
    request.META[TOO_LARGE]."""

    chunk_size = 256 * 1024
    _received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> bytes:
        self._received += len(raw_data)
        if self._received > settings.IMPORT_MAX_BYTES:
            if self.request is not None:
                self.request.META.setdefault(TOO_LARGE, []).append(self.file_name or "")
            raise SkipFile
        return raw_data

    def file_complete(self, _file_size: int) -> None:
        """The handlers after this one make the file."""


@dataclass(frozen=True)
class Stored:
    size: int
    sha256: str


class FileTooLarge(Exception):
    """More bytes than IMPORT_MAX_BYTES; nothing was kept."""


def store(session: UUID, chunks: Iterable[bytes]) -> Stored:
    """Copies the chunks into the session's folder while they are hashed."""
    digest, size = hashlib.sha256(), 0
    with _private(session, _UNNAMED) as target:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.IMPORT_MAX_BYTES:
                raise FileTooLarge
            digest.update(chunk)
            target.write(chunk)
    folder = _folder(session)
    (folder / _UNNAMED).replace(folder / digest.hexdigest())
    return Stored(size, digest.hexdigest())


def content(session: UUID, sha256: str) -> bytes | None:
    """The bytes of a file; None once it has expired."""
    try:
        return (_root() / str(session) / sha256).read_bytes()
    except FileNotFoundError:
        return None


def write_lines(session: UUID, sha256: str, lines: Iterable[dict[str, Any]]) -> int:
    """Keeps the flat lines of a file beside it; returns their number."""
    count = 0
    with _private(session, f"{sha256}.lines") as target:
        for line in lines:
            target.write(json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False).encode())
            target.write(b"\n")
            count += 1
    return count


def lines(session: UUID, sha256: str) -> Iterator[dict[str, Any]]:
    """The flat lines without their empty fields. Raises FileNotFoundError once they have expired."""
    with (_root() / str(session) / f"{sha256}.lines").open("rb") as source:
        for line in source:
            yield json.loads(line)


def write_notes(session: UUID, sha256: str, name: str, notes: dict[str, Any]) -> None:
    with _private(session, f"{sha256}.{name}") as target:
        target.write(json.dumps(notes, ensure_ascii=False).encode())


def notes(session: UUID, sha256: str, name: str) -> dict[str, Any]:
    """What was kept under this name; empty without it."""
    try:
        found: dict[str, Any] = json.loads((_root() / str(session) / f"{sha256}.{name}").read_bytes())
    except FileNotFoundError:
        return {}
    return found


def forget(session: UUID, sha256: str) -> None:
    """Removes one file of a session and what was kept beside it."""
    folder = _root() / str(session)
    for path in (folder / sha256, *folder.glob(f"{sha256}.*")):
        path.unlink(missing_ok=True)


def remove(session: UUID) -> None:
    shutil.rmtree(_root() / str(session), ignore_errors=True)


def remove_orphans() -> None:
    """Folders that no session ever removed, such as those of a process that was killed."""
    limit = time.time() - _ORPHANS_AFTER_SECONDS
    for folder in _root().iterdir():
        if folder.stat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    root = Path(settings.IMPORT_FOLDER)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def _folder(session: UUID) -> Path:
    folder = _root() / str(session)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def _private(session: UUID, name: str) -> Iterator[IO[bytes]]:
    """A file with mode 0600 that appears whole or not at all."""
    folder = _folder(session)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
        path = Path(target.name)
        try:
            yield target
        except BaseException:
            path.unlink()
            raise
    path.replace(folder / name)
