"""The audit as lines to read: every decision, and what is noted down beside them. Newest first, a page at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.models import AuditAction, AuditEntry, Decision, Order
from matching.models.choices import State, Verb
from matching.presentation.labels import short_name
from matching.presentation.links import alert_url, card_url, order_url


@dataclass(frozen=True)
class AuditQuery:
    """Lines of `until` and before, of one person, one order's number or one batch; at most `most` of a source."""

    until: datetime
    most: int
    since: datetime | None = None
    user: int | None = None
    order: str = ""
    batch: UUID | None = None

    def of(self, rows: QuerySet[Any], moment: str) -> Any:
        """The rows of that person in that time, newest first."""
        rows = rows.filter(**{f"{moment}__lte": self.until})
        if self.since is not None:
            rows = rows.filter(**{f"{moment}__gte": self.since})
        return rows.order_by(f"-{moment}", "-pk")


@dataclass(frozen=True)
class AuditLine:
    """`before` and `after` are states in words; `text` says more, `url` opens what it is about."""

    at: datetime
    who: str
    what: str | Promise
    subject: str
    url: str
    before: str | Promise
    after: str | Promise
    text: str


# All that a line tells: fifty rows of every kind are read for the fifty newest of all.
_PERSON: Final = ("user__first_name", "user__username")
_OF_DECISION: Final = (
    *("at", "verb", "reason", "undo_of__verb", "suggestion__order__number", *_PERSON),
    *(f"suggestion__stay__{name}" for name in ("listed_name", "registered_name", "social_name", "hidden")),
)
_OF_DEED: Final = (
    *("at", "deed", "batch", "params", "order__number", *_PERSON),
    *("alert__kind", "alert__note", "alert__order__number"),
)


def decision_lines(asked: AuditQuery) -> list[AuditLine]:
    """Those of a batch stand behind its one line, and one by one where the batch is asked for."""
    rows = asked.of(Decision.objects.all(), "at")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    if asked.order:
        orders = list(Order.objects.filter(number=asked.order).values_list("pk", flat=True))
        rows = rows.filter(suggestion__order__in=orders)
    if asked.batch is not None:
        rows = rows.filter(batch=asked.batch)
    elif not asked.order:
        rows = rows.exclude(Exists(AuditEntry.objects.filter(batch=OuterRef("batch"))))
    told = rows.select_related("user", "undo_of", "suggestion__order", "suggestion__stay").only(*_OF_DECISION)
    return [_decision_line(decision) for decision in told[: asked.most]]


_AFTER: Final = {Verb.ACCEPT: State.ACCEPTED, Verb.NO_GUEST: State.ACCEPTED, Verb.REJECT: State.REJECTED}


def _decision_line(decision: Decision) -> AuditLine:
    verb = Verb(decision.verb)
    if verb == Verb.UNDO and decision.undo_of is not None:
        before, after = _AFTER[Verb(decision.undo_of.verb)], State.PENDING
    else:
        before, after = State.PENDING, _AFTER[verb]
    return AuditLine(
        decision.at,
        short_name(decision.user),
        verb.label,
        str(decision.suggestion),
        card_url(decision.suggestion_id),
        before.label,
        after.label,
        decision.reason_words,
    )


def entry_lines(asked: AuditQuery, wanted: Iterable[AuditAction] = AuditAction) -> list[AuditLine]:
    rows = asked.of(AuditEntry.objects.filter(deed__in=list(wanted)), "at")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    if asked.order:
        rows = rows.filter(order__in=list(Order.objects.filter(number=asked.order).values_list("pk", flat=True)))
    if asked.batch is not None:
        rows = rows.filter(batch=asked.batch)
    told = rows.select_related("user", "order", "alert__order").only(*_OF_DEED)
    return [_entry_line(entry) for entry in told[: asked.most]]


def _entry_line(entry: AuditEntry) -> AuditLine:
    subject, url, before, after, text = _TOLD[AuditAction(entry.deed)](entry)
    return AuditLine(entry.at, short_name(entry.user), entry.get_deed_display(), subject, url, before, after, text)


Parts = tuple[str, str, str, str, str]


def _bulk(entry: AuditEntry) -> Parts:
    done = int(entry.params.get("decided", 0))
    left = int(entry.params.get("left_out", 0))
    accepted = entry.params.get("verb") == Verb.ACCEPT
    text = ngettext("%(count)d left out", "%(count)d left out", left) % {"count": left} if left else ""
    if entry.params.get("threshold"):
        lowest = _("from %(value)s on") % {"value": number_format(entry.params["threshold"], 2)}
        text = ", ".join(filter(None, [lowest, text]))
    after = State.ACCEPTED if accepted else State.REJECTED
    return _suggestions(done), f"?batch={entry.batch}", str(State.PENDING.label), str(after.label), text


def _bulk_undo(entry: AuditEntry) -> Parts:
    return _suggestions(int(entry.params.get("count", 0))), f"?batch={entry.batch}", "", str(State.PENDING.label), ""


def _suggestions(count: int) -> str:
    return ngettext("%(count)d suggestion", "%(count)d suggestions", count) % {"count": count}


def _export(entry: AuditEntry) -> Parts:
    count = int(entry.params.get("count", 0))
    return "CSV", "", "", ngettext("%(count)d row", "%(count)d rows", count) % {"count": count}, ""


def _flag(entry: AuditEntry) -> Parts:
    number, url = (f"OS {entry.order.number}", order_url(entry.order)) if entry.order else ("—", "")
    words = (_("not marked"), _("marked"))
    before, after = words if entry.deed == AuditAction.FLAG else reversed(words)
    return number, url, before, after, ""


def _settle(entry: AuditEntry) -> Parts:
    """The note stays with the alert, where a guest's name in it can be forgotten."""
    alert = entry.alert
    if alert is None:
        return "—", "", _("open"), _("settled"), ""
    subject = str(alert.get_kind_display()) + (f", OS {alert.order.number}" if alert.order else "")
    return subject, alert_url(alert.pk), _("open"), _("settled"), alert.note


_TOLD: Final[dict[AuditAction, Callable[[AuditEntry], Parts]]] = {
    AuditAction.BULK: _bulk,
    AuditAction.BULK_UNDO: _bulk_undo,
    AuditAction.EXPORT: _export,
    AuditAction.FLAG: _flag,
    AuditAction.UNFLAG: _flag,
    AuditAction.SETTLE: _settle,
}
