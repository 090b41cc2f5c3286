"""Guards: whether a collected export is plausible. Pure functions from facts and thresholds to reasons.

A reason is data (a code and its figures); `sentence` renders it in the active language. Guards that compare with the
history report nothing while there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from statistics import median
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

MIN_HISTORY = 3
# Traces of a wrong decoding ("Ã" or "Â" before a character from U+0080 to U+00BF, "â€", the replacement character) as
# UTF-8, since rows are checked as bytes. None of them occurs in Portuguese.
MOJIBAKE = (b"\xc3\x83\xc2", b"\xc3\x82\xc2", b"\xc3\xa2\xe2\x82\xac", b"\xef\xbf\xbd")


@dataclass(frozen=True)
class Thresholds:
    """Limits of one source, editable. Shares are of the current rows, from 0 to 1."""

    min_rows: int = 1
    removed_floor: int = 20
    removed_share: float = 0.05
    changed_floor: int = 200
    changed_share: float = 0.30
    median_share: float = 0.75
    median_days: int = 7
    fill_share: float = 0.25
    mojibake_floor: int = 3
    mojibake_share: float = 0.01
    page: int = 1000
    # By how many rows the announced count may change while the source is read, for tables that are being edited.
    count_drift: int = 0


@dataclass(frozen=True)
class Past:
    """One snapshot in force of the last days."""

    business_date: date
    rows: int
    filled: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What was observed while the export was read and compared. Counts are numbers of rows."""

    business_date: date
    received: int
    declared: int | None = None
    declared_after: int | None = None
    null_keys: int = 0
    duplicate_keys: int = 0
    lost_columns: tuple[str, ...] = ()
    filled: Mapping[str, int] = field(default_factory=dict)
    mojibake: int = 0
    mojibake_before: int = 0
    freshness: str = ""
    # The current snapshot; None before the first publication.
    head_rows: int | None = None
    head_date: date | None = None
    head_freshness: str = ""
    added: int = 0
    removed: int = 0
    unexplained: int = 0
    changed: int = 0
    history: Sequence[Past] = ()


@dataclass(frozen=True)
class Reason:
    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "params": self.params}


def has_mojibake(text: bytes) -> bool:
    return not text.isascii() and any(trace in text for trace in MOJIBAKE)


def integrity(facts: Facts, limits: Thresholds) -> list[Reason]:
    """Guards that apply even if the rows are unchanged."""
    return [*_counts(facts, limits), *_keys(facts), *_dates(facts)]


def shape(facts: Facts, limits: Thresholds) -> list[Reason]:
    """Guards that compare with the current rows and the history; they apply only to exports that change something."""
    found = [*_columns(facts, limits), *_encoding(facts, limits)]
    if facts.head_rows is not None:
        found += [*_turnover(facts, limits, facts.head_rows), *_page(facts, limits, facts.head_rows)]
    return [*found, *_median(facts, limits)]


def _counts(facts: Facts, limits: Thresholds) -> Iterator[Reason]:
    if facts.declared is not None:
        after = facts.declared if facts.declared_after is None else facts.declared_after
        low, high = sorted((facts.declared, after))
        if high - low > limits.count_drift:
            yield Reason("count_moved", {"before": facts.declared, "after": after})
        if not low <= facts.received <= high:
            yield Reason("count_mismatch", {"declared": facts.declared, "received": facts.received})
    if facts.received < limits.min_rows:
        yield Reason("empty" if facts.received == 0 else "few_rows", {"received": facts.received})


def _keys(facts: Facts) -> Iterator[Reason]:
    if facts.null_keys:
        yield Reason("null_key", {"rows": facts.null_keys})
    if facts.duplicate_keys:
        yield Reason("duplicate_key", {"rows": facts.duplicate_keys})


def _dates(facts: Facts) -> Iterator[Reason]:
    if facts.head_date is None:
        return
    if facts.business_date < facts.head_date:
        yield Reason("older_date", {"date": facts.business_date.isoformat(), "head": facts.head_date.isoformat()})
    later = facts.business_date > facts.head_date
    if later and facts.freshness and facts.head_freshness and facts.freshness <= facts.head_freshness:
        yield Reason("stale", {"freshness": facts.freshness})


def _columns(facts: Facts, limits: Thresholds) -> Iterator[Reason]:
    if facts.lost_columns and facts.received:
        yield Reason("lost_column", {"columns": list(facts.lost_columns)})
    if facts.received < max(limits.removed_floor, 1) or not facts.history:
        return
    for column, now in sorted(facts.filled.items()):
        usual = median(past.filled.get(column, 0) / past.rows for past in facts.history if past.rows)
        if usual >= 0.2 and now / facts.received < usual * limits.fill_share and column not in facts.lost_columns:
            share = round(100 * now / facts.received)
            yield Reason("null_column", {"column": column, "usual": round(usual * 100), "now": share})


