"""Writes the confirmed files of an import through the hotel's functions, then starts the daily pipeline for them."""

from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline.imports import service
from pipeline.imports.writer import figures, start_pipeline, write_file
from pipeline.models import ImportedFile, ImportSession, JobRun, Trigger
from pipeline.runs import ExpectedFailure, Outcome, RunContext, job


@job("importar_arquivos", title=gettext_lazy("Import of files"), idempotent=True, phases=("write", "follow_up"))
async def run(context: RunContext) -> Outcome:
    session, trigger = await sync_to_async(_session_of)(context.run_id)
    try:
        summary, reasons = await _write(context, session)
    except Exception:
        await sync_to_async(service.finished)(session, succeeded=False)
        raise
    if summary and not context.dry_run:
        await context.phase("follow_up")
        if trigger != Trigger.COMMAND:  # a command executes the pipeline itself
            await start_pipeline(context, [session])
    await sync_to_async(service.finished)(session, succeeded=not reasons)
    return Outcome("partial" if reasons else "succeeded", summary, " ".join(reasons))


def _session_of(run_id: int) -> tuple[ImportSession, str]:
    """The import of this run, or of the run that it resumes; and how this run was started."""
    first = run = JobRun.objects.get(pk=run_id)
    while True:
        if session := ImportSession.objects.filter(run=run).first():
            return session, first.trigger
        if run.resume_of is None:
            raise ExpectedFailure(_("There is nothing to import: files are sent on the page Import."))
        run = run.resume_of


async def _write(context: RunContext, session: ImportSession) -> tuple[dict[str, Any], list[str]]:
    """Figures by kind of file, and sentences of files that the hotel's functions refused."""
    files = await sync_to_async(service.usable)(session)
    await context.phase("write", sum(file.lines for file in files))
    summary: dict[str, Any] = {}
    reasons: list[str] = []
    done = 0
    for file in files:
        if file.state not in (ImportedFile.State.IMPORTED, ImportedFile.State.SAME):
            try:
                result = await write_file(context, session, file)
            except service.NotPossible as error:
                raise ExpectedFailure(str(error)) from error
            if result.refusal:
                reasons.append(result.refusal)
            else:
                summary[file.kind] = figures(result)
        done += file.lines
        await context.advance(done)
    if reasons and not summary:
        raise ExpectedFailure(" ".join(reasons))
    return summary, reasons
