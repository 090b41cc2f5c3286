"""Alerts: raised once for each occasion, settled once by a person."""

import hashlib
import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from matching.models import Alert, AuditAction, AuditEntry, Order, Stay
from matching.models.choices import AlertKind, Severity
from sistema_os.masking import without_documents

MAX_NOTE = 300

SENTENCES = {
    AlertKind.LINKED_STAY_CANCELLED: _lazy(
        "Order %(order)s is linked to %(guest)s, whose stay was cancelled or ended as a no-show."
    ),
    AlertKind.EARLY_DEPARTURE: _lazy("%(guest)s left room %(room)s early; order %(order)s is still open."),
    AlertKind.DEPARTURE: _lazy("%(guest)s left room %(room)s; order %(order)s is still open."),
    AlertKind.ROOM_MOVED: _lazy("%(guest)s moved from %(from)s to %(to)s; order %(order)s names the old room."),
    AlertKind.DOCUMENT_CHANGED: _lazy(
        "Room %(room)s, %(guest)s: the document is not yesterday's. It may be another guest."
    ),
    AlertKind.UNLINK_CONFLICT: _lazy(
        "The link of order %(order)s was changed at the hotel before the undo was written; what stands there was kept."
    ),
}


def raise_alert(
    kind: AlertKind | str,
    severity: Severity | str,
    *,
    order: Order | int | None = None,
    stay: Stay | int | None = None,
    params: dict[str, Any] | None = None,
) -> Alert:
    """Idempotent: the same kind, order, stay and params are the same occasion, which stays settled once it was."""
    order_id, stay_id = _id(order), _id(stay)
    text = json.dumps([AlertKind(kind), order_id, stay_id, params or {}], sort_keys=True, default=str)
    alert, _created = Alert.objects.get_or_create(
        key=hashlib.blake2b(text.encode(), digest_size=32).hexdigest(),
        defaults={
            "kind": AlertKind(kind),
            "severity": Severity(severity),
            # Rows of ours that may not exist (yet) for ids of the hotel.
            "order": Order.objects.filter(pk=order_id).first() if order_id is not None else None,
            "stay": Stay.objects.filter(pk=stay_id).first() if stay_id is not None else None,
            "params": json.loads(json.dumps(params or {}, default=str)),
        },
    )
    return alert


def settle(alert: Alert, user: Any, note: str = "") -> bool:
    """False when it was settled before. Documents are removed from the note."""
    return settle_many(Alert.objects.filter(pk=alert.pk), user, note) == 1


@transaction.atomic
def settle_many(alerts: QuerySet[Alert], user: Any, note: str = "") -> int:
    """Settles those that are open and returns how many; the number of queries does not depend on it."""
    if not user.has_perm("matching.settle_alert"):
        raise PermissionDenied
    clean = without_documents(" ".join(note.replace("\x00", "").split()))[:MAX_NOTE]
    open_alerts = alerts.filter(settled_at=None).order_by("pk").select_for_update(of=("self",))
    keys = dict(open_alerts.values_list("pk", "order_id"))
    Alert.objects.filter(pk__in=keys).update(settled_at=timezone.now(), settled_by=user, note=clean)
    AuditEntry.objects.bulk_create(
        AuditEntry(user=user, deed=AuditAction.SETTLE, alert_id=pk, order_id=order) for pk, order in keys.items()
    )
    return len(keys)


def _id(row: Order | Stay | int | None) -> int | None:
    return row if row is None or isinstance(row, int) else int(row.pk)


def sentence(alert: Alert) -> str:
    """What happened, to whom, and which order it concerns."""
    words = {
        "guest": alert.stay.name if alert.stay else _("a guest"),
        "room": alert.stay.room if alert.stay and alert.stay.room else "—",
        "order": alert.order.number if alert.order else "—",
        "from": alert.params.get("from", "—"),
        "to": alert.params.get("to", "—"),
    }
    return str(SENTENCES[AlertKind(alert.kind)]) % words
