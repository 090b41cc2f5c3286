"""Reads what hotels really export (guest lists, order lists) into flat lines, with evidence for every guess.

Pure: bytes in, lines out. No Django, no network, no database, nothing written.

* `read(data, name=..., kind=..., date=..., answers=...)` returns a `Reading`: flat lines (the contracts in `schemas/`),
  ignored lines with their reason, and evidence.
* `RefusedFile`: the file cannot be read; `str(error)` is one Portuguese sentence.
* `Undecided`: the file does not decide something; `error.question` holds the name, the options and the sentence.
"""

from pipeline.intake.contract import MOST_QUESTIONS, Limits, Question, RefusedFile, Undecided
from pipeline.intake.reader import Reading, read
from pipeline.intake.survey import ColumnSeen, Survey

__all__ = [
    "MOST_QUESTIONS",
    "ColumnSeen",
    "Limits",
    "Question",
    "Reading",
    "RefusedFile",
    "Survey",
    "Undecided",
    "read",
]
