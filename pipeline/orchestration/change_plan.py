"""From effects to work: which orders are matched again, what expires, what alerts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matching.core.parsing.rooms import room_key
from matching.models.choices import AlertKind, EndReason, Severity
from matching.suggestion_manager import Counts
from pipeline.hotel.orders import is_linked, is_open, is_without_guest, opened_on, rooms_named
from pipeline.hotel.stays import Row
from pipeline.orchestration.effects import (
    Effect,
    Expire,
    FlagMoved,
    MatchNaming,
    MatchOpenedSince,
    MatchOrder,
    Rescore,
    WarnLinked,
    WarnOpen,
    WarnStay,
)
from snapshots.snapshot_manager import Changes

Orders = Mapping[int, Row]


@dataclass(frozen=True)
class Known:
    """What stands in our own database about the stays that changed, each as stay -> orders.

    `offered`: pending or expired suggestions (an order whose suggestion a crashed run had expired is
    still matched again); `linked`: accepted or linked at the hotel; `likely`: first and probable.
    """

    offered: Mapping[int, frozenset[int]] = field(default_factory=dict)
    linked: Mapping[int, frozenset[int]] = field(default_factory=dict)
    likely: Mapping[int, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class AlertCall:
    kind: AlertKind
    severity: Severity
    order: int | None
    stay: int | None
    params: tuple[tuple[str, str], ...] = ()


@dataclass
class Plan:
    match: set[int] = field(default_factory=set)
    expire: dict[EndReason, set[int]] = field(default_factory=dict)
    alerts: list[AlertCall] = field(default_factory=list)


@dataclass
class Work:
    """What there is to do, as read. `listing` holds the rows in force and `departed` those gone up to 30 days, both
    flat; `orders` the hotel's rows, all by id. `documents` are this run's own reading and go no further than the
    engine. `may_expire` is off while a source is held: nothing ends because of what was not read."""

    stay_changes: Changes
    order_changes: Changes
    listing: dict[int, Row]
    departed: dict[int, Row]
    orders: dict[int, Row]
    documents: Mapping[int, str | None]
    missing: list[Effect] = field(default_factory=list)
    closed_orders: list[Row] = field(default_factory=list)
    gone_orders: list[int] = field(default_factory=list)
    may_expire: bool = True


@dataclass
class Done:
    """For the run's summary."""

    matched: int = 0
    # Orders that the engine offers nothing for, because the one meant is most likely not in the listing.
    unanswered: int = 0
    counts: Counts = field(default_factory=Counts)
    expired: int = 0
    alerts: int = 0
    skipped: int = 0
    model: str = ""
    queue: dict[str, int] = field(default_factory=dict)
    # A sentence for people about what kept the step from all of its work.
    problem: str = ""

    def as_summary(self) -> dict[str, Any]:
        made = self.counts
        return {
            "orders_matched": self.matched,
            "unanswered": self.unanswered,
            "suggestions": {
                "created": made.created,
                "rescored": made.rescored,
                "superseded": made.superseded,
                "unchanged": made.unchanged,
                "withheld": made.withheld,
            },
            "queue": self.queue,
            "expired": self.expired,
            "alerts": self.alerts,
            "skipped_rows": self.skipped,
            "model": self.model,
        }


def make(effects: Iterable[Effect], orders: Orders, known: Known) -> Plan:
    """`orders` are the rows read from the hotel in this run, by id, linked ones included."""
    effects = list(effects)
    plan = Plan(match=_to_match(effects, orders, known))
    for effect in effects:
        if isinstance(effect, Expire):
            plan.expire.setdefault(effect.reason, set()).add(effect.stay)
    plan.alerts = [*_alerts(effects, orders, known), *_moves(effects, orders, known)]
    return plan


def matchable(orders: Orders) -> dict[int, Row]:
    """Open and without a link: the only orders that suggestions are made for."""
    return {key: row for key, row in orders.items() if is_open(row) and not is_linked(row)}


def stays_of(effects: Iterable[Effect]) -> set[int]:
    """The stays that `Known` must be asked about."""
    return {e.stay for e in effects if isinstance(e, Rescore | Expire | WarnLinked | WarnOpen | FlagMoved)}


def _to_match(effects: list[Effect], orders: Orders, known: Known) -> set[int]:
    candidates = matchable(orders)
    wanted = {e.order for e in effects if isinstance(e, MatchOrder)}
    wanted |= {o for e in effects if isinstance(e, Rescore) for o in known.offered.get(e.stay, ())}
    days = [e.day for e in effects if isinstance(e, MatchOpenedSince)]
    if days:
        wanted |= _opened_since(min(days), candidates)
    rooms = {room_key(name) for e in effects if isinstance(e, MatchNaming) for name in e.rooms}
    if rooms:
        wanted |= {key for key, row in candidates.items() if rooms & _rooms(row)}
    return wanted & candidates.keys()


def _opened_since(day: date, orders: Orders) -> set[int]:
    return {key for key, row in orders.items() if opened_on(row) >= day}


def _rooms(row: Row) -> frozenset[str]:
    return frozenset(map(room_key, rooms_named(row)))


def _alerts(effects: list[Effect], orders: Orders, known: Known) -> list[AlertCall]:
    found = []
    for effect in effects:
        if isinstance(effect, WarnStay):
            found.append(AlertCall(effect.kind, effect.severity, None, effect.stay, effect.params))
        elif isinstance(effect, WarnLinked | WarnOpen):
            found += [
                AlertCall(effect.kind, effect.severity, order, effect.stay, effect.params)
                for order in sorted(_concerned(effect, orders, known))
            ]
    return found


def _concerned(effect: WarnLinked | WarnOpen, orders: Orders, known: Known) -> set[int]:
    linked = set(known.linked.get(effect.stay, ()))
    if isinstance(effect, WarnLinked):
        return linked
    return {key for key in linked | set(known.likely.get(effect.stay, ())) if key in orders and is_open(orders[key])}


def _moves(effects: list[Effect], orders: Orders, known: Known) -> list[AlertCall]:
    """One flag an order, though every guest of the room moved: that of the lowest stay of the reservation."""
    flagged: dict[tuple[int, int], AlertCall] = {}
    moves = sorted((e for e in effects if isinstance(e, FlagMoved)), key=lambda e: e.stay)
    for move in moves:
        family = {m.stay for m in moves if m.reservation == move.reservation}
        for key, row in orders.items():
            if (key, move.reservation) not in flagged and _left_behind(key, row, move, family, known):
                flagged[key, move.reservation] = _flag(key, move)
    return list(flagged.values())


def _flag(order: int, move: FlagMoved) -> AlertCall:
    params = (("date", move.seen_on.isoformat()), ("from", move.old), ("to", move.new))
    return AlertCall(AlertKind.ROOM_MOVED, Severity.LOW, order, move.stay, params)


def _left_behind(order: int, row: Row, move: FlagMoved, family: set[int], known: Known) -> bool:
    """An open order of the old room while this guest had it; one that is known to be another's is not."""
    if not is_open(row) or opened_on(row) < move.arrival or is_without_guest(row):
        return False
    if any(order in known.linked.get(stay, ()) for stay in family):
        return True
    return not is_linked(row) and room_key(move.old) in _rooms(row)
