"""Changes of the directory by people. Each checks the permission, writes one audited transaction, then analyses the
orders concerned again. `Refused` carries a sentence for the person: nothing was changed."""

from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.core.parsing.rooms.directory import MAX_ROOM_CHARS, parse_room
from matching.models import (
    AliasOrigin,
    AuditAction,
    AuditEntry,
    Order,
    OrderRoom,
    Room,
    RoomAlias,
    RoomKind,
    Stay,
    UnreadSpelling,
    record_audit,
)
from matching.models.choices import StayStatus
from matching.room_numbers import room_key
from matching.rooms.directory import resolve
from matching.rooms.reanalysis import Reanalysed, reanalyse
from matching.rooms.spellings import LONGEST_SPELLING, may_be_alias, names_something, orders_with, spelling_key

EDIT: Final = "matching.edit_rooms"
DECIDE: Final = "matching.decide_suggestion"
_GONE: Final = (StayStatus.LEFT, StayStatus.CANCELLED, StayStatus.NO_SHOW)


class Refused(ValueError):
    """Why a change was not made, in a sentence."""


@dataclass(frozen=True)
class Change:
    """What was done; `entry` is its line of the audit, by which it can be undone."""

    entry: AuditEntry
    orders: Reanalysed


def add_alias(user: Any, room: Room, spelling: str) -> Change:
    """The spelling names the room from now on. The open orders that have it unread are analysed again."""
    _require(user, EDIT)
    typed = " ".join(spelling.split())[:LONGEST_SPELLING]
    with transaction.atomic():
        entry, orders = _add(user, room, typed)
    return Change(entry, reanalyse(orders))


def add_place(user: Any, spelling: str, kind: RoomKind) -> Change:
    """The spelling is a meeting room or an area: a new entry of the directory, in which no guest stays."""
    _require(user, EDIT)
    typed = " ".join(spelling.split())[:LONGEST_SPELLING]
    if kind not in (RoomKind.MEETING, RoomKind.AREA):
        raise ValueError(f"{kind} is not named by a spelling alone")
    with transaction.atomic():
        room, _created = Room.objects.get_or_create(key=room_key(typed), defaults={"shown": typed, "kind": kind})
        entry, orders = _add(user, room, typed)
    return Change(entry, reanalyse(orders))


def _add(user: Any, room: Room, typed: str) -> tuple[AuditEntry, list[int]]:
    key = spelling_key(typed)
    check_free(typed, key, room)
    RoomAlias.objects.update_or_create(
        key=key,
        defaults={
            "room": room,
            "spelling": typed,
            "origin": AliasOrigin.TYPED,
            "user": user,
            "at": timezone.now(),
            "removed_at": None,
        },
    )
    orders = orders_with(key)
    alias = RoomAlias.objects.get(key=key)
    return record_audit(user, AuditAction.ALIAS, alias=alias.pk, room=room.key, orders=orders), orders


def check_free(typed: str, key: str, room: Room) -> None:
    """Refuses a spelling that names another room, by alias or by its own code, and one that is no name at all."""
    if not may_be_alias(key):
        raise Refused(_("“%(spelling)s” alone does not name a room.") % {"spelling": typed})
    taken = RoomAlias.objects.filter(key=key, removed_at=None).exclude(room=room).select_related("room").first()
    other = taken.room if taken is not None else None
    if other is None:
        named = resolve(typed)
        if len(named) == 1 and named[0] != room.key:
            other = Room.objects.filter(key=named[0]).first()
    if other is not None:
        raise Refused(_("“%(spelling)s” already is %(room)s.") % {"spelling": typed, "room": other.shown})


def drop_alias(user: Any, alias: RoomAlias) -> Change:
    """A learned one keeps its row, so that it is not learned again. The open orders that have it are analysed again."""
    _require(user, EDIT)
    orders = orders_with(alias.key)
    with transaction.atomic():
        entry = record_audit(user, AuditAction.ALIAS_DROP, alias=alias.pk, room=alias.room.key, orders=orders)
        _remove(alias)
    return Change(entry, reanalyse(orders))


def _remove(alias: RoomAlias) -> None:
    if alias.origin == AliasOrigin.LEARNED:
        RoomAlias.objects.filter(pk=alias.pk).update(removed_at=timezone.now())
    else:
        alias.delete()


