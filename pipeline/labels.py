"""The wording of runs on pages and at the command line, and the formats of their numbers and durations."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy, pgettext_lazy

from pipeline.models import Drain, JobRun, State

CHIPS = {
    State.QUEUED: "chip-wait",
    State.RUNNING: "chip-run",
    State.CANCELLING: "chip-run",
    State.SUCCEEDED: "chip-ok",
    State.PARTIAL: "chip-warn",
    State.FAILED: "chip-bad",
    State.TIMED_OUT: "chip-bad",
    State.CANCELLED: "chip-off",
    State.LOST: "chip-bad",
}

COUNTED = {
    State.SUCCEEDED: ngettext_lazy("%d succeeded", "%d succeeded"),
    State.PARTIAL: ngettext_lazy("%d partial", "%d partial"),
    State.FAILED: ngettext_lazy("%d failed", "%d failed"),
    State.TIMED_OUT: ngettext_lazy("%d timed out", "%d timed out"),
    State.CANCELLED: ngettext_lazy("%d cancelled", "%d cancelled"),
    State.LOST: ngettext_lazy("%d lost", "%d lost"),
}

BARS = {"chip-ok": "bar-ok", "chip-warn": "bar-warn", "chip-bad": "bar-bad", "chip-run": "bar-run"}

PHASES = {
    "listing": _("reading the guest list"),
    "orders": _("reading the service orders"),
    "changes": _("acting on what changed"),
    "matching": _("matching orders with guests"),
    "mirror": _("publishing suggestions"),
    "writebacks": _("writing accepted links back"),
    "house": _("photographing the house"),
    "collect": _("collecting"),
    "store": _("storing"),
    "sweep": _("ending lost runs"),
    "purge": _("clearing old records"),
    "listings": _("forgetting old listings"),
    "guests": _("forgetting guests who left long ago"),
    "write": _("writing the lines of the files"),
    "follow_up": _("starting the collection for the new lines"),
    "look": _("looking for new files"),
    "import": _("importing the files that were received"),
}

# The keys of the jobs' summaries.
SUMMARY = {
    "listing": _("Guest list"),
    "orders": _("Service orders"),
    "rows": pgettext_lazy("summary", "rows"),
    "new": pgettext_lazy("summary", "new"),
    "gone": pgettext_lazy("summary", "gone"),
    "changed": pgettext_lazy("summary", "changed"),
    "orders_matched": _("Orders matched"),
    "suggestions": _("Suggestions"),
    "created": pgettext_lazy("summary", "created"),
    "rescored": pgettext_lazy("summary", "re-scored"),
    "superseded": pgettext_lazy("summary", "superseded"),
    "unchanged": pgettext_lazy("summary", "unchanged"),
    "withheld": pgettext_lazy("summary", "refused before"),
    "queue": _("Waiting for review"),
    "strong": pgettext_lazy("summary", "strong"),
    "doubt": pgettext_lazy("summary", "doubtful"),
    "weak": pgettext_lazy("summary", "weak"),
    "unanswered": _("Orders without a candidate"),
    "expired": _("Suggestions expired"),
    "alerts": _("Alerts"),
    "skipped_rows": _("Rows that could not be matched"),
    "undated_orders": _("Orders without a readable opening date"),
    "unreadable_bookings": _("Reservations without readable dates"),
    "model": _("Matching model"),
    "room_directory": _("Room directory"),
    "mirrored": _("Suggestions published"),
    "written_back": _("Links written back"),
    "done": pgettext_lazy("summary", "done"),
    "conflicts": pgettext_lazy("summary", "conflicts"),
    "open": pgettext_lazy("summary", "open"),
    "without_room": _("Without a room"),
    "arrived": _("Arrived"),
    "left": _("Left"),
    "moved": _("Changed rooms"),
    "written": _("Rows written"),
    "removed": _("Rows removed"),
    "stayed": _("Stayed"),
    "tonight": _("Tonight"),
    "next_7_days": _("Next 7 days"),
    "next_30_days": _("Next 30 days"),
    "sold": _("rooms sold"),
    "occupancy": _("occupancy"),
    "average_rate": _("average rate"),
    "dry_run": _("Dry run"),
    "lost": _("Lost runs"),
    "purged": _("Old records cleared"),
    "versions": _("Old versions forgotten"),
    "held": _("Held listings forgotten"),
    "guests": _("Guests forgotten"),
    "texts": _("Typed texts of old orders blanked"),
    "reads": _("Old reads and sign-ins deleted"),
}

# The status of a source's snapshot.
SOURCE_STATES = {
    "published": _("in force"),
    "same": _("nothing changed"),
    "held": _("held for a person to decide"),
    "failed": _("not readable"),
    "rejected": _("rejected"),
    "dry_run": _("dry run, not stored"),
}


def cancel_sentence(user: User | None, why: str = "") -> str:
    if why:
        return why
    if user is None:
        return _t("Cancelled at the command line.")
    return _t("Cancelled by %(user)s.") % {"user": user.get_short_name() or user.get_username()}


def drain_sentence(drain: Drain) -> str:
    """Why nothing starts, and until when."""
    times = {
        "since": f"{timezone.localtime(drain.began_at):%H:%M}",
        "until": f"{timezone.localtime(drain.until):%H:%M}",
    }
    return _t(
        "The system is being updated since %(since)s (%(by)s): nothing starts until that is over, at %(until)s at the"
        " latest."
    ) % {**times, "by": drain.by}


def lifted_sentence(resumed: int) -> str:
    if not resumed:
        return _t("Jobs start again; nothing had been stopped or put off.")
    return ngettext(
        "Jobs start again; %(count)d run goes on or is caught up.",
        "Jobs start again; %(count)d runs go on or are caught up.",
        resumed,
    ) % {"count": resumed}


def phase_title(phase: str) -> str:
    """The title of a phase; the name where it has none."""
    return str(PHASES.get(phase, phase.replace("_", " ")))


def summary_rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and value of each entry; a group of entries is one line. Timings are shown elsewhere."""
    for name, value in _ordered(summary):
        if name != "seconds":
            yield _capitalised(label(name)), _group(value) if isinstance(value, dict) else _value(value, name)


