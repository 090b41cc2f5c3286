"""The life of an import: opened with files, answered, previewed, confirmed, run, or discarded."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import AuditAction, record_audit
from pipeline import queue, runs
from pipeline.business_date import current_business_date
from pipeline.hotel.stays import SOURCE
from pipeline.imports import delivery, reader, recipes, spool
from pipeline.imports.checks import Check, of_listing
from pipeline.imports.comparison import Comparison, compare
from pipeline.imports.delivery import Delivered
from pipeline.models import ImportedFile, ImportSession, JobRun, Trigger
from sistema_os.supabase import SupabaseClient
from snapshots import history, snapshot_manager

JOB: Final = "importar_arquivos"
UPLOAD_KEPT: Final = timedelta(minutes=30)
# A received file waits for the morning shift to answer.
RECEIVED_KEPT: Final = timedelta(hours=36)
MOST_FILES: Final = 2


class NotPossible(Exception):
    """The step is refused; the message is a sentence for people. Nothing was changed."""


@dataclass(frozen=True)
class Arrived:
    """A file that was sent: its name, its bytes in chunks, and the way it came. Of one that was too large there are no
    bytes."""

    name: str
    chunks: Iterable[bytes]
    origin: str = ImportedFile.Origin.UPLOAD
    too_large: bool = False


def open_session(
    files: Iterable[Arrived], day: date, user: User | None = None, *, fixed: bool = False
) -> ImportSession:
    """Stores and reads the files; each of them is then ready, asking or refused. A date that a file states itself goes
    before `day`, unless that is `fixed`."""
    forget_expired()
    kept = UPLOAD_KEPT if user else RECEIVED_KEPT
    session = ImportSession.objects.create(user=user, business_date=day, expires_at=timezone.now() + kept)
    for arrived in files:
        add_file(session, arrived)
    if not fixed:
        _take_own_date(session)
    return session


def _take_own_date(session: ImportSession) -> None:
    """The files are read again with the date, for it decides ambiguous dates and ages."""
    files = usable(session)
    own = next((file.business_date for file in files if file.business_date), None)
    if own is not None and own != session.business_date and own <= current_business_date():
        session.business_date = own
        session.save(update_fields=["business_date"])
        for file in files:
            file.session = session
            reader.read(file)


def add_file(session: ImportSession, arrived: Arrived) -> ImportedFile:
    file = ImportedFile(session=session, origin=arrived.origin, name=arrived.name[-200:], size=0)
    file.state = ImportedFile.State.REFUSED
    try:
        if arrived.too_large:
            raise spool.FileTooLarge
        stored = spool.store(session.pk, arrived.chunks)
    except spool.FileTooLarge:
        file.size, file.reason = settings.IMPORT_MAX_BYTES, too_large()
        file.save()
        return file
    file.size, file.sha256 = stored.size, stored.sha256
    reader.read(file)
    _refuse_second_of_a_kind(file)
    if file.state == ImportedFile.State.REFUSED:
        spool.forget(session.pk, file.sha256)
    return file


def megabytes() -> int:
    """The limit of a file."""
    return int(settings.IMPORT_MAX_BYTES) // 1_000_000


def too_large() -> str:
    return _(
        "The file is larger than %(limit)d MB. Export only the guests in the house today, or this month's orders."
    ) % {"limit": megabytes()}


def take_over(session: ImportSession, before: ImportSession) -> None:
    """Moves the good files of an earlier, still open session into this one."""
    if before.state == ImportSession.State.OPEN and before.pk != session.pk:
        for file in usable(before):
            data = spool.content(before.pk, file.sha256)
            if data is not None:
                add_file(session, Arrived(file.name, [data], file.origin))
        discard(before)


def _refuse_second_of_a_kind(file: ImportedFile) -> None:
    others = file.session.files.exclude(pk=file.pk).filter(kind=file.kind).exclude(state=ImportedFile.State.REFUSED)
    if file.kind and file.state != ImportedFile.State.REFUSED and others.exists():
        words = _("guest lists") if file.kind == "stays" else _("lists of service orders")
        file.state = ImportedFile.State.REFUSED
        file.reason = _("Both files are %(kind)s. One import takes one guest list and one list of orders.") % {
            "kind": words
        }
        file.save()


def usable(session: ImportSession) -> list[ImportedFile]:
    """The files that are not refused, the guest list first."""
    files = session.files.exclude(state__in=(ImportedFile.State.REFUSED, ImportedFile.State.DISCARDED))
    return sorted(files, key=lambda file: file.kind != "stays")


def answer(file: ImportedFile, name: str, option: str) -> None:
    """Answers a question, or takes an answer back with an empty option, and reads the file again."""
    answers = {**file.answers, name: option}
    read_again(file, {name: option for name, option in answers.items() if option}, dict(file.columns))


def read_again(file: ImportedFile, answers: dict[str, str], columns: dict[str, str]) -> None:
    """Reads the file with other answers and columns. Raises NotPossible where they do not serve; then the file is as
    it was before."""
    _require_open(file.session)
    before = (file.answers, file.columns)
    file.answers, file.columns = answers, columns
    reader.read(file)
    if file.state == ImportedFile.State.REFUSED:
        # The file was readable before: keep it, and report why this answer does not serve.
        why = file.reason
        file.answers, file.columns = before
        reader.read(file)
        raise NotPossible(why)


@dataclass
class Preview:
    """What confirming would do."""

    stays: ImportedFile | None = None
    orders: ImportedFile | None = None
    results: dict[str, Delivered] = field(default_factory=dict)
    compared: Comparison = field(default_factory=Comparison)
    checks: list[Check] = field(default_factory=list)
    date_in_force: date | None = None

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    @property
    def files(self) -> list[ImportedFile]:
        return [file for file in (self.stays, self.orders) if file]


def preview(session: ImportSession) -> Preview:
    """Simulates the import at the hotel and compares with the listing in force. Raises SupabaseError, or NotPossible
    while a question is open or the files have expired."""
    files = usable(session)
    if not files or any(file.state == ImportedFile.State.ASKING for file in files):
        raise NotPossible(_("A question is still open."))
    found = Preview()
    latest = history.latest(SOURCE)
    found.date_in_force = latest.business_date if latest else None
    try:
        found.results = async_to_sync(_simulate)(session, files)
        for file in files:
            if file.kind == "orders":
                found.orders = file
                continue
            found.stays = file
            in_force = snapshot_manager.current(SOURCE)
            lines = spool.lines(session.pk, file.sha256)
            found.compared = compare(file, lines, in_force, session.business_date)
            result = found.results[file.kind]
            found.checks = of_listing(file, session.business_date, found.date_in_force, found.compared, result)
    except FileNotFoundError as error:
        raise NotPossible(expired_sentence()) from error
    _note_held(found)
    return found


def _note_held(found: Preview) -> None:
    failed = found.failed
    for file in found.files:
        held = bool(failed) and file is found.stays
        file.state = ImportedFile.State.HELD if held else ImportedFile.State.READY
        file.reason = failed[0].sentence[:600] if held else ""
        file.save(update_fields=["state", "reason"])


async def _simulate(session: ImportSession, files: list[ImportedFile]) -> dict[str, Delivered]:
    async with SupabaseClient(**settings.SUPABASE) as supabase:
        return {
            file.kind: await delivery.deliver(supabase, file, session.business_date, simulate=True) for file in files
        }


def confirm(session: ImportSession, user: User | None, *, override: str = "", trigger: str = Trigger.ADMIN) -> JobRun:
    """Opens the run that imports, and queues it unless a command executes it itself. Raises NotPossible, AlreadyRunning
    or InvalidRun; then nothing was changed."""
    files = usable(session)
    if not files or any(file.state == ImportedFile.State.ASKING for file in files):
        raise NotPossible(_("A question is still open."))
    if any(file.state == ImportedFile.State.HELD for file in files) and not override:
        raise NotPossible(_("The list is held: somebody with the permission has to give a reason."))
    with transaction.atomic():
        opened = ImportSession.objects.filter(pk=session.pk, state=ImportSession.State.OPEN)
        if not opened.filter(expires_at__gt=timezone.now()).exists():
            raise NotPossible(expired_sentence())
        started = runs.open_run if trigger == Trigger.COMMAND else queue.start
        run = started(JOB, business_date=session.business_date, trigger=trigger, user=user)
        changed = opened.update(state=ImportSession.State.CONFIRMED, run=run, override_reason=override[:400])
        if changed != 1:
            raise NotPossible(_("This import was confirmed already."))
        if user is not None:
            _audit(user, session, files, bool(override))
    session.refresh_from_db()
    return run


def _audit(user: User, session: ImportSession, files: list[ImportedFile], forced: bool) -> None:
    """Numbers and codes only: the audit survives the erasure of a guest, and a file's name may contain one."""
    for file in files:
        record_audit(
            user,
            AuditAction.IMPORT,
            session=str(session.pk),
            kind=file.kind,
            scope=file.scope,
            lines=file.lines,
            sha256=file.sha256,
            forced=forced,
        )


