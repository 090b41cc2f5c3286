"""What both jobs do with a file that may be written: hand it to the hotel, then have the new rows matched."""

import asyncio
from typing import Any, Final

from asgiref.sync import sync_to_async

from pipeline import queue, runs
from pipeline.imports.delivery import Delivered, deliver
from pipeline.imports.service import NotPossible, expired_sentence
from pipeline.models import ImportedFile, ImportSession, JobRun, Trigger
from pipeline.run_page import MAIN_JOB
from pipeline.runs import RunContext

_WAIT_SECONDS: Final = 2.0


async def write_file(context: RunContext, session: ImportSession, file: ImportedFile) -> Delivered:
    """Stores what the function reported. Raises SupabaseError, or NotPossible where the lines have expired."""
    await context.check_fence()
    try:
        result = await deliver(context.supabase, file, session.business_date, simulate=context.dry_run)
    except FileNotFoundError as error:
        raise NotPossible(expired_sentence()) from error
    file.result = result.as_json()
    if result.refusal:
        file.state, file.reason = ImportedFile.State.REFUSED, result.refusal[:600]
    elif not context.dry_run:
        file.state, file.reason = ImportedFile.State.IMPORTED if result.writes else ImportedFile.State.SAME, ""
    await file.asave()
    return result


def figures(result: Delivered) -> dict[str, Any]:
    """For the summary of a run."""
    counts = result.as_json()
    return {name: counts[name] for name in ("received", "added", "changed", "same", "missing", "departed")} | {
        "refused": len(result.refused)
    }


async def start_pipeline(context: RunContext, sessions: list[ImportSession]) -> None:
    """Queues the daily pipeline for the new rows, once a running one is over, and notes it in the sessions."""
    run = await sync_to_async(JobRun.objects.select_related("user").get)(pk=context.run_id)
    while True:
        try:
            started = await sync_to_async(_start)(sessions[0], run)
            break
        except runs.AlreadyRunning:
            context.log.info("waiting for the running daily pipeline")
            await asyncio.sleep(_WAIT_SECONDS)
            await context.advance(0)
    for session in sessions:
        session.follow_up = started
        await session.asave(update_fields=["follow_up"])


def _start(session: ImportSession, run: JobRun) -> JobRun:
    trigger = Trigger.SCHEDULE if run.user is None else Trigger.ADMIN
    return queue.start(MAIN_JOB, business_date=session.business_date, trigger=trigger, user=run.user)
