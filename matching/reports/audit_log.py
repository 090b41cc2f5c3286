"""The audit as lines: decisions and audit entries, newest first, a page at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.models import AuditAction, AuditEntry, Decision, Order, RoomAlias
from matching.models.choices import State, Verb
from matching.presentation import alert_url, card_url, order_url, short_name


@dataclass(frozen=True)
class AuditQuery:
    """Which lines to read: up to `until`, of one person, one order number or one batch; `most` of each source."""

    until: datetime
    most: int
    since: datetime | None = None
    user: int | None = None
    order: str = ""
    batch: UUID | None = None

    def of(self, rows: QuerySet[Any], moment: str) -> Any:
        """The rows of that time, newest first; `moment` is their timestamp field."""
        rows = rows.filter(**{f"{moment}__lte": self.until})
        if self.since is not None:
            rows = rows.filter(**{f"{moment}__gte": self.since})
        return rows.order_by(f"-{moment}", "-pk")


@dataclass(frozen=True)
class AuditLine:
    """`before` and `after` are labels of states; `url` opens the subject."""

    at: datetime
    who: str
    what: str | Promise
    subject: str
    url: str
    before: str | Promise
    after: str | Promise
    text: str


# The columns that a line needs: fifty rows of every source are read for the fifty newest of all.
_PERSON: Final = ("user__first_name", "user__username")
_OF_DECISION: Final = (
    *("at", "verb", "reason", "undo_of__verb", "suggestion__order__number", *_PERSON),
    *(f"suggestion__stay__{name}" for name in ("listed_name", "registered_name", "social_name", "hidden")),
)
_OF_ENTRY: Final = (
    *("at", "deed", "batch", "params", "order__number", *_PERSON),
    *("alert__kind", "alert__note", "alert__order__number"),
)


def decision_lines(query: AuditQuery) -> list[AuditLine]:
    """The decisions of a batch are represented by its own line, unless the batch or an order is selected."""
    rows = query.of(Decision.objects.all(), "at")
    if query.user is not None:
        rows = rows.filter(user=query.user)
    if query.order:
        orders = list(Order.objects.filter(number=query.order).values_list("pk", flat=True))
        rows = rows.filter(suggestion__order__in=orders)
    if query.batch is not None:
        rows = rows.filter(batch=query.batch)
    elif not query.order:
        rows = rows.exclude(Exists(AuditEntry.objects.filter(batch=OuterRef("batch"))))
    rows = rows.select_related("user", "undo_of", "suggestion__order", "suggestion__stay").only(*_OF_DECISION)
    return [_decision_line(decision) for decision in rows[: query.most]]


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


def entry_lines(query: AuditQuery, wanted: Iterable[AuditAction] = AuditAction) -> list[AuditLine]:
    rows = query.of(AuditEntry.objects.filter(deed__in=list(wanted)), "at")
    if query.user is not None:
        rows = rows.filter(user=query.user)
    if query.order:
        rows = rows.filter(order__in=list(Order.objects.filter(number=query.order).values_list("pk", flat=True)))
    if query.batch is not None:
        rows = rows.filter(batch=query.batch)
    rows = rows.select_related("user", "order", "alert__order").only(*_OF_ENTRY)
    entries = list(rows[: query.most])
    spellings = _spellings(entries)
    for entry in entries:
        entry.params["spelling"] = spellings.get(entry.params.get("alias"), "")
    return [_entry_line(entry) for entry in entries]


def _spellings(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Alias -> spelling, read from the directory: an entry holds no typed text."""
    aliases = [entry.params["alias"] for entry in entries if "alias" in entry.params]
    return dict(RoomAlias.objects.filter(pk__in=aliases).values_list("pk", "spelling")) if aliases else {}


def _entry_line(entry: AuditEntry) -> AuditLine:
    subject, url, before, after, text = _PARTS[AuditAction(entry.deed)](entry)
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
    """The note is read from the alert, where the erasure of a guest reaches it."""
    alert = entry.alert
    if alert is None:
        return "—", "", _("open"), _("settled"), ""
    subject = str(alert.get_kind_display()) + (f", OS {alert.order.number}" if alert.order else "")
    return subject, alert_url(alert.pk), _("open"), _("settled"), alert.note


def _alias(entry: AuditEntry) -> Parts:
    orders = len(entry.params.get("orders", ()))
    text = ngettext("%(count)d order", "%(count)d orders", orders) % {"count": orders}
    return str(entry.params.get("room", "")).upper(), _room_url(entry), "", entry.params["spelling"], text


def _order_room(entry: AuditEntry) -> Parts:
    number, url = (f"OS {entry.order.number}", order_url(entry.order)) if entry.order else ("—", "")
    return number, url, "", str(entry.params.get("room", "")).upper(), ""


def _room(entry: AuditEntry) -> Parts:
    words = {"saved": _("saved"), "closed": _("closed"), "opened": _("opened again"), "deleted": _("deleted")}
    after = words.get(str(entry.params.get("what")), "")
    return str(entry.params.get("room", "")).upper(), _room_url(entry), "", after, ""


def _room_url(entry: AuditEntry) -> str:
    return f"{reverse('admin:room_directory')}?{urlencode({'q': entry.params.get('room', '')})}"


def _import(entry: AuditEntry) -> Parts:
    kind = _("guest list") if entry.params.get("kind") == "stays" else _("service orders")
    count = int(entry.params.get("lines", 0))
    text = _("although the list was held") if entry.params.get("forced") else ""
    return kind, "", "", ngettext("%(count)d row", "%(count)d rows", count) % {"count": count}, text


def _request(entry: AuditEntry) -> Parts:
    """Number and step alone: the audit names no data subject."""
    words = {
        "opened": _("opened"),
        "answered": _("doubts answered"),
        "copied": _("copy made"),
        "erased": _("data erased"),
        "closed": _("closed"),
    }
    key = entry.params.get("request")
    return f"nº {key}", reverse("admin:data_request", args=[key]), "", "", words.get(entry.params.get("step", ""), "")


_PARTS: Final[dict[AuditAction, Callable[[AuditEntry], Parts]]] = {
    AuditAction.BULK: _bulk,
    AuditAction.BULK_UNDO: _bulk_undo,
    AuditAction.EXPORT: _export,
    AuditAction.FLAG: _flag,
    AuditAction.UNFLAG: _flag,
    AuditAction.SETTLE: _settle,
    AuditAction.ALIAS: _alias,
    AuditAction.ALIAS_DROP: _alias,
    AuditAction.ORDER_ROOM: _order_room,
    AuditAction.ROOM: _room,
    AuditAction.IMPORT: _import,
    AuditAction.REQUEST: _request,
}
