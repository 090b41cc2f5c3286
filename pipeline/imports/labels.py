"""Fields, kinds, scopes and skipped lines in the words of the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from pipeline.imports import spool
from pipeline.imports.reader import NOTES
from pipeline.models import ImportedFile
from sistema_os.masking import without_documents

Labelled = tuple[tuple[str, str | Promise], ...]
_PERSON: Final[Labelled] = (
    ("phone", gettext_lazy("phone")),
    ("email", gettext_lazy("e-mail")),
    ("country", gettext_lazy("country")),
    ("note", gettext_lazy("remark")),
)
# What a column of the file may become, by kind; the names are those of the intake.
FIELDS: Final[dict[str, Labelled]] = {
    "stays": (
        ("room", pgettext_lazy("field of a file", "room")),
        ("name", gettext_lazy("name")),
        ("first_name", gettext_lazy("first name")),
        ("last_name", pgettext_lazy("field of a file", "last name")),
        ("companions", gettext_lazy("companions")),
        ("booking", gettext_lazy("reservation")),
        ("arrival", gettext_lazy("arrival")),
        ("departure", gettext_lazy("departure")),
        ("arrived", gettext_lazy("real arrival")),
        ("left", gettext_lazy("real departure")),
        ("nights", gettext_lazy("nights")),
        ("status", pgettext_lazy("field of a file", "status")),
        ("pax", gettext_lazy("adults and children")),
        ("adults", gettext_lazy("adults")),
        ("children", gettext_lazy("children")),
        ("main", gettext_lazy("main guest")),
        ("company", gettext_lazy("company")),
        ("agency", gettext_lazy("agency")),
        ("group", gettext_lazy("group")),
        ("channel", gettext_lazy("channel")),
        ("age", gettext_lazy("age")),
        ("birth", gettext_lazy("date of birth")),
        *_PERSON,
        ("person_id", gettext_lazy("number of the person")),
        ("line_id", gettext_lazy("number of the line")),
    ),
    "orders": (
        ("number", gettext_lazy("number of the order")),
        ("opened", gettext_lazy("opened")),
        ("opened_time", gettext_lazy("time of opening")),
        ("title", gettext_lazy("title of the order")),
        ("text", gettext_lazy("text of the order")),
        ("room", pgettext_lazy("field of a file", "room")),
        ("guest", gettext_lazy("guest named")),
        ("requester", gettext_lazy("who asked")),
        ("phone", gettext_lazy("phone")),
        ("sector", gettext_lazy("department")),
        ("status", pgettext_lazy("field of a file", "status")),
        ("closed", pgettext_lazy("field of a file", "closed")),
    ),
}
_SCOPES: Final = {
    "house": gettext_lazy("whole house"),
    "arrivals": gettext_lazy("arrivals only"),
    "departures": gettext_lazy("departures only"),
    "group": gettext_lazy("one group only"),
}
_MOST_RANGES: Final = 6
_MOST_SHOWN: Final = 12


def scope_words(scope: str) -> str:
    return str(_SCOPES.get(scope, ""))


def kind_words(file: ImportedFile) -> str:
    """ "Guest list, whole house"."""
    if file.kind == "orders":
        return _("Service orders")
    if file.kind != "stays":
        return _("unknown file")
    scope = scope_words(file.scope)
    return f"{_('Guest list')}, {scope}" if scope else _("Guest list")


@dataclass(frozen=True)
class ShownLine:
    """A line of the file; `skipped` is the reason why it is no guest or order, "" for one that was read."""

    number: int
    text: str
    skipped: str


def shown_lines(lines: Iterable[Sequence[Any]], skipped: Iterable[Sequence[Any]]) -> list[ShownLine]:
    reasons = {int(row): str(reason) for row, reason in skipped}
    return [
        ShownLine(int(number), without_documents(str(text))[:160] or "—", reasons.get(int(number), ""))
        for number, text in list(lines)[:_MOST_SHOWN]
    ]


@dataclass(frozen=True)
class SkippedReason:
    count: int
    reason: str
    where: str


def skipped_reasons(file: ImportedFile) -> list[SkippedReason]:
    """The skipped lines of a file by reason, the most frequent first."""
    rows: dict[str, list[int]] = {}
    for row, reason in spool.notes(file.session_id, file.sha256, NOTES).get("skipped", ()):
        rows.setdefault(reason, []).append(int(row))
    found = [SkippedReason(len(numbers), reason, _ranges(sorted(numbers))) for reason, numbers in rows.items()]
    return sorted(found, key=lambda one: -one.count)


def _ranges(numbers: list[int]) -> str:
    """ "2–4, 16–18, 30"."""
    runs = []
    for _key, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _index, number in group]
        runs.append(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}")
    return ", ".join(runs[:_MOST_RANGES]) + (" …" if len(runs) > _MOST_RANGES else "")
