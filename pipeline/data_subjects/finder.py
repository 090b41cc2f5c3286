"""Every trace of one person in our own database, each certain or to be confirmed by somebody.

Traces are grouped by what a person can judge at once: a stay, an order with its suggestions and alerts, or one row of
another table. All texts are read and compared in Python, because the engine's comparison of words is not SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.utils import timezone
from django.utils.dateparse import parse_date

from matching.models import Alert, MatchSuggestion, Order, Stay
from matching.person_text import Evidence, PersonText
from matching.room_numbers import room_key
from pipeline.data_subjects.columns import TextTable, text_tables
from pipeline.data_subjects.listing_search import ListedRow, listed_rows, search_listing, trace_id
from pipeline.data_subjects.sought import Sought
from pipeline.hotel import orders as order_rows
from pipeline.hotel.stays import ARRIVAL, DEPARTURE, ROOM
from snapshots.erasure import stored_rows
from snapshots.models import Source

_FIRST: Final = (Order._meta.label_lower, MatchSuggestion._meta.label_lower)
_ONE_DAY: Final = timedelta(days=1)
# Takes a table, a primary key, the row's texts and what they have of the person.
Judge = Callable[[TextTable, Any, str, Evidence], None]


@dataclass
class Trace:
    """`id` is stable between two searches. `kind` is "stay", "order" or a model's label; `why` the code of the reason.
    `rows` are (model label, primary key) of what is redacted; `excerpt` is the text that names her, for a person;
    `names` is whether any text of the trace does: an order linked to her may not."""

    id: str
    kind: str
    key: str
    certain: bool
    why: str
    excerpt: str = ""
    rows: list[tuple[str, Any]] = field(default_factory=list)
    versions: int = 0
    names: bool = False


@dataclass
class Findings:
    """`sought` as extended by the certain rows; `searched`: models without a trace, too."""

    sought: Sought
    traces: list[Trace]
    searched: list[str]
    stays: list[ListedRow] = field(default_factory=list)

    @property
    def certain(self) -> list[Trace]:
        return [trace for trace in self.traces if trace.certain]

    @property
    def doubts(self) -> list[Trace]:
        return [trace for trace in self.traces if not trace.certain]

    @property
    def rows(self) -> list[int]:
        """Ids of the guest list that are certainly the person's."""
        return sorted(row.key for row in self.stays)

    @property
    def empty_tables(self) -> list[str]:
        named = {label for trace in self.traces for label, _key in trace.rows}
        return [label for label in self.searched if label not in named]


def find(sought: Sought, answers: Mapping[str, bool] | None = None) -> Findings:
    """`answers` by trace id: True makes a doubtful trace certain, False leaves it out."""
    return _Search(sought, answers or {}).run()