def _group(entries: dict[str, Any]) -> str:
    state = SOURCE_STATES.get(entries.get("state", ""), "")
    counts = [f"{_value(value, name)} {label(name)}" for name, value in _ordered(entries) if name != "state"]
    return ", ".join([*counts, *([str(state)] if state else [])])


def _ordered(entries: dict[str, Any]) -> list[tuple[str, Any]]:
    """In the order of SUMMARY: the database does not keep the order of a document's keys."""
    places = {name: place for place, name in enumerate(SUMMARY)}
    return sorted(entries.items(), key=lambda entry: places.get(entry[0], len(places)))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def label(name: str) -> str:
    return str(SUMMARY.get(name, name.replace("_", " ")))


def _value(value: Any, name: str = "") -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _t("yes") if value else _t("no")
    if name == "occupancy":
        return f"{number_format(100 * value, 1)}%"
    if name == "average_rate":
        return f"R$ {number_format(value, 2, force_grouping=True)}"
    if isinstance(value, int | float):
        return number_format(value, use_l10n=True, force_grouping=True)
    return str(value)


def elapsed(run: JobRun) -> timedelta | None:
    """The duration of the run, up to now while it is live; None if it never started."""
    return (run.finished_at or timezone.now()) - run.started_at if run.started_at else None


def chip(run: JobRun) -> SafeString:
    return format_html('<span class="chip {}">{}</span>', CHIPS[State(run.state)], run.get_state_display())


