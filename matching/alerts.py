"""Alerts: raised once for an occasion, settled once by a person."""

import hashlib
import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from matching.models import Alert, Order, Stay
from matching.states import AlertKind, Severity


def raise_alert(
    kind: AlertKind | str,
    severity: Severity | str,
    *,
    order: Order | int | None = None,
    stay: Stay | int | None = None,
    params: dict[str, Any] | None = None,
) -> Alert:
    """Idempotent: the same kind, order, stay and params name one occasion, which stays settled once it was."""
    order_id, stay_id = _id(order), _id(stay)
    said = params or {}
    text = json.dumps([AlertKind(kind), order_id, stay_id, said], sort_keys=True, default=str)
    alert, _ = Alert.objects.get_or_create(
        key=hashlib.blake2b(text.encode(), digest_size=32).hexdigest(),
        defaults={
            "kind": AlertKind(kind),
            "severity": Severity(severity),
            "order": Order.objects.filter(pk__in=_known(order_id)).first(),
            "stay": Stay.objects.filter(pk__in=_known(stay_id)).first(),
            "params": json.loads(json.dumps(said, default=str)),
        },
    )
    return alert


def settle(alert: Alert, user: Any) -> bool:
    """False when somebody had settled it before."""
    if not user.has_perm("matching.settle_alert"):
        raise PermissionDenied
    changed = Alert.objects.filter(pk=alert.pk, settled_at=None).update(settled_at=timezone.now(), settled_by=user)
    return changed == 1


def _id(thing: Order | Stay | int | None) -> int | None:
    return thing if thing is None or isinstance(thing, int) else int(thing.pk)


def _known(pk: int | None) -> list[int]:
    return [] if pk is None else [pk]