class _Search:
    def __init__(self, sought: Sought, answers: Mapping[str, bool]) -> None:
        self.answers = answers
        self.rows = search_listing(sought, answers, listed_rows())
        self.keys = {row.key for row in self.rows.certain}
        self.text: PersonText = self.rows.sought.text()
        self.traces: dict[str, Trace] = {}

    def run(self) -> Findings:
        for row in self.rows.certain:
            self._add(self._stay_trace(row, certain=True, why="same"))
        for row, why in self.rows.doubtful:
            self._add(self._stay_trace(row, certain=False, why=why))
        tables = text_tables()
        judges = self._judges()
        # Suggestions, alerts and the admin's history belong to the traces of their orders.
        for table in sorted(tables, key=lambda one: _FIRST.index(one.label) if one.label in _FIRST else len(_FIRST)):
            if table.model is not Stay:
                self._search_table(table, judges.get(table.label, self._judge_other))
        self._search_order_rows()
        ordered = sorted(self.traces.values(), key=lambda trace: (trace.kind != "stay", trace.kind != "order"))
        return Findings(self.rows.sought, ordered, [table.label for table in tables], list(self.rows.certain))

    def _stay_trace(self, row: ListedRow, *, certain: bool, why: str) -> Trace:
        newest = row.newest
        names = " / ".join(row.sought().names)
        excerpt = f"{names}, UH {newest.get(ROOM) or '—'}, {newest.get(ARRIVAL)} – {newest.get(DEPARTURE)}"
        trace = Trace(trace_id(row.key), "stay", str(row.key), certain, why, excerpt, versions=len(row.versions))
        trace.rows = [(Stay._meta.label_lower, row.key)] if "copy" in row.places else []
        return trace

    def _add(self, trace: Trace) -> None:
        answer = self.answers.get(trace.id)
        if answer is False and not (trace.kind == "stay" and trace.certain):
            return
        trace.certain = trace.certain or answer is True
        self.traces[trace.id] = trace

    # --- tables --------------------------------------------------------------------------------
    def _search_table(self, table: TextTable, judge: Judge) -> None:
        for key, *values in table.rows():
            text = as_text(values)
            judge(table, key, text, self.text.evidence(text))

    def _judges(self) -> dict[str, Judge]:
        orders = dict(Order.objects.filter(linked_stay__in=self.keys).values_list("pk", "linked_stay"))
        offered = MatchSuggestion.objects.filter(stay__in=self.keys).order_by()
        self.tied = set(orders) | set(offered.values_list("order_id", flat=True))
        self.suggestions = dict(MatchSuggestion.objects.order_by().values_list("pk", "order_id"))
        self.offered = set(offered.values_list("pk", flat=True))
        self.alerts = {pk: (order, stay) for pk, order, stay in Alert.objects.values_list("pk", "order_id", "stay_id")}
        self.places = {
            pk: (room_key(room), timezone.localdate(opened))
            for pk, room, opened in Order.objects.values_list("pk", "room_text", "opened_at")
        }
        of_suggestions = LogEntry.objects.filter(
            content_type__app_label="matching", object_id__in=map(str, self.offered)
        )
        self.history = dict(of_suggestions.order_by().values_list("pk", "object_id"))
        return {
            Order._meta.label_lower: self._judge_order,
            MatchSuggestion._meta.label_lower: self._judge_suggestion,
            Alert._meta.label_lower: self._judge_alert,
            LogEntry._meta.label_lower: self._judge_history,
        }

    def _judge_order(self, table: TextTable, key: int, text: str, evidence: Evidence) -> None:
        if key in self.tied:
            self._row_of(f"order:{key}", "order", key, True, "linked", text if evidence else "", table.label)
        elif evidence.strong:
            why = "contact" if evidence.contact or evidence.document else "name"
            self._row_of(f"order:{key}", "order", key, evidence.document, why, text, table.label)
        elif evidence.words and self._slept_there(key):
            self._row_of(f"order:{key}", "order", key, False, "room", text, table.label)

    def _judge_suggestion(self, table: TextTable, key: Any, _text: str, evidence: Evidence) -> None:
        order = self.suggestions.get(key)
        if key in self.offered or (evidence and f"order:{order}" in self.traces):
            self._row_of(f"order:{order}", "order", order, key in self.offered, "linked", "", table.label, key)
        elif evidence.strong:
            self._row_of(f"order:{order}", "order", order, False, "name", "", table.label, key)

    def _judge_alert(self, table: TextTable, key: Any, text: str, evidence: Evidence) -> None:
        order, stay = self.alerts.get(key, (None, None))
        if stay in self.keys or (order is not None and f"order:{order}" in self.traces and evidence):
            if order is None:
                self._row_of(f"{table.label}:{key}", table.label, key, True, "linked", text, table.label)
            else:
                self._row_of(f"order:{order}", "order", order, stay in self.keys, "linked", text, table.label, key)
        else:
            self._judge_other(table, key, text, evidence)

    def _judge_history(self, table: TextTable, key: Any, text: str, evidence: Evidence) -> None:
        suggestion = self.history.get(key)
        if suggestion is not None and evidence:
            order = self.suggestions[UUID(suggestion)]
            self._row_of(f"order:{order}", "order", order, True, "linked", "", table.label, key)
        else:
            self._judge_other(table, key, text, evidence)

    def _judge_other(self, table: TextTable, key: Any, text: str, evidence: Evidence) -> None:
        if evidence.strong:
            why = "contact" if evidence.contact or evidence.document else "name"
            self._row_of(f"{table.label}:{key}", table.label, key, evidence.document, why, text, table.label)

    def _row_of(
        self, trace_id: str, kind: str, key: Any, certain: bool, why: str, text: str, label: str, row: Any = None
    ) -> None:
        """Adds a row to its trace; the trace is certain as soon as one of its rows is."""
        if trace_id not in self.traces:
            self._add(Trace(trace_id, kind, str(key), certain, why, text[:300]))
        trace = self.traces.get(trace_id)
        if trace is not None:
            trace.certain = trace.certain or certain
            trace.excerpt = trace.excerpt or text[:300]
            trace.names = trace.names or bool(text)
            trace.rows += [(label, key if row is None else row)] if label else []

    def _slept_there(self, order: int) -> bool:
        """Whether the order is of a room of the person during the stay, or the day before or after."""
        room, opened = self.places[order]
        return bool(room) and any(
            room_key(str(version.get(ROOM) or "")) == room and _within(opened, version)
            for row in self.rows.certain
            for version in row.versions
        )

    def _search_order_rows(self) -> None:
        """The stored listings of orders: rows that our copies do not have, or no longer have with that text."""
        for source in Source.objects.filter(name=order_rows.SOURCE):
            for stored in stored_rows(source):
                trace = self.traces.get(f"order:{stored.key}")
                text = as_text(stored.row)
                evidence = self.text.evidence(text)
                if trace is None and evidence.strong:
                    self._row_of(f"order:{stored.key}", "order", stored.key, False, "name", text, "")
                    trace = self.traces.get(f"order:{stored.key}")
                if trace is not None and evidence:
                    trace.versions, trace.names = trace.versions + 1, True


def as_text(values: Iterable[Any]) -> str:
    """The texts of a row in one line, those inside lists and objects as well."""
    return " · ".join(_texts(values))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from (name, *_texts(item))
    elif isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, Iterable):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _within(day: date, version: Mapping[str, Any]) -> bool:
    arrival, departure = parse_date(str(version.get(ARRIVAL))), parse_date(str(version.get(DEPARTURE)))
    return arrival is not None and departure is not None and arrival - _ONE_DAY <= day <= departure + _ONE_DAY