def _encoding(facts: Facts, limits: Thresholds) -> Iterator[Reason]:
    limit = max(limits.mojibake_floor, limits.mojibake_share * facts.received, facts.mojibake_before * 2)
    if facts.mojibake > limit:
        yield Reason("mojibake", {"rows": facts.mojibake})


def _turnover(facts: Facts, limits: Thresholds, head: int) -> Iterator[Reason]:
    # After days without a snapshot, the changes of all of them arrive at once.
    days = max(1, (facts.business_date - facts.head_date).days) if facts.head_date else 1
    removed_limit = int(max(limits.removed_floor, limits.removed_share * head) * days)
    if facts.unexplained > removed_limit:
        params = {"unexplained": facts.unexplained, "removed": facts.removed, "limit": removed_limit}
        yield Reason("removed", params)
    changed_limit = int(max(limits.changed_floor, limits.changed_share * head) * days)
    if facts.changed > changed_limit:
        yield Reason("changed", {"changed": facts.changed, "limit": changed_limit})


def _page(facts: Facts, limits: Thresholds, head: int) -> Iterator[Reason]:
    cut = facts.received and limits.page and facts.received % limits.page == 0
    if cut and (facts.declared is None or facts.received < head):
        yield Reason("whole_pages", {"received": facts.received, "page": limits.page})


def _median(facts: Facts, limits: Thresholds) -> Iterator[Reason]:
    if len(facts.history) < MIN_HISTORY:
        return
    usual = median(past.rows for past in facts.history)
    if facts.received < limits.median_share * usual:
        yield Reason("below_median", {"received": facts.received, "percent": round(100 * facts.received / usual)})


_SENTENCES = {
    "count_mismatch": gettext_noop("The source announced %(declared)s rows and sent %(received)s."),
    "count_moved": gettext_noop("The source changed while it was read: %(before)s rows before, %(after)s after."),
    "empty": gettext_noop("The export came empty."),
    "few_rows": gettext_noop("The export came with only %(received)s rows."),
    "older_date": gettext_noop("It is of %(date)s, older than the listing in force (%(head)s)."),
    "stale": gettext_noop("It is yesterday's export again: nothing in it was seen after %(freshness)s."),
    "lost_column": gettext_noop("Missing from the export: %(columns)s."),
    "null_column": gettext_noop(
        "The field %(column)s came filled in %(now)s %% of the rows; it is usually in %(usual)s %%."
    ),
    "removed": gettext_noop(
        "%(unexplained)s rows vanished without check-out, cancellation or no-show (limit %(limit)s)."
    ),
    "changed": gettext_noop("%(changed)s rows changed at once (limit %(limit)s)."),
    "whole_pages": gettext_noop("It has exactly %(received)s rows, whole pages of %(page)s: it seems cut off."),
    "below_median": gettext_noop("%(received)s rows, %(percent)s %% of the last days' median: it seems cut off."),
    "head_moved": gettext_noop("Another collection was published while this one was read."),
    "interrupted": gettext_noop("The collection stopped before its end."),
    "aborted": gettext_noop("The collection failed while reading: %(error)s."),
    "superseded": gettext_noop("A later collection was published."),
    "expired": gettext_noop("Nobody decided in time; its rows were deleted."),
    "new_column": gettext_noop("New fields in the export: %(columns)s."),
    "undeclared_column": gettext_noop("Fields that nobody asked for were left out: %(columns)s."),
    "narrowed": gettext_noop("From this listing on there is no %(columns)s."),
    "suppressed": gettext_noop("%(rows)s rows of erased people were left out."),
    "refreshed": gettext_noop("%(rows)s rows were only rewritten, with no change that counts."),
}


def sentence(reason: Mapping[str, Any]) -> str:
    """A stored reason (code and params) as a sentence in the active language."""
    code, params = str(reason["code"]), dict(reason.get("params", {}))
    rows = params.get("rows", 0)
    if code == "null_key":
        return ngettext("%(rows)s row came without its key.", "%(rows)s rows came without their key.", rows) % params
    if code == "duplicate_key":
        return ngettext("%(rows)s row came twice.", "%(rows)s rows came twice.", rows) % params
    if code == "mojibake":
        return ngettext("%(rows)s row has broken accents.", "%(rows)s rows have broken accents.", rows) % params
    shown = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in params.items()}
    return _(_SENTENCES.get(code, code)) % shown


def threshold_names() -> tuple[str, ...]:
    return tuple(item.name for item in fields(Thresholds))