def progress(run: JobRun) -> SafeString:
    """The count of the current phase and its bar."""
    if not run.total:
        return format_html('<span class="num">{}</span>', number_format(run.done, use_l10n=True) if run.done else "—")
    bar = BARS.get(CHIPS[State(run.state)], "bar-off")
    return format_html(
        '<span class="num">{}/{}</span> <progress class="bar {}" max="{}" value="{}" aria-hidden="true"></progress>',
        run.done,
        run.total,
        bar,
        max(run.total, 1),
        min(run.done, max(run.total, 1)),
    )


def outcome(run: JobRun) -> str:
    """One line: the current phase, the reason of the end, or the results."""
    if run.live:
        return _capitalised(phase_title(run.phase))
    if run.reason:
        return run.reason
    return headline(run.summary)


def headline(summary: dict[str, Any]) -> str:
    """ "622 rows, 24 orders matched, 38 new suggestions": the results of a run that succeeded."""
    listing, made = summary.get("listing") or {}, summary.get("suggestions") or {}
    rows = listing.get("rows", summary.get("rows"))
    counted = [
        (rows, ngettext("%(n)s row", "%(n)s rows", _plural_of(rows))),
        (
            orders := summary.get("orders_matched"),
            ngettext("%(n)s order matched", "%(n)s orders matched", _plural_of(orders)),
        ),
        (new := made.get("created"), ngettext("%(n)s new suggestion", "%(n)s new suggestions", _plural_of(new))),
    ]
    return ", ".join(words % {"n": _value(count)} for count, words in counted if count is not None)


def reading(summary: dict[str, Any]) -> str:
    """ "1,830 guests and 412 orders read. 41 new suggestions.", of what a morning's summary holds."""
    read = [
        ngettext("%(n)s guest", "%(n)s guests", _plural_of(n)) % {"n": _value(n)}
        for n in [(summary.get("listing") or {}).get("rows")]
        if n is not None
    ] + [
        ngettext("%(n)s order", "%(n)s orders", _plural_of(n)) % {"n": _value(n)}
        for n in [(summary.get("orders") or {}).get("rows")]
        if n is not None
    ]
    words = [_t("Read: %(what)s.") % {"what": ", ".join(read)}] if read else []
    new = (summary.get("suggestions") or {}).get("created")
    if new is not None:
        words.append(ngettext("%(n)s new suggestion.", "%(n)s new suggestions.", _plural_of(new)) % {"n": _value(new)})
    return " ".join(words) or headline(summary)


def _plural_of(count: int | None) -> int:
    """For ngettext: 0 takes the plural, although the Portuguese rule counts it as one."""
    return 1 if count == 1 else 2


def count(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def rate(per_second: float) -> str:
    """ "62 per second", or per minute where that is less than one."""
    if per_second >= 1:
        return _t("%(n)s per second") % {"n": _rounded(per_second)}
    return _t("%(n)s per minute") % {"n": _rounded(60 * per_second)}


def _rounded(number: float) -> str:
    """Two significant digits; number_format alone truncates."""
    places = 0 if number >= 9.95 else 1
    return number_format(round(number, places), places)


def day_word(moment: datetime) -> str:
    """ "today", "tomorrow", "yesterday", or the date."""
    day, today = timezone.localdate(moment), timezone.localdate()
    words = {0: _t("today"), 1: _t("tomorrow"), -1: _t("yesterday")}
    return words.get((day - today).days) or date_format(day, _t("m/d"))


def day_and_time(moment: datetime) -> str:
    """ "05:52" of today, "tomorrow, 05:50" of any other day."""
    time = f"{timezone.localtime(moment):%H:%M}"
    return time if timezone.localdate(moment) == timezone.localdate() else f"{day_word(moment)}, {time}"


def day_words(day: date) -> str:
    """01/12/2026: the hotel's order in every language of the screen."""
    return f"{day:%d/%m/%Y}"


def duration(time: timedelta | None) -> str:
    """ "0.4 s", "12 s", "10 min 01 s", "1 h 06 min"; "—" for none."""
    if time is None:
        return "—"
    if timedelta(0) <= time < timedelta(seconds=9.95):
        return f"{number_format(time.total_seconds(), 1)} s"
    seconds = max(0, round(time.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
