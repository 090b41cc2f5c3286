"""Retention: erases old listings, held rows, names of guests who left long ago, typed texts, reads and sessions."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from matching import erasure
from matching.suggestions import retry_on_deadlock
from pipeline.business_date import database_time
from pipeline.data_subjects.trigger_switch import data_protection
from pipeline.models import AccessEntry, ShiftNote, SignIn
from pipeline.runs import Outcome, RunContext, job
from snapshots.models import Source
from snapshots.retention import purge

Result = TypeVar("Result")
CHUNK = 500


@job(
    "retencao_dados",
    title=_("Forget what is past its time"),
    idempotent=True,
    phases=("listings", "guests"),
    supabase=False,
    housekeeping=True,
    by_date="deletes",
)
async def run(context: RunContext) -> Outcome:
    await context.phase("listings")
    versions, held = await sync_to_async(_listings)(context)
    departed_before = context.business_date - timedelta(days=settings.GUEST_KEEP_DAYS)
    guests = await sync_to_async(erasure.long_gone)(departed_before)
    await context.phase("guests", len(guests))
    for start in range(0, len(guests), CHUNK):
        chunk = guests[start : start + CHUNK]
        await sync_to_async(_fenced)(context, partial(erasure.forget, chunk, dry_run=context.dry_run))
        await context.advance(start + len(chunk), str(chunk[-1]))
    blank = partial(erasure.blank_closed_orders, departed_before, dry_run=context.dry_run)
    orders = await sync_to_async(_fenced)(context, blank)
    if not context.dry_run:
        # Notes of a shift may name a guest.
        await sync_to_async(_fenced)(context, ShiftNote.objects.filter(day__lt=departed_before).delete)
    typed_before = context.business_date - timedelta(days=settings.ORDER_KEEP_DAYS)
    blank_texts = partial(erasure.blank_old_texts, typed_before, dry_run=context.dry_run)
    texts = await sync_to_async(_fenced)(context, blank_texts)
    reads = await sync_to_async(_fenced)(context, partial(_forget_reads, dry_run=context.dry_run))
    counts = {"versions": versions, "held": held, "guests": len(guests), "orders": orders, "texts": texts}
    return Outcome("succeeded", counts | {"reads": reads})


def _forget_reads(*, dry_run: bool) -> int:
    """Deletes reads of personal data and sign-ins that are past their time, and sessions that have expired."""
    limit = database_time() - timedelta(days=settings.ACCESS_KEEP_DAYS)
    old = [AccessEntry.objects.filter(at__lt=limit), SignIn.objects.filter(at__lt=limit)]
    if dry_run:
        return sum(rows.count() for rows in old)
    with data_protection():
        deleted = sum(rows.delete()[0] for rows in old)
    Session.objects.filter(expire_date__lt=Now()).delete()
    return deleted


def _listings(context: RunContext) -> tuple[int, int]:
    until = context.business_date - timedelta(days=settings.SNAPSHOT_KEEP_DAYS)
    work = [partial(purge, source, until, dry_run=context.dry_run) for source in Source.objects.order_by("pk")]
    done = [_fenced(context, one) for one in work]
    return sum(d.changes for d in done), sum(d.held for d in done)


def _fenced(context: RunContext, work: Callable[[], Result]) -> Result:
    def once() -> Result:
        with transaction.atomic():
            context.fence()
            return work()

    return retry_on_deadlock(once)
