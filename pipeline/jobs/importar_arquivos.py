"""Writes the confirmed files of an import through the hotel's functions, then starts the daily pipeline for them."""

import asyncio
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline import queue, runs
from pipeline.dashboard import MAIN_JOB
from pipeline.imports import service
from pipeline.imports.delivery import Delivered, deliver
from pipeline.models import ImportedFile, ImportSession, JobRun, Trigger
from pipeline.runs import ExpectedFailure, Outcome, RunContext, job

_WAIT_SECONDS = 2.0


@job("importar_arquivos", title=gettext_lazy("Import of files"), idempotent=True, phases=("write", "follow_up"))
async def run(context: RunContext) -> Outcome:
    session = await sync_to_async(_session_of)(context.run_id)
    try:
        summary, reasons = await _write(context, session)
    except Exception:
        await sync_to_async(service.finished)(session, succeeded=False)
        raise
    if context.dry_run:
        return Outcome("succeeded", summary | {"dry_run": True})
    if summary and context.wants("follow_up"):
        await _follow_up(context, session)
    await sync_to_async(service.finished)(session, succeeded=not reasons)
    return Outcome("partial" if reasons else "succeeded", summary, " ".join(reasons))


def _session_of(run_id: int) -> ImportSession:
    """The import of this run, or of the run that it resumes."""
    run: JobRun | None = JobRun.objects.get(pk=run_id)
    while run is not None:
        if session := ImportSession.objects.filter(run=run).first():
            return session
        run = run.resume_of
    raise ExpectedFailure(_("There is nothing to import: files are sent on the page Import."))


async def _write(context: RunContext, session: ImportSession) -> tuple[dict[str, Any], list[str]]:
    """Figures by kind of file, and sentences of files that the hotel's functions refused."""
    files = await sync_to_async(service.usable)(session)
    await context.phase("write", sum(file.lines for file in files))
    summary: dict[str, Any] = {}
    reasons: list[str] = []
    done = 0
    for file in files:
        if file.state not in (ImportedFile.State.IMPORTED, ImportedFile.State.SAME):
            await context.check_fence()
            result = await _deliver(context, session, file)
            if result.refusal:
                reasons.append(result.refusal)
            else:
                summary[file.kind] = _figures(result)
        done += file.lines
        await context.advance(done)
    if reasons and not summary:
        raise ExpectedFailure(" ".join(reasons))
    return summary, reasons


async def _deliver(context: RunContext, session: ImportSession, file: ImportedFile) -> Delivered:
    try:
        result = await deliver(context.supabase, file, session.business_date, simulate=context.dry_run)
    except FileNotFoundError as error:
        raise ExpectedFailure(service.expired_sentence()) from error
    file.result = result.as_json()
    if result.refusal:
        file.state, file.reason = ImportedFile.State.REFUSED, result.refusal[:600]
    elif not context.dry_run:
        file.state, file.reason = ImportedFile.State.IMPORTED if result.writes else ImportedFile.State.SAME, ""
    await file.asave()
    return result


def _figures(result: Delivered) -> dict[str, Any]:
    figures = result.as_json()
    return {name: figures[name] for name in ("received", "added", "changed", "same", "missing", "departed")} | {
        "refused": len(result.refused)
    }


async def _follow_up(context: RunContext, session: ImportSession) -> None:
    """Queues the daily pipeline, once a running one is over. A command runs it itself."""
    await context.phase("follow_up")
    run = await sync_to_async(JobRun.objects.select_related("user").get)(pk=context.run_id)
    if run.trigger == Trigger.COMMAND:
        return
    while True:
        try:
            started = await sync_to_async(_start)(session, run)
        except runs.AlreadyRunning:
            context.log.info("waiting for the running daily pipeline")
            await asyncio.sleep(_WAIT_SECONDS)
            await context.advance(0)
        else:
            session.follow_up = started
            await session.asave(update_fields=["follow_up"])
            return


def _start(session: ImportSession, run: JobRun) -> JobRun:
    start: Callable[..., JobRun] = queue.start
    return start(MAIN_JOB, business_date=session.business_date, trigger=Trigger.ADMIN, user=run.user)
