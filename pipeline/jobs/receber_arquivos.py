"""Receives files by itself: those of a known layout that pass the checks are imported, the others wait for a person."""

from collections.abc import Callable, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pipeline.imports import origins, service
from pipeline.imports.origins import Found, SourceUnreachable
from pipeline.imports.service import Arrived
from pipeline.imports.writer import figures, start_pipeline, write_file
from pipeline.models import ImportedFile, ImportSession
from pipeline.runs import Outcome, RunContext, job
from sistema_os.supabase import SupabaseError

_RECEIVED = (ImportedFile.Origin.FOLDER, ImportedFile.Origin.ADDRESS, ImportedFile.Origin.MAILBOX)


@job(
    "receber_arquivos",
    title=gettext_lazy("Receive files"),
    idempotent=True,
    phases=("look", "import"),
    housekeeping=True,
    reads_now=True,
    by_date="writes",
)
async def run(context: RunContext) -> Outcome:
    await context.phase("look")
    found, reasons = await sync_to_async(_look)()
    await context.phase("import", len(found))
    summary: dict[str, Any] = {"found": len(found), "imported": 0, "held": 0, "refused": 0}
    written: list[ImportSession] = []
    if context.dry_run:
        return Outcome("partial" if reasons else "succeeded", summary, " ".join(reasons))
    taken = []
    for number, one in enumerate(found, start=1):
        taken.append(await sync_to_async(_take)(one, context))
        await context.advance(number)
    await sync_to_async(_drop_older)(taken)
    for session, file in taken:
        if file.state == ImportedFile.State.READY:
            summary[file.kind] = figures(await write_file(context, session, file))
            await sync_to_async(service.finished)(session, succeeded=file.state != ImportedFile.State.REFUSED)
            if file.state == ImportedFile.State.IMPORTED:
                written.append(session)
        summary["imported"] += file.state in (ImportedFile.State.IMPORTED, ImportedFile.State.SAME)
        summary["held"] += file.state in (ImportedFile.State.ASKING, ImportedFile.State.HELD)
        summary["refused"] += file.state == ImportedFile.State.REFUSED
    if written:
        await start_pipeline(context, written)
    reasons += _sentences(summary)
    return Outcome("partial" if reasons else "succeeded", summary, " ".join(reasons))


def _sentences(summary: dict[str, Any]) -> list[str]:
    held, refused = summary["held"], summary["refused"]
    waits = ngettext(
        "%(count)d file waits for an answer on the page Sources.",
        "%(count)d files wait for an answer on the page Sources.",
        held,
    )
    unread = ngettext("%(count)d file could not be read.", "%(count)d files could not be read.", refused)
    return [text % {"count": count} for text, count in ((waits, held), (unread, refused)) if count]


def _look() -> tuple[list[Found], list[str]]:
    """New files, the oldest first, and sentences about sources that could not be read."""
    ways: list[tuple[Callable[..., Iterator[Found]], Any]] = [
        (origins.from_folders, settings.IMPORT_WATCH_FOLDERS),
        (origins.from_sheets, settings.IMPORT_SHEETS),
        (origins.from_mailbox, settings.IMPORT_MAILBOX),
    ]
    new: dict[str, Found] = {}
    reasons = []
    for look, where in ways:
        try:
            for one in look(where) if where else ():
                if one.sha256 not in new and not _known(one.sha256):
                    new[one.sha256] = one
        except SourceUnreachable as error:
            reasons.append(_("A source could not be read: %(why)s.") % {"why": error})
    return sorted(new.values(), key=lambda one: one.at), reasons


def _known(sha256: str) -> bool:
    """Received before, whatever became of it, or imported by a person."""
    imported = Q(state__in=(ImportedFile.State.IMPORTED, ImportedFile.State.SAME))
    return ImportedFile.objects.filter(sha256=sha256).filter(Q(origin__in=_RECEIVED) | imported).exists()


def _drop_older(taken: list[tuple[ImportSession, ImportedFile]]) -> None:
    """Of several files of one layout that arrived together, only the newest is imported."""
    newest: set[str] = set()
    for session, file in reversed(taken):
        if file.state != ImportedFile.State.READY:
            continue
        if file.fingerprint in newest:
            service.discard(session)
            file.state = ImportedFile.State.DISCARDED
            file.reason = _("A newer file with the same columns arrived together with it.")
            file.save()
        newest.add(file.fingerprint)


def _take(one: Found, context: RunContext) -> tuple[ImportSession, ImportedFile]:
    """Reads the file. READY: it may be written; ASKING or HELD: a person has to look at it."""
    session = service.open_session([Arrived(one.name, [one.data], one.origin)], context.business_date)
    file = session.files.get()
    if file.state == ImportedFile.State.REFUSED:
        service.discard(session)
    elif file.state == ImportedFile.State.READY and file.recipe is None:
        file.state = ImportedFile.State.HELD
        file.reason = _("The columns are not known yet: look at the preview and confirm it once.")
        file.save()
    elif file.state == ImportedFile.State.READY:
        try:
            service.preview(session)
        except SupabaseError:
            service.discard(session)
            file.delete()  # it is taken again the next time
            raise
        file.refresh_from_db()
    return session, file
