"""Reads a stored file with the answers given so far, and keeps lines and notes beside it until the import."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from pipeline import intake
from pipeline.imports import recipes, spool
from pipeline.imports.questions import BEFORE_ALL, SCOPE, SCOPE_OPTIONS, as_notes, scope_question
from pipeline.intake.words.sentences import NO_LINES, WANTED
from pipeline.models import ImportedFile

NOTES = "notes"
_MOST_SKIPPED_KEPT = 2_000
_HINT_LINES = 2_000


def read(file: ImportedFile) -> dict[str, Any]:
    """Reads the file and stores its state: ready, asking, or refused with a sentence. A question may quote a guest's
    name, so it is only in the notes. Returns the notes for the pages:
    survey, evidence, questions, skipped lines, and figures of the lines."""
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
        reading = _read(file, data, answers)
        figures = _keep_lines(file, reading)
    except intake.RefusedFile as error:
        file.state, file.reason = ImportedFile.State.REFUSED, str(error)
        return {}
    except intake.Undecided as error:
        _recognise(file, error.survey, error.scope)
        file.state, file.reason = ImportedFile.State.ASKING, ""
        return _notes(error.survey, error.evidence, _all_questions(file, data, answers, error))
    _recognise(file, reading.survey, reading.scope)
    file.business_date, file.reason = reading.business_date, ""
    file.skipped = len(reading.ignored)
    questions = []
    if file.kind == "stays" and not file.scope:
        lines = islice(spool.lines(file.session_id, file.sha256), _HINT_LINES)
        questions = [scope_question(lines, file.session.business_date)]
    file.state = ImportedFile.State.ASKING if questions else ImportedFile.State.READY
    skipped = [[row, reason] for row, reason in reading.ignored[:_MOST_SKIPPED_KEPT]]
    return _notes(reading.survey, reading.evidence, questions) | figures | {"skipped": skipped, "hotel": reading.hotel}


def _read(file: ImportedFile, data: bytes, answers: Mapping[str, str]) -> intake.Reading:
    """A list that does not say what it covers has one question less to ask."""

    limits = intake.Limits(file_bytes=settings.IMPORT_MAX_BYTES)
    if file.origin == ImportedFile.Origin.UPLOAD:
        limits = replace(limits, rows=settings.IMPORT_MAX_ROWS)

    def attempt(questions: int) -> intake.Reading:
        return intake.read(
            data,
            name=file.name,
            date=file.session.business_date,
            answers=answers,
            columns=file.columns,
            limits=limits,
            questions=questions,
        )

    try:
        return attempt(intake.MOST_QUESTIONS)
    except intake.Undecided as error:
        if error.survey is None or error.survey.kind != "stays" or error.scope:
            raise
        return attempt(intake.MOST_QUESTIONS - 1)


def _all_questions(
    file: ImportedFile, data: bytes, answers: Mapping[str, str], first: intake.Undecided
) -> list[intake.Question]:
    """The first question and those that would follow, whatever its answer, so that they are asked on one page."""
    found, given = [first.question], dict(answers)
    reading = None
    while len(found) < intake.MOST_QUESTIONS and found[-1].name not in BEFORE_ALL:
        given[found[-1].name] = found[-1].suggested or found[-1].options[-1]
        try:
            reading = _read(file, data, given)
            break
        except intake.Undecided as error:
            found.append(error.question)
        except intake.RefusedFile:
            break
    if file.kind == "stays" and not file.scope and len(found) < intake.MOST_QUESTIONS:
        lines = islice(reading.lines, _HINT_LINES) if reading and "date_order" not in given else ()
        found.append(scope_question(lines, file.session.business_date))
    return found


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
    survey: intake.Survey | None, evidence: list[tuple[str, str]], questions: list[intake.Question]
) -> dict[str, Any]:
    shown = survey and {
        "columns": [
            {"header": one.header, "field": one.field, "values": one.values, "empty": one.empty}
            for one in survey.columns
        ],
        "lines": survey.lines,
        "total_lines": survey.total_lines,
    }
    return {"survey": shown, "evidence": evidence, "questions": [as_notes(question) for question in questions]}
