"""Where received files come from: folders (also an SFTP drop), published sheets, a mailbox. All are only read."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from imaplib import IMAP4
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.utils import timezone

from pipeline.imports.spool import FileTooLarge
from pipeline.models import ImportedFile

# A file that was written to a moment ago may still be growing.
_SETTLED: Final = timedelta(seconds=10)
_LOOK_BACK: Final = timedelta(days=3)
_MOST_FILES: Final = 50
_SECONDS: Final = 30.0
_CHUNK: Final = 1 << 20
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ENDINGS: Final = frozenset({".csv", ".txt", ".xlsx", ".xls", ".ods", ".xml", ".pdf", ".htm", ".html"})


class SourceUnreachable(Exception):
    """A folder, address or mailbox cannot be read; the message names the way and never an address or a password."""


@dataclass(frozen=True)
class Found:
    """A file as it lies at its source. `at` orders the files of one layout."""

    name: str
    origin: str
    at: datetime
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def from_folders(folders: list[str]) -> Iterator[Found]:
    """The settled files of the last days, the newest first."""
    now = timezone.now()
    for folder in map(Path, folders):
        try:
            paths = [path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file()]
            stamped = [(datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo), path) for path in paths]
        except OSError as error:
            raise SourceUnreachable(f"{ImportedFile.Origin.FOLDER.label}: {type(error).__name__}") from error
        recent = [(at, path) for at, path in stamped if now - _LOOK_BACK < at < now - _SETTLED]
        for at, path in sorted(recent, reverse=True)[:_MOST_FILES]:
            if not path.is_symlink() and (data := _unchanged(path)) is not None:
                yield Found(path.name, ImportedFile.Origin.FOLDER, at, data)


def _unchanged(path: Path) -> bytes | None:
    """The content; None if the file is too large, is gone, or grew while it was read."""
    try:
        before = path.stat()
        if before.st_size > settings.IMPORT_MAX_BYTES:
            return None
        data = path.read_bytes()
        after = path.stat()
    except OSError:
        return None
    return data if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) else None


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to another https address."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _require_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise SourceUnreachable(f"{ImportedFile.Origin.ADDRESS.label}: https")


def from_sheets(addresses: list[str]) -> Iterator[Found]:
    """Each published sheet as it is now."""
    opener = urllib.request.build_opener(_SafeRedirects())
    for url in addresses:
        _require_safe(url)
        try:
            with opener.open(url, timeout=_SECONDS) as answer:
                data = _limited(answer)
                name = answer.headers.get_filename() or unquote(Path(urlsplit(url).path).name) or "planilha.csv"
        except (OSError, FileTooLarge) as error:
            raise SourceUnreachable(f"{ImportedFile.Origin.ADDRESS.label}: {type(error).__name__}") from error
        yield Found(name, ImportedFile.Origin.ADDRESS, timezone.now(), data)


def _limited(answer: IO[bytes]) -> bytes:
    found = bytearray()
    while chunk := answer.read(_CHUNK):
        found += chunk
        if len(found) > settings.IMPORT_MAX_BYTES:
            raise FileTooLarge
    return bytes(found)


def from_mailbox(address: str) -> Iterator[Found]:
    """The attachments of the last days' messages from the permitted senders; the mailbox stays as it is.

    `address` is imaps://user:password@host/folder?from=sender@hotel (several senders with commas); imap:// is refused
    except on this machine.
    """
    from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted
    from imap_tools.errors import ImapToolsError

    parts = urlsplit(address)
    host, local = parts.hostname or "", parts.hostname in _LOOPBACK
    if parts.scheme != "imaps" and not (parts.scheme == "imap" and local):
        raise SourceUnreachable(f"{ImportedFile.Origin.MAILBOX.label}: imaps")
    senders = {one.strip().lower() for text in parse_qs(parts.query).get("from", ()) for one in text.split(",")}
    folder = unquote(parts.path.strip("/")) or "INBOX"
    since = (timezone.localtime() - _LOOK_BACK).date()
    try:
        box: BaseMailBox
        if parts.scheme == "imaps":
            box = MailBox(host, port=parts.port or 993, timeout=_SECONDS)
        else:
            box = MailBoxUnencrypted(host, port=parts.port or 143, timeout=_SECONDS)
        with box.login(unquote(parts.username or ""), unquote(parts.password or ""), initial_folder=folder) as mailbox:
            for message in mailbox.fetch(AND(date_gte=since), mark_seen=False, reverse=True, limit=_MOST_FILES):
                if parseaddr(message.from_)[1].lower() not in senders:
                    continue
                for part in message.attachments:
                    if Path(part.filename).suffix.lower() in _ENDINGS and part.size <= settings.IMPORT_MAX_BYTES:
                        at = message.date if message.date.tzinfo else timezone.make_aware(message.date)
                        yield Found(part.filename, ImportedFile.Origin.MAILBOX, at, part.payload)
    except (OSError, IMAP4.error, ImapToolsError) as error:
        raise SourceUnreachable(f"{ImportedFile.Origin.MAILBOX.label}: {type(error).__name__}") from error
