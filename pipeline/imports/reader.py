"""Reads a stored file with the answers given so far, and keeps lines and notes beside it until the import."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from pipeline import intake
from pipeline.imports import recipes, spool
from pipeline.imports.questions import SCOPE, SCOPE_OPTIONS, scope_question
from pipeline.intake.words.sentences import NO_LINES, WANTED
from pipeline.models import ImportedFile

NOTES = "notes"
_MOST_SKIPPED_KEPT = 2_000


def read(file: ImportedFile) -> dict[str, Any]:
    """Reads the file and stores its state: ready, asking, or refused with a sentence. A question may quote a guest's
    name, so it is only in the notes. Returns the notes for the pages:
    survey, evidence, question, skipped lines, and figures of the lines."""
    data = spool.content(file.session_id, file.sha256)
    if data is None:
        file.state, file.reason = ImportedFile.State.REFUSED, _("The file has expired: send it again.")
        file.save()
        return {}
    notes = _attempt(file, data)
    if not file.answers and not file.columns and (recipe := recipes.find(file.fingerprint)):
        file.recipe, file.answers, file.columns = recipe, recipe.answers, recipe.columns
        if recipe.scope and SCOPE not in file.answers:
            scope = next(option for option, scope in SCOPE_OPTIONS.items() if scope == recipe.scope)
            file.answers = {**file.answers, SCOPE: scope}
        if file.answers or file.columns:
            notes = _attempt(file, data)
    spool.write_notes(file.session_id, file.sha256, NOTES, notes)
    file.save()
    return notes


def _attempt(file: ImportedFile, data: bytes) -> dict[str, Any]:
    answers = {name: option for name, option in file.answers.items() if name != SCOPE}
    try:
        reading = intake.read(
            data,
            name=file.name,
            date=file.session.business_date,
            answers=answers,
            columns=file.columns,
            limits=intake.Limits(file_bytes=settings.IMPORT_MAX_BYTES),
        )
        figures = _keep_lines(file, reading)
    except intake.RefusedFile as error:
        file.state, file.reason = ImportedFile.State.REFUSED, str(error)
        return {}
    except intake.Undecided as error:
        _recognise(file, error.survey, error.scope)
        file.state, file.reason = ImportedFile.State.ASKING, ""
        return _notes(error.survey, error.evidence, question=error.question.as_json())
    _recognise(file, reading.survey, reading.scope)
    file.business_date, file.reason = reading.business_date, ""
    file.skipped = len(reading.ignored)
    question = None
    if file.kind == "stays" and not file.scope:
        question = scope_question()
    file.state = ImportedFile.State.ASKING if question else ImportedFile.State.READY
    skipped = [[row, reason] for row, reason in reading.ignored[:_MOST_SKIPPED_KEPT]]
    return _notes(reading.survey, reading.evidence, question=question) | figures | {"skipped": skipped}


def _keep_lines(file: ImportedFile, reading: intake.Reading) -> dict[str, Any]:
    """Writes the flat lines to the spool. Raises RefusedFile where there is none."""
    rooms: Counter[str] = Counter()

    def counted() -> Any:
        for line in reading.lines:
            if line.get("room"):
                rooms[line["room"]] += 1
            yield line

    file.lines = spool.write_lines(file.session_id, file.sha256, counted())
    if not file.lines:
        raise intake.RefusedFile(NO_LINES.format(wanted=WANTED[reading.kind]))
    return {"rooms": list(rooms)[:2_000]}


def _recognise(file: ImportedFile, survey: intake.Survey | None, scope: str | None) -> None:
    if survey is not None:
        file.kind, file.fingerprint = survey.kind, survey.fingerprint
    file.scope = SCOPE_OPTIONS.get(file.answers.get(SCOPE, ""), scope or "") if file.kind == "stays" else ""


def _notes(
    survey: intake.Survey | None, evidence: list[tuple[str, str]], question: dict[str, Any] | None
) -> dict[str, Any]:
    shown = survey and {
        "columns": [
            {"header": one.header, "field": one.field, "values": one.values, "empty": one.empty}
            for one in survey.columns
        ],
        "lines": survey.lines,
        "total_lines": survey.total_lines,
    }
    return {"survey": shown, "evidence": evidence, "question": question}
