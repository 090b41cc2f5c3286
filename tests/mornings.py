"""Mornings of the sample hotel: what tests of whole runs share."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from matching.models import MatchSuggestion
from matching.models.choices import State
from pipeline.models import JobRun, Trigger
from pipeline.runs import lifecycle
from pipeline.worker.execution import execute
from tests.conftest import HOTEL_TABLES

# The run itself, and the record of each collection, are new rows on purpose.
OF_THE_RUN = ("pipeline_", "snapshots_snapshot", "django_")


def run(job: str, day: date, **options: Any) -> JobRun:
    """Opens and executes a run in the foreground: the path that schedule, button and command share."""
    opened = lifecycle.open_run(job, business_date=day, trigger=Trigger.COMMAND, **options)
    return execute(opened.pk)


def hotel_content(hotel: psycopg.Connection) -> dict[str, list[str]]:
    """Every row of every table of the hotel, `updated_at` included."""
    found = {}
    for table in HOTEL_TABLES:
        query = sql.SQL("select to_jsonb(t)::text from {} t order by 1").format(sql.Identifier(table))
        rows = hotel.execute(query)
        found[table] = [row[0] for row in rows]
    return found


def own_content() -> dict[str, list[str]]:
    """Every row of our own tables but those of the run."""
    names = [n for n in connection.introspection.table_names() if not n.startswith(OF_THE_RUN)]
    found = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(sql.SQL("select to_jsonb(t)::text from {} t order by 1").format(sql.Identifier(name)))
            found[name] = [row[0] for row in cursor.fetchall()]
    return found


@dataclass
class Score:
    """First suggestions of at least `threshold`, against the truth."""

    right: int = 0
    wrong: int = 0
    silent: int = 0
    by_style: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.wrong + self.silent)

    def line(self) -> str:
        total = self.right + self.wrong + self.silent
        return f"{total} orders: precision {self.precision:.3f}, recall {self.recall:.3f} at the default threshold"

    def count(self, style: str, verdict: str) -> None:
        setattr(self, verdict, getattr(self, verdict) + 1)
        self.by_style.setdefault(style, Counter())[verdict] += 1


def score(truth: list[dict[str, Any]], threshold: float = 0.5) -> Score:
    """A right answer is one of `aceitaveis`; "no guest" is right exactly where there is none."""
    first = {s.order_id: s for s in MatchSuggestion.objects.filter(state=State.PENDING, rank=1)}
    found = Score()
    for entry in truth:
        found.count(entry["estilo"], _verdict(entry, first.get(entry["os_id"]), threshold))
    return found


def _verdict(entry: Mapping[str, Any], suggestion: MatchSuggestion | None, threshold: float) -> str:
    if suggestion is None or suggestion.probability < threshold:
        return "silent"
    right = suggestion.stay_id in entry["aceitaveis"] if entry["aceitaveis"] else suggestion.stay_id is None
    return "right" if right else "wrong"
