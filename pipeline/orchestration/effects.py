"""The effects of a change in the listing or in an order. Pure: nothing is executed here.

check-in, new stay        match the unlinked orders opened since the day before
room move                 match again the orders that name either room; flag those of the old room
name, companion, contact  re-score the stay's pending suggestions (same ids); accepted ones stay
main guest promoted       nothing: the page shows it
cancelled, no-show        expire the pending ones with the reason; alert where already linked
departure                 alert where an order is still open (early departure: higher severity)
missing once              re-score: it stays a candidate, with doubt, until a second listing confirms
missing twice             the hotel's table decides, see `of_missing_stay`
document                  re-score; a different document on one row alerts (guest swapped)
minor, incognito          expire: these guests are never suggested
order's text or room      match again (the older text's suggestions are superseded); reopened: likewise
order's status alone      nothing
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from matching.models.choices import AlertKind, EndReason, Severity
from pipeline.hotel import StayStatus, stays
from pipeline.hotel.orders import MATCHED_BY, is_open
from pipeline.hotel.stays import ARRIVAL, CALLED_OFF, DEPARTURE, DOCUMENT_HMAC, LIVE_STATUSES, ROOM, STATUS, suggestible
from snapshots.diffing import ChangeView


@dataclass(frozen=True)
class MatchOpenedSince:
    """Unlinked open orders opened on `day` or later are matched again."""

    day: date


@dataclass(frozen=True)
class MatchNaming:
    """Unlinked open orders that name one of the rooms are matched again."""

    rooms: frozenset[str]


@dataclass(frozen=True)
class Rescore:
    """Unlinked open orders for which this stay was ever suggested, and may be again, are matched again."""

    stay: int


@dataclass(frozen=True)
class MatchOrder:
    order: int


@dataclass(frozen=True)
class Expire:
    """The stay's pending suggestions expire with the reason."""

    stay: int
    reason: EndReason


@dataclass(frozen=True)
class WarnLinked:
    """An alert for each order that is linked to the stay."""

    stay: int
    kind: AlertKind
    severity: Severity
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class WarnOpen:
    """An alert for each open order that is linked to the stay or most likely belongs to it."""

    stay: int
    kind: AlertKind
    severity: Severity
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class FlagMoved:
    """Open orders that name the old room, opened since the guest's arrival, get "moved to 415"."""

    stay: int
    reservation: int
    arrival: date
    old: str
    new: str
    seen_on: date


@dataclass(frozen=True)
class WarnStay:
    """An alert for the stay itself, linked or not."""

    stay: int
    kind: AlertKind
    severity: Severity
    params: tuple[tuple[str, str], ...] = ()


Effect = MatchOpenedSince | MatchNaming | Rescore | MatchOrder | Expire | WarnLinked | WarnOpen | FlagMoved | WarnStay
Row = Mapping[str, Any]


def of_stay(change: ChangeView, business_date: date) -> list[Effect]:
    """The effects of one change of the listing, found in the listing of `business_date`."""
    if change.after is None:
        return [Rescore(int(change.key))] if change.vanished else []
    if change.before is None:
        if change.after[STATUS] in LIVE_STATUSES and suggestible(change.after):
            # It may have been missing, and its suggestions doubted, since the listing before.
            return [MatchOpenedSince(business_date - timedelta(1)), Rescore(int(change.key))]
        return []
    return _changed(change, change.before, change.after, business_date)


def of_order(change: ChangeView) -> list[Effect]:
    if change.after is None or not is_open(change.after):
        return []
    reopened = change.before is not None and not is_open(change.before)
    if change.before is None or reopened or MATCHED_BY & set(change.fields):
        return [MatchOrder(int(change.key))]
    return []


