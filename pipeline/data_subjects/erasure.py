"""The erasure of a person (LGPD) from all our tables in one transaction.

The person's rows of the guest list are deleted with their history, our copies of them are emptied, and every other
text that names the person loses name and contacts. Tombstones keep rows and orders from coming back with the next
reading. The hotel's own tables are not changed; the mirror of suggestions in them follows with the next run.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Model
from psycopg import sql

from matching import erasure as matching_erasure
from matching.models import MatchSuggestion
from matching.person_text import BLANK, PersonText
from matching.suggestions import retry_on_deadlock
from pipeline.data_subjects.columns import text_tables
from pipeline.data_subjects.finder import Findings, Trace, as_text, find
from pipeline.data_subjects.sought import Sought
from pipeline.data_subjects.trigger_switch import data_protection
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays
from pipeline.models import Erasure
from snapshots import erasure as snapshot_erasure
from snapshots.erasure import Erased
from snapshots.errors import ReasonMissing
from snapshots.models import Source

log = logging.getLogger(__name__)
# Rewritten after every erasure, beside the tables of the redacted rows.
_ALWAYS: Final = ("matching_stay", "matching_order", "matching_matchsuggestion", "matching_alert", "django_admin_log")
_SNAPSHOTS: Final = ("snapshots_headrow", "snapshots_change", "snapshots_heldrows", "snapshots_heldchange")
_WAIT: Final = "10s"


class UnknownGuest(LookupError):
    """Nothing of ours has a trace of that person."""


class OpenDoubts(Exception):
    """A person must first confirm or reject these traces."""

    def __init__(self, doubts: Collection[Trace]) -> None:
        super().__init__(f"{len(doubts)} open doubts")
        self.doubts = list(doubts)


@dataclass(frozen=True)
class ErasureReport:
    """What was erased, or would be in a dry run. `orders` are ids in the hotel's table; `redacted` counts rows of any
    table, `tables` are those that `clean_files` must rewrite; `doubts` were left as they are."""

    rows: tuple[int, ...]
    versions: int
    held: int
    suggestions: int
    orders: tuple[int, ...]
    redacted: int
    tables: tuple[str, ...]
    doubts: int = 0

    @property
    def counts(self) -> dict[str, int]:
        return {
            "rows": len(self.rows),
            "versions": self.versions,
            "held": self.held,
            "suggestions": self.suggestions,
            "orders": len(self.orders),
            "redacted": self.redacted,
        }


def erase(
    sought: Sought,
    answers: Mapping[str, bool],
    *,
    by: str,
    reason: str,
    dry_run: bool = False,
    leave_doubts: bool = False,
) -> ErasureReport:
    """Raises UnknownGuest, ReasonMissing, or OpenDoubts unless `leave_doubts`; then nothing was erased."""
    if not reason.strip():
        raise ReasonMissing
    erasing = _Erasing(sought, answers, by, reason)
    return retry_on_deadlock(partial(erasing.run, dry_run=dry_run, leave_doubts=leave_doubts))


class _Erasing:
    def __init__(self, sought: Sought, answers: Mapping[str, bool], by: str, reason: str) -> None:
        self.sought, self.answers, self.by, self.reason = sought, answers, by, reason

    def run(self, *, dry_run: bool, leave_doubts: bool) -> ErasureReport:
        with data_protection():
            found = find(self.sought, self.answers)
            if not found.traces:
                raise UnknownGuest
            if found.doubts and not leave_doubts:
                raise OpenDoubts(found.doubts)
            return self._erase(found, dry_run)

    def _erase(self, found: Findings, dry_run: bool) -> ErasureReport:
        text = found.sought.text()
        by, reason = text.redacted(self.by), text.redacted(self.reason)
        erase_rows = partial(_erase_rows, by=by, reason=reason, dry_run=dry_run)
        listed = erase_rows(stays.SOURCE, map(str, found.rows))
        forgotten = matching_erasure.forget(found.rows, dry_run=dry_run)
        named = {int(trace.key) for trace in found.certain if trace.kind == "order" and trace.names}
        orders = tuple(sorted(named | set(forgotten.orders)))
        ordered = erase_rows(order_rows.SOURCE, map(str, orders))
        rows = {row for trace in found.certain for row in trace.rows}
        redacted, tables = _redact(rows, text, dry_run)
        tables |= {Session._meta.db_table} if _end_sessions(text, dry_run) else set()
        report = ErasureReport(
            rows=tuple(found.rows),
            versions=sum(done.head + done.changes for done in (*listed, *ordered)),
            held=sum(done.held for done in (*listed, *ordered)),
            suggestions=forgotten.suggestions,
            orders=orders,
            redacted=redacted,
            tables=tuple(sorted({*_ALWAYS, *_SNAPSHOTS, *tables})),
            doubts=len(found.doubts),
        )
        if not dry_run:
            _record(found, report, by, reason)
        return report


def _erase_rows(source: str, keys: Iterable[str], *, by: str, reason: str, dry_run: bool) -> list[Erased]:
    known = Source.objects.filter(name=source).first()
    if known is None:
        return []
    return [snapshot_erasure.erase(known, key, by=by, reason=reason, dry_run=dry_run) for key in keys]


def _redact(rows: Iterable[tuple[str, Any]], text: PersonText, dry_run: bool) -> tuple[int, set[str]]:
    """Redacts every text column of the rows; returns the number of changed rows and their tables."""
    columns = {table.label: table.columns for table in text_tables()}
    changed, tables = 0, set()
    for label, key in rows:
        model = apps.get_model(label)
        row = model._base_manager.filter(pk=key).values(*columns[label]).first() or {}
        fresh = {
            name: text.redacted_value(value, model._meta.get_field(name).max_length)
            for name, value in row.items()
            if value
        }
        fresh = {name: value for name, value in fresh.items() if value != row[name]}
        if not fresh:
            continue
        changed += 1
        tables.add(model._meta.db_table)
        if model is MatchSuggestion:
            # The mirror in the hotel's database follows the version.
            fresh["version"] = F("version") + 1
        if not dry_run:
            _update(model, key, fresh)
    return changed, tables


def _update(model: type[Model], key: Any, fresh: dict[str, Any]) -> None:
    """Where two redacted rows of a unique column would be equal, the primary key tells them apart."""
    rows = model._base_manager.filter(pk=key)
    try:
        with transaction.atomic():
            rows.update(**fresh)
    except IntegrityError:
        rows.update(**{name: f"{key} {BLANK}" if isinstance(value, str) else value for name, value in fresh.items()})


def _end_sessions(text: PersonText, dry_run: bool) -> int:
    """Sessions are signed texts and cannot be redacted: those that name the person end, and the user signs in again."""
    named = [one.pk for one in Session.objects.iterator() if text.evidence(as_text(one.get_decoded())).strong]
    return len(named) if dry_run else Session.objects.filter(pk__in=named).delete()[0]


def _record(found: Findings, report: ErasureReport, by: str, reason: str) -> None:
    record = Erasure.objects.create(
        by=by[:150],
        reason=reason[:300],
        person=found.sought.fingerprint,
        rows=list(report.rows),
        traces=[trace.id for trace in found.certain],
        counts=report.counts,
    )
    log.info("erasure %s: %s", record.pk, report.counts)
    if settings.ERASURE_LIST:
        transaction.on_commit(partial(append_to_list, Path(settings.ERASURE_LIST), record))


def append_to_list(path: Path, record: Erasure) -> None:
    """One JSON line: what `repeat_erasures` needs after a restore of a backup that is older than the erasure."""
    line = {"person": record.person, "rows": record.rows, "traces": record.traces, "by": record.by}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**line, "at": record.at.isoformat(), "reason": record.reason}) + "\n")


@dataclass(frozen=True)
class Repeated:
    """Erasures that had to be made again, and those whose rows are erased already."""

    again: int
    unchanged: int
    doubts: int


def repeat_erasures(lines: Iterable[Mapping[str, Any]], progress: Callable[[ErasureReport], None]) -> Repeated:
    """Makes the listed erasures again in a restored database. Idempotent. A trace that nobody has confirmed, now or
    before, is left and counted."""
    again = unchanged = doubts = 0
    for line in lines:
        sought = Sought(rows=tuple(line["rows"]))
        answers = dict.fromkeys(line["traces"], True)
        if not _is_named(sought, answers):
            unchanged += 1
            continue
        done = erase(sought, answers, by=line["by"], reason=line["reason"], leave_doubts=True)
        progress(done)
        again, doubts = again + 1, doubts + done.doubts
    return Repeated(again, unchanged, doubts)


def _is_named(sought: Sought, answers: Mapping[str, bool]) -> bool:
    found = find(sought, answers)
    return bool(found.sought.names) or any(trace.names for trace in found.certain)


def clean_files(tables: Iterable[str]) -> list[str]:
    """Rewrites the tables with their indexes (VACUUM FULL) and their statistics, so that the database's files have the
    erased bytes no longer; returns the tables that were busy for too long. Each is locked while it is rewritten.

    Not reached: the write-ahead log, until it is recycled, replicas' and archived copies of it, dead rows of the
    catalogue of statistics until autovacuum, free blocks of the file system, and backups."""
    if connection.in_atomic_block:
        return list(tables)
    busy = []
    with connection.cursor() as cursor:
        cursor.execute(f"set lock_timeout = '{_WAIT}'")
        for table in tables:
            try:
                cursor.execute(sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(table)))
            except DatabaseError:
                busy.append(table)
        cursor.execute("set lock_timeout = default")
        cursor.execute("select pg_has_role(current_user, 'pg_checkpoint', 'usage')")
        if cursor.fetchone()[0]:
            # Until then the old files keep their contents under names that nothing refers to.
            cursor.execute("checkpoint")
    if busy:
        log.warning("not rewritten, busy: %s", ", ".join(busy))
    return busy
