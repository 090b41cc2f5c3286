"""What the changes of a snapshot caused among suggestions and alerts, a line for each row: the page of the snapshot
shows it under the guest or the order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal

from django.db.models import Count, Q
from django.utils.translation import gettext, ngettext

from matching.models import Alert, MatchSuggestion
from matching.models.choices import AlertKind, EndReason, State
from pipeline.hotel import orders, stays
from snapshots.admin.consequences import register_reporter
from snapshots.models import Snapshot

Side = Literal["stay", "order"]
# The ends that a change of the row itself brings about; another candidate's fortune is not this row's doing.
_ENDS: dict[Side, tuple[EndReason, ...]] = {
    "stay": (EndReason.STAY_CANCELLED, EndReason.NO_SHOW, EndReason.STAY_VANISHED, EndReason.HIDDEN_GUEST),
    "order": (EndReason.TEXT_CHANGED, EndReason.ORDER_CLOSED, EndReason.ORDER_GONE, EndReason.LINKED_ELSEWHERE),
}
Lines = dict[str, list[str]]


def register() -> None:
    register_reporter(stays.SOURCE, partial(caused, "stay"))
    register_reporter(orders.SOURCE, partial(caused, "order"))


def caused(side: Side, snapshot: Snapshot, keys: Sequence[str], user: Any) -> Lines:
    """At most three queries. What was worked out anew is told until a later run works it out once more."""
    ids = [int(key) for key in keys if key.isdecimal() and len(key) < 19]
    lines: Lines = defaultdict(list)
    if user.has_perm("matching.view_alert"):
        _tell_alerts(side, snapshot, ids, lines)
    if user.has_perm("matching.view_matchsuggestion"):
        _tell_suggestions(side, snapshot, ids, lines)
    return dict(lines)


def _tell_alerts(side: Side, snapshot: Snapshot, ids: list[int], lines: Lines) -> None:
    """Alerts name the business date of their occasion."""
    found = Alert.objects.filter(**{f"{side}__in": ids}, params__date=snapshot.business_date.isoformat())
    said: dict[tuple[int, str, str], int] = defaultdict(int)
    for key, kind, params in found.order_by("pk").values_list(f"{side}_id", "kind", "params"):
        said[key, kind, str(params.get("to", ""))] += 1
    for (key, kind, room), count in said.items():
        lines[str(key)].append(_alert_words(AlertKind(kind), room, count))


def _alert_words(kind: AlertKind, room: str, count: int) -> str:
    if kind == AlertKind.ROOM_MOVED and room:
        words = ngettext(
            "%(count)d open order marked “moved to %(room)s”", "%(count)d open orders marked “moved to %(room)s”", count
        )
        return words % {"count": count, "room": room}
    if count == 1:
        return gettext("Alert: %(kind)s") % {"kind": kind.label}
    return gettext("%(count)d alerts: %(kind)s") % {"count": count, "kind": kind.label}


def _tell_suggestions(side: Side, snapshot: Snapshot, ids: list[int], lines: Lines) -> None:
    since, until = snapshot.started_at, _next_started(snapshot)
    meanwhile = Q(updated_at__gte=since) & (Q(updated_at__lt=until) if until else Q())
    made = Q(created_at__gte=since) & (Q(created_at__lt=until) if until else Q())
    counts = (
        MatchSuggestion.objects.filter(**{f"{side}__in": ids})
        .values(f"{side}_id")
        .annotate(
            made=Count("pk", filter=made),
            again=Count("pk", filter=~made & Q(run_id=snapshot.run_id)),
            ended=Count("pk", filter=meanwhile & Q(state=State.EXPIRED, end_reason__in=_ENDS[side])),
        )
    )
    for row in counts.order_by(f"{side}_id"):
        if words := ", ".join(_suggestion_words(row["made"], row["again"], row["ended"])):
            lines[str(row[f"{side}_id"])].append(words)


def _suggestion_words(made: int, again: int, ended: int) -> Iterator[str]:
    if made:
        yield ngettext("%(count)d new suggestion", "%(count)d new suggestions", made) % {"count": made}
    if again:
        yield (
            ngettext("%(count)d suggestion worked out anew", "%(count)d suggestions worked out anew", again)
            % {"count": again}
        )
    if ended:
        yield ngettext("%(count)d suggestion expired", "%(count)d suggestions expired", ended) % {"count": ended}


def _next_started(snapshot: Snapshot) -> datetime | None:
    """When the snapshot after it began: what happened from then on is not this one's."""
    later = Snapshot.objects.filter(source=snapshot.source, seq__gt=snapshot.seq).order_by("seq")
    return later.values_list("started_at", flat=True).first()
