"""Guards: whether a collected export is plausible. Pure functions from facts and thresholds to reasons.

A reason is data (a code and its figures); `sentence` renders it in the active language. Guards that compare with the
history report nothing while there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from snapshots.canonical import moment_of

MIN_HISTORY = 3
# The standard floors, made for large hotels, must not be most of a small one: there they count no more than a share of
# the rows. Calibrated on thirty days of hotels from 20 to 2,000 rows (tests/snapshots/test_calibration.py): on a clean
# day at most 49 % of the rows change, 2 % and 2 rows vanish, 13 % get another name, and no listing doubles.
_FLOOR_SHARE_REMOVED = 0.10
_FLOOR_SHARE_CHANGED = 0.70
_FLOOR_SHARE_MOJIBAKE = 0.05
# Of fewer rows nothing can be said.
_FEW, _FEW_CHANGED = 3, 10
_RENAMED_SHARE, _RENAMED_FLOOR = 0.30, 5
_ADDED_FLOOR = 30
_RESHAPED_SHARE = 0.5
# A field that is filled in fewer rows may be empty for once.
_FILLED_ROWS, _NEARLY_FULL, _FEWEST_JUDGED = 10, 0.9, 5
# Of the rows that change, those that return to an earlier version.
_REVERTED_SHARE, _REVERTED_FLOOR = 0.5, 5
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
    # Changed rows whose label has no word in common with the one before.
    renamed: int = 0
    # By column: changed rows whose value has another form (see `form_of`), and how many current rows fill it.
    reshaped: Mapping[str, int] = field(default_factory=dict)
    filled_before: Mapping[str, int] = field(default_factory=dict)
    # Changed rows that return to an earlier version.
    reverted: int = 0
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
        found += [*_likeness(facts, limits, facts.head_rows)]
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
    seen, before = moment_of(facts.freshness), moment_of(facts.head_freshness)
    if seen is None or before is None or before > _end_of(facts.head_date):
        return
    if facts.business_date > facts.head_date and seen <= before:
        yield Reason("stale", {"freshness": facts.freshness})
    if facts.business_date == facts.head_date and seen < before:
        yield Reason("rewound", {"freshness": facts.freshness, "head": facts.head_freshness})


def _end_of(day: date) -> datetime:
    """The latest moment that is still this date anywhere. Nothing can have been seen after it: a row that claims so,
    which an earlier release may have believed, proves no later listing stale."""
    return datetime.combine(day + timedelta(days=1), time(12), UTC)


def _columns(facts: Facts, limits: Thresholds) -> Iterator[Reason]:
    if facts.lost_columns and facts.received:
        yield Reason("lost_column", {"columns": list(facts.lost_columns)})
    past_days = [past for past in facts.history if past.rows]
    if facts.received < _FEWEST_JUDGED or not past_days:
        return
    for column, now in sorted(facts.filled.items()):
        usual = median(past.filled.get(column, 0) / past.rows for past in past_days)
        enough = usual * facts.received >= _FILLED_ROWS or usual >= _NEARLY_FULL
        lost = now / facts.received < usual * limits.fill_share
        if usual >= 0.2 and enough and lost and column not in facts.lost_columns:
            share = round(100 * now / facts.received)
            yield Reason("null_column", {"column": column, "usual": round(usual * 100), "now": share})


def _encoding(facts: Facts, limits: Thresholds) -> Iterator[Reason]:
    floor = _floor(limits, "mojibake_floor", max(2, _FLOOR_SHARE_MOJIBAKE * facts.received))
    limit = max(floor, limits.mojibake_share * facts.received, facts.mojibake_before * 2)
    if facts.mojibake > limit:
        yield Reason("mojibake", {"rows": facts.mojibake})


def _floor(limits: Thresholds, name: str, most: float) -> float:
    """A floor that staff have edited counts as it is."""
    value: float = getattr(limits, name)
    return min(value, most) if value == getattr(Thresholds, name) else value


def _turnover(facts: Facts, limits: Thresholds, head: int) -> Iterator[Reason]:
    # After days without a snapshot, the changes of all of them arrive at once.
    days = max(1, (facts.business_date - facts.head_date).days) if facts.head_date else 1
    floor = _floor(limits, "removed_floor", max(_FEW, _FLOOR_SHARE_REMOVED * head))
    removed_limit = int(max(floor, limits.removed_share * head) * days)
    if facts.unexplained > removed_limit:
        params = {"unexplained": facts.unexplained, "removed": facts.removed, "limit": removed_limit}
        yield Reason("removed", params)
    floor = _floor(limits, "changed_floor", max(_FEW_CHANGED, _FLOOR_SHARE_CHANGED * head))
    changed_limit = int(max(floor, limits.changed_share * head) * days)
    if facts.changed > changed_limit:
        yield Reason("changed", {"changed": facts.changed, "limit": changed_limit})


def _likeness(facts: Facts, limits: Thresholds, head: int) -> Iterator[Reason]:
    """Whether it can be a later state of the same listing: the same people, the same forms, not an earlier state."""
    days = max(1, (facts.business_date - facts.head_date).days) if facts.head_date else 1
    common = head - facts.removed
    renamed_limit = int(max(_RENAMED_FLOOR, _RENAMED_SHARE * common) * days)
    if facts.renamed > renamed_limit and limits.changed_share < 1:
        yield Reason("other_people", {"rows": facts.renamed, "limit": renamed_limit})
    for column, rows in sorted(facts.reshaped.items()):
        if rows > max(_FEW, _RESHAPED_SHARE * min(common, facts.filled_before.get(column, 0))):
            yield Reason("reshaped_column", {"column": column, "rows": rows})
    # Of a source whose number of rows proves nothing, its growth proves nothing either.
    added_limit = int(max(_ADDED_FLOOR, head) * days)
    if limits.median_share and len(facts.history) >= MIN_HISTORY and facts.added > added_limit:
        yield Reason("added", {"added": facts.added, "limit": added_limit})
    if facts.business_date == facts.head_date and limits.changed_share < 1:
        returned = facts.reverted
        if returned > max(_REVERTED_FLOOR, _REVERTED_SHARE * (facts.changed + facts.added + facts.removed)):
            yield Reason("reverted", {"rows": returned, "changed": facts.changed})


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
    "rewound": gettext_noop(
        "It is older than the listing in force (%(head)s): nothing in it was seen after %(freshness)s."
    ),
    "reverted": gettext_noop(
        "%(rows)s of its %(changed)s changes take a row back to what it was before: it seems to be an earlier export."
    ),
    "other_people": gettext_noop("%(rows)s rows name another person (limit %(limit)s): it seems to be another list."),
    "reshaped_column": gettext_noop(
        "The field %(column)s came in another format in %(rows)s rows, such as 203.0 for 203 or N for no."
    ),
    "added": gettext_noop("%(added)s rows are new at once (limit %(limit)s): two lists seem to be mixed."),
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
