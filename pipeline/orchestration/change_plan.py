"""From effects to work: which orders are matched again, which suggestions expire, which alerts are raised. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from matching.core.parsing.rooms.keys import room_key
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


@dataclass
class MatchingWork:
    """The input of the matching step.

    `listing` holds the rows in force, `departed` those that left up to 30 days ago, and `unconfirmed` those that only
    the last business date's listing does not have, all three as snapshot rows; `orders` the hotel's rows; all by id.
    `documents` and `details` (channel, room type and notes of the reservations) come from this run's own reading and
    are handed to the engine only. `may_expire` is false while a source is held: nothing expires because of rows that
    were not read.
    """

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
    details: Mapping[int, Row] = field(default_factory=dict)
    unconfirmed: dict[int, Row] = field(default_factory=dict)


@dataclass
class MatchingReport:
    """The results of the matching step, for the run's summary."""

    matched: int = 0
    # Orders for which the engine suggests no guest although they hardly concern nobody: the guest is most likely not
    # in the listing.
    unanswered: int = 0
    counts: Counts = field(default_factory=Counts)
    expired: int = 0
    alerts: int = 0
    skipped: int = 0
    # Orders whose opening date could not be read: matched by the date of the record or the business date.
    undated: int = 0
    model: str = ""
    # The version of the room directory in use.
    directory: str = ""
    queue: dict[str, int] = field(default_factory=dict)
    # A sentence for people about what prevented a part of the work.
    problem: str = ""

    def as_summary(self) -> dict[str, Any]:
        return {
            "orders_matched": self.matched,
            "unanswered": self.unanswered,
            "suggestions": asdict(self.counts),
            "queue": self.queue,
            "expired": self.expired,
            "alerts": self.alerts,
            "skipped_rows": self.skipped,
            "undated_orders": self.undated,
            "model": self.model,
            "room_directory": self.directory,
        }


@dataclass(frozen=True)
class Known:
    """What our own database holds about the stays that changed, each as stay -> orders.

    `offered`: pending or expired suggestions (an order whose suggestion a crashed run had expired is
    still matched again); `linked`: accepted or linked at the hotel; `likely`: ranked first and probable.
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
class ChangePlan:
    match: set[int] = field(default_factory=set)
    expire: dict[EndReason, set[int]] = field(default_factory=dict)
    alerts: list[AlertCall] = field(default_factory=list)


def make(effects: Iterable[Effect], orders: Orders, known: Known) -> ChangePlan:
    """`orders` are the rows read from the hotel in this run, by id, linked ones included."""
    effects = list(effects)
    plan = ChangePlan(match=_to_match(effects, orders, known))
    for effect in effects:
        match effect:
            case Expire():
                plan.expire.setdefault(effect.reason, set()).add(effect.stay)
            case WarnStay():
                plan.alerts.append(AlertCall(effect.kind, effect.severity, None, effect.stay, effect.params))
            case WarnLinked() | WarnOpen():
                concerned = set(known.linked.get(effect.stay, ()))
                if isinstance(effect, WarnOpen):
                    concerned |= known.likely.get(effect.stay, frozenset())
                    concerned = {key for key in concerned if key in orders and is_open(orders[key])}
                plan.alerts += [
                    AlertCall(effect.kind, effect.severity, order, effect.stay, effect.params)
                    for order in sorted(concerned)
                ]
    plan.alerts += _move_flags([effect for effect in effects if isinstance(effect, FlagMoved)], orders, known)
    return plan


def matchable(orders: Orders) -> dict[int, Row]:
    """Open and without a link: the only orders that suggestions are made for."""
    return {key: row for key, row in orders.items() if is_open(row) and not is_linked(row)}


def stays_of(effects: Iterable[Effect]) -> set[int]:
    """The stays about which `Known` is needed."""
    return {e.stay for e in effects if isinstance(e, Rescore | Expire | WarnLinked | WarnOpen | FlagMoved)}


def _to_match(effects: list[Effect], orders: Orders, known: Known) -> set[int]:
    candidates = matchable(orders)
    wanted = {e.order for e in effects if isinstance(e, MatchOrder)}
    wanted |= {order for e in effects if isinstance(e, Rescore) for order in known.offered.get(e.stay, ())}
    if days := [e.day for e in effects if isinstance(e, MatchOpenedSince)]:
        wanted |= {key for key, row in candidates.items() if opened_on(row) >= min(days)}
    if rooms := {room_key(name) for e in effects if isinstance(e, MatchNaming) for name in e.rooms}:
        wanted |= {key for key, row in candidates.items() if rooms & _rooms(row)}
    return wanted & candidates.keys()


def _rooms(order: Row) -> frozenset[str]:
    return frozenset(map(room_key, rooms_named(order)))


def _move_flags(moves: list[FlagMoved], orders: Orders, known: Known) -> list[AlertCall]:
    """One flag for each order and reservation, however many guests of the room moved: that of the lowest stay.

    An order is flagged if it is open, was opened since the guest's arrival, and is linked to one of the reservation's
    guests or, without any link, names the old room.
    """
    flagged: dict[tuple[int, int], AlertCall] = {}
    for move in sorted(moves, key=lambda move: move.stay):
        guests = {other.stay for other in moves if other.reservation == move.reservation}
        linked = {order for stay in guests for order in known.linked.get(stay, ())}
        params = (("date", move.seen_on.isoformat()), ("from", move.old), ("to", move.new))
        for key, row in orders.items():
            if (key, move.reservation) in flagged or not is_open(row) or is_without_guest(row):
                continue
            if opened_on(row) < move.arrival:
                continue
            if key in linked or (not is_linked(row) and room_key(move.old) in _rooms(row)):
                alert = AlertCall(AlertKind.ROOM_MOVED, Severity.LOW, key, move.stay, params)
                flagged[key, move.reservation] = alert
    return list(flagged.values())