def name_in_order(user: Any, order: Order, spelling: str, room: Room) -> Change:
    """The spelling names the room in this order only, in later runs too."""
    _require(user, DECIDE)
    key = spelling_key(spelling)
    if not names_something(key):
        raise Refused(_("“%(spelling)s” alone does not name a room.") % {"spelling": spelling})
    with transaction.atomic():
        OrderRoom.objects.update_or_create(order=order, key=key, defaults={"room": room, "user": user})
        entry = record_audit(user, AuditAction.ORDER_ROOM, order=order.pk, room=room.key, orders=[order.pk])
    return Change(entry, reanalyse([order.pk]))


def undo(user: Any, entry: AuditEntry) -> Reanalysed:
    """Removes the alias that an entry of the audit added, and analyses its orders again. Idempotent."""
    _require(user, EDIT)
    if entry.deed != AuditAction.ALIAS:
        raise Refused(_("This cannot be undone."))
    with transaction.atomic():
        alias = RoomAlias.objects.filter(pk=entry.params.get("alias"), removed_at=None).select_related("room").first()
        if alias is None:
            return Reanalysed()
        record_audit(user, AuditAction.ALIAS_DROP, alias=alias.pk, room=alias.room.key, orders=entry.params["orders"])
        _remove(alias)
        place = not alias.room.listed and alias.room.kind in (RoomKind.MEETING, RoomKind.AREA)
        if place and not alias.room.aliases.exclude(pk=alias.pk).exists():
            alias.room.delete()
    return reanalyse(entry.params["orders"])


def save_room(user: Any, room: Room | None, *, shown: str, kind: RoomKind, block: str, floor: int | None) -> Room:
    """Creates a room, or edits what the guest list does not tell of it; its code is never changed."""
    _require(user, EDIT)
    with transaction.atomic():
        if room is None:
            code = " ".join(shown.split())[:MAX_ROOM_CHARS]
            key = room_key(code)
            if not key:
                raise Refused(_("Type the code of the room."))
            if (there := Room.objects.filter(key=key).first()) is not None:
                raise Refused(_("%(room)s is in the directory already.") % {"room": there.shown})
            room = Room(key=key, shown=code)
            floor = parse_room(code).floor if floor is None else floor
        room.kind, room.block, room.floor = kind, " ".join(block.split())[:20], floor
        room.save()
        record_audit(user, AuditAction.ROOM, room=room.key, what="saved")
    return room


def close_room(user: Any, room: Room, *, closed: bool) -> None:
    _require(user, EDIT)
    with transaction.atomic():
        if Room.objects.filter(pk=room.pk).exclude(closed=closed).update(closed=closed):
            record_audit(user, AuditAction.ROOM, room=room.key, what="closed" if closed else "opened")


def delete_room(user: Any, room: Room) -> None:
    """A room of stays that are not over can only be closed."""
    _require(user, EDIT)
    with transaction.atomic():
        open_stays = Stay.objects.filter(removed=False, departure__gte=timezone.localdate()).exclude(status__in=_GONE)
        if any(room_key(name) == room.key for name in open_stays.values_list("room", flat=True).distinct()):
            raise Refused(_("%(room)s has open stays: it can be closed, not deleted.") % {"room": room.shown})
        record_audit(user, AuditAction.ROOM, room=room.key, what="deleted")
        room.delete()


def one_room(typed: str) -> Room:
    """The room that a person typed into a field of its own. Refuses what is none, and what is one of several."""
    found = list(Room.objects.filter(key__in=resolve(typed)).order_by("key")[:4])
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(room.shown for room in found)
        raise Refused(_("“%(typed)s” may be %(rooms)s: type which one.") % {"typed": typed, "rooms": names})
    raise Refused(_("No room “%(typed)s” in the directory.") % {"typed": typed[:LONGEST_SPELLING]})


def analysed_words(orders: Reanalysed) -> str:
    """`3 orders analysed again`, and how many wait for the next run."""
    done = ngettext("%(count)d order analysed again", "%(count)d orders analysed again", orders.done)
    words = [done % {"count": orders.done}]
    if orders.later:
        later = ngettext("%(count)d in the next run", "%(count)d in the next run", orders.later)
        words.append(later % {"count": orders.later})
    return ", ".join(words)


def unread_in(order: Order) -> UnreadSpelling | None:
    """The first unread spelling of an open order."""
    return UnreadSpelling.objects.filter(order=order).order_by("pk").first()


def _require(user: Any, permission: str) -> None:
    if not user.has_perm(permission):
        raise PermissionDenied