def expired_sentence() -> str:
    return _("The files were kept for 30 minutes and are gone. Send them again.")


def discard(session: ImportSession) -> None:
    if ImportSession.objects.filter(pk=session.pk, state=ImportSession.State.OPEN).update(
        state=ImportSession.State.DISCARDED
    ):
        waiting = Q(state__in=("asking", "ready", "held"))
        session.files.filter(waiting).update(state=ImportedFile.State.DISCARDED)
        _forget_refused(session)
        spool.remove(session.pk)


def _forget_refused(session: ImportSession) -> None:
    """What a person sent by mistake leaves no name behind, which may be a guest's."""
    refused = session.files.filter(state=ImportedFile.State.REFUSED, origin=ImportedFile.Origin.UPLOAD)
    refused.update(name="")


def forget_expired() -> None:
    """Discards what nobody confirmed in time, and removes its files."""
    for session in ImportSession.objects.filter(state=ImportSession.State.OPEN, expires_at__lt=Now()):
        discard(session)
    spool.remove_orphans()


def finished(session: ImportSession, *, succeeded: bool) -> None:
    """After the run: recipes are kept, the files are removed."""
    done = ImportSession.State.DONE if succeeded else ImportSession.State.FAILED
    for file in session.files.filter(state__in=(ImportedFile.State.IMPORTED, ImportedFile.State.SAME)):
        notes = spool.notes(session.pk, file.sha256, reader.NOTES)
        survey = notes.get("survey") or {"columns": []}
        file.recipe = recipes.remember(file, [column["header"] for column in survey["columns"]])
        file.save(update_fields=["recipe"])
    ImportSession.objects.filter(pk=session.pk).update(state=done)
    _forget_refused(session)
    if succeeded:
        spool.remove(session.pk)


def _require_open(session: ImportSession) -> None:
    if session.state != ImportSession.State.OPEN or session.expires_at < timezone.now():
        raise NotPossible(expired_sentence())


def retry(session: ImportSession, user: User | None) -> JobRun:
    """Starts a failed import again with the files that were not written. Raises NotPossible, AlreadyRunning or
    InvalidRun."""
    with transaction.atomic():
        failed = ImportSession.objects.filter(pk=session.pk, state=ImportSession.State.FAILED)
        if not failed.filter(expires_at__gt=timezone.now()).exists():
            raise NotPossible(expired_sentence())
        run = queue.start(JOB, business_date=session.business_date, trigger=Trigger.ADMIN, user=user)
        failed.update(state=ImportSession.State.CONFIRMED, run=run)
    return run