def _changed(change: ChangeView, before: Row, after: Row, business_date: date) -> list[Effect]:
    stay, fields = int(change.key), set(change.fields)
    found: list[Effect] = []
    if fields & stays.MATCHED_BY:
        found.append(Rescore(stay))
    if STATUS in fields:
        found += _status_effects(stay, before, after, business_date)
    if ROOM in fields:
        found += _room_effects(stay, before, after, business_date)
    if fields & stays.IDENTITY and after[STATUS] in LIVE_STATUSES:
        found.append(MatchOpenedSince(business_date - timedelta(1)))
    if before[DOCUMENT_HMAC] and after[DOCUMENT_HMAC] and DOCUMENT_HMAC in fields:
        found.append(WarnStay(stay, AlertKind.DOCUMENT_CHANGED, Severity.HIGH, _on(business_date)))
    if not suggestible(after) and suggestible(before):
        found.append(Expire(stay, EndReason.HIDDEN_GUEST))
    return found


def _status_effects(stay: int, before: Row, after: Row, business_date: date) -> list[Effect]:
    if after[STATUS] in CALLED_OFF:
        return called_off(stay, after[STATUS], business_date)
    if after[STATUS] == StayStatus.DEPARTED:
        return departed(stay, business_date, early=after[DEPARTURE] < before[DEPARTURE])
    if after[STATUS] == StayStatus.IN_HOUSE:
        return [MatchOpenedSince(business_date - timedelta(1))]
    return []


def called_off(stay: int, status: str, business_date: date) -> list[Effect]:
    reason = EndReason.NO_SHOW if status == StayStatus.NO_SHOW else EndReason.STAY_CANCELLED
    params = (*_on(business_date), ("status", status))
    return [
        Rescore(stay),
        Expire(stay, reason),
        WarnLinked(stay, AlertKind.LINKED_STAY_CANCELLED, Severity.HIGH, params),
    ]


def departed(stay: int, business_date: date, *, early: bool) -> list[Effect]:
    kind, severity = (AlertKind.EARLY_DEPARTURE, Severity.HIGH) if early else (AlertKind.DEPARTURE, Severity.MEDIUM)
    return [WarnOpen(stay, kind, severity, _on(business_date))]


def _room_effects(stay: int, before: Row, after: Row, business_date: date) -> list[Effect]:
    rooms = frozenset(name for name in (before[ROOM], after[ROOM]) if name)
    found: list[Effect] = [MatchNaming(rooms)]
    if before[ROOM] and after[ROOM] and before[STATUS] == after[STATUS] == StayStatus.IN_HOUSE:
        arrival = date.fromisoformat(after[ARRIVAL])
        found.append(FlagMoved(stay, after[stays.RESERVATION], arrival, before[ROOM], after[ROOM], business_date))
    return found


def _on(business_date: date) -> tuple[tuple[str, str], ...]:
    """The alert's date: the same event on another day is another alert."""
    return (("date", business_date.isoformat()),)


def of_missing_stay(stay: int, last: Row, standing: Row | None, business_date: date) -> list[Effect]:
    """A stay that is missing from the listings in force of two business dates without an explanation.

    That alone proves no cancellation: a row that still exists in the hotel's table only left the window that is read.
    `last` is the row of its last listing, `standing` the current row of the hotel's table, None where there is none or
    it is flagged as removed.
    """
    if standing is None:
        return [Rescore(stay), Expire(stay, EndReason.STAY_VANISHED)]
    status, departure = str(standing[STATUS]), str(standing[DEPARTURE])
    if status in CALLED_OFF:
        return called_off(stay, status, business_date)
    if status == StayStatus.DEPARTED:
        return departed(stay, date.fromisoformat(departure), early=departure < str(last[DEPARTURE]))
    return []


def of_stays(changes: Iterable[ChangeView], business_date: date) -> list[Effect]:
    return [effect for change in changes for effect in of_stay(change, business_date)]


def of_orders(changes: Iterable[ChangeView]) -> list[Effect]:
    return [effect for change in changes for effect in of_order(change)]
