"""Room spellings that an analysis could not read: kept by order, counted by spelling, each with a suggestion."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone
from rapidfuzz import fuzz

from matching.core import Candidate
from matching.core.parsing.rooms.directory import LEADS, spelling_words
from matching.models import MatchSuggestion, Order, Room, RoomAlias, UnreadSpelling
from matching.models.choices import CLOSED_ORDER, DOUBT_FROM, State
from matching.room_numbers import room_key

LONGEST_SPELLING: Final = 40
MOST_SPELLINGS: Final = 3
WEEK: Final = timedelta(days=7)
# Spellings that the page shows, and the unread ones that it reads for them.
MOST_SHOWN, MOST_READ = 12, 2000
MOST_ORDERS_OF_ONE = 500
ALIKE = 82
_MEETING: Final = frozenset({"sala", "salao", "auditorio", "plenaria", "meeting"})


def spelling_key(text: str) -> str:
    """The form in which spellings are compared and stored."""
    return " ".join(spelling_words(text[:LONGEST_SPELLING]))


def names_something(key: str) -> bool:
    """Whether there is more than room words (`quarto`), which say only that some room is meant."""
    return any(word not in LEADS for word in key.split())


def may_be_alias(key: str) -> bool:
    """A lone room word would name a room in every order; a lone number is another room or a slip of the finger, which
    a person may settle for one order, and never for all."""
    said = [word for word in key.split() if word not in LEADS]
    return len(said) > 1 or any(not word.isdecimal() and len(word) > 1 for word in said)


def unread_of(candidates: Iterable[Candidate]) -> dict[int, list[str]]:
    """Order -> the room words that the engine reports as unread, in its folded form."""
    found: dict[int, list[str]] = defaultdict(list)
    for candidate in candidates:
        for reason in candidate.reasons:
            if (reason.comparison, reason.level) == ("room", "unread"):
                found[candidate.os_id].append(reason.order_value)
    return found


def record_unread(candidates: Iterable[Candidate], orders: Collection[int]) -> None:
    """Replaces what is stored of these orders. Idempotent; three queries. Call it in the transaction that publishes."""
    unread = unread_of(candidates)
    texts = {order.pk: _texts(order) for order in Order.objects.filter(pk__in=[o for o in unread if o in set(orders)])}
    wanted = {
        (order, key): as_typed(text, texts[order])
        for order, found in unread.items()
        if order in texts
        for text in found[:MOST_SPELLINGS]
        if names_something(key := spelling_key(text))
    }
    present = {(row.order_id, row.key): row for row in UnreadSpelling.objects.filter(order__in=orders)}
    UnreadSpelling.objects.filter(pk__in=[row.pk for pair, row in present.items() if pair not in wanted]).delete()
    UnreadSpelling.objects.bulk_create(
        UnreadSpelling(order_id=order, key=key, spelling=spelling)
        for (order, key), spelling in wanted.items()
        if (order, key) not in present
    )


def _texts(order: Order) -> tuple[str, ...]:
    return order.room_text, order.guest_text, order.request, order.requester_text


def as_typed(folded: str, texts: Iterable[str]) -> str:
    """The spelling with the accents of the order; the folded one where it cannot be found again."""
    pattern = re.compile(r"\W+".join(map(re.escape, spelling_words(folded))))
    for text in texts:
        plain = "".join(_folded_letter(letter) for letter in text)
        if match := pattern.search(plain):
            return text[match.start() : match.end()].lower()
    return folded


def _folded_letter(letter: str) -> str:
    """One letter for one letter, so that places in the text agree."""
    return unicodedata.normalize("NFKD", letter)[:1].lower()[:1] or letter


@dataclass(frozen=True)
class Idea:
    """What a spelling probably means: `room`, or `kind` of a new entry. `reason` is a code, `value` what it names."""

    room: Room | None = None
    kind: str = ""
    reason: str = "none"
    value: str = ""


@dataclass(frozen=True)
class Unread:
    """One spelling over all orders that have it; `newest` is the last of them."""

    key: str
    spelling: str
    orders: int
    newest: Order
    idea: Idea


def orders_with(key: str) -> list[int]:
    """Open orders without a link that have the spelling unread or anywhere in their text, newest first."""
    orders = Order.objects.filter(linked=False).exclude(status__in=CLOSED_ORDER)
    unread = UnreadSpelling.objects.filter(key=key).values("order")
    rows = orders.filter(Q(pk__in=unread) | Q(search__contains=key)).order_by("-opened_at", "-pk")
    return list(rows.values_list("pk", flat=True)[:MOST_ORDERS_OF_ONE])


def open_spellings(since: datetime | None = None) -> list[Unread]:
    """Spellings of open orders seen since then (a week ago) that may be aliases, the commonest first, at most
    MOST_SHOWN."""
    rows = list(
        _open_unread()
        .filter(seen_at__gte=since or timezone.now() - WEEK)
        .select_related("order")
        .order_by("-order__opened_at", "-pk")[:MOST_READ]
    )
    of_key: dict[str, list[UnreadSpelling]] = defaultdict(list)
    for row in rows:
        if may_be_alias(row.key):
            of_key[row.key].append(row)
    groups = sorted(of_key.values(), key=lambda group: -len(group))[:MOST_SHOWN]
    ideas = _ideas({group[0].key: [row.order_id for row in group] for group in groups})
    return [Unread(g[0].key, g[0].spelling, len(g), g[0].order, ideas[g[0].key]) for g in groups]


def _open_unread() -> QuerySet[UnreadSpelling]:
    return UnreadSpelling.objects.filter(order__linked=False).exclude(order__status__in=CLOSED_ORDER)


def _ideas(orders: dict[str, list[int]]) -> dict[str, Idea]:
    """Three queries for all spellings."""
    rooms = {room.pk: room for room in Room.objects.filter(closed=False)}
    names = [_Name(" ".join(words), room.shown, room) for room in rooms.values() if (words := _name_words(room))]
    for key, spelling, room in RoomAlias.objects.filter(removed_at=None).values_list("key", "spelling", "room_id"):
        if room in rooms:
            names.append(_Name(key, spelling, rooms[room]))
    guests = _rooms_of_likely_guests({order for group in orders.values() for order in group})
    by_key = {room.key: room for room in rooms.values()}
    return {key: _idea(key, group, names, guests, by_key) for key, group in orders.items()}


@dataclass(frozen=True)
class _Name:
    """A spelling of a room: its words, and how pages show it."""

    key: str
    shown: str
    room: Room


def _name_words(room: Room) -> tuple[str, ...]:
    """The words of a code that is a name; nothing of a number."""
    words = spelling_words(room.shown)
    return words if any(word.isalpha() and len(word) > 2 for word in words) else ()


def _rooms_of_likely_guests(orders: Collection[int]) -> dict[int, str]:
    likely = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING, rank=1, probability__gte=DOUBT_FROM)
    found = {}
    for suggestion in likely.select_related("stay", "order"):
        here = rooms_then(suggestion)
        if len(here) == 1:
            found[suggestion.order_id] = here[0]
    return found


def rooms_then(suggestion: MatchSuggestion) -> list[str]:
    """The guest's rooms on the day of the order; none for "no guest"."""
    if suggestion.stay is None:
        return []
    return suggestion.stay.rooms_on(timezone.localtime(suggestion.order.opened_at).date())


def _idea(
    key: str,
    orders: Sequence[int],
    names: Sequence[_Name],
    guests: dict[int, str],
    by_key: dict[str, Room],
) -> Idea:
    core = _core(key)
    scored = [(fuzz.ratio(core, _core(name.key)), name) for name in names]
    alike = [(score, name) for score, name in scored if score >= ALIKE]
    if len({name.room.pk for _score, name in alike}) == 1:
        best = max(alike, key=lambda pair: pair[0])[1]
        return Idea(best.room, "", "alike", best.shown)
    there = Counter(room for order in orders if (room := guests.get(order)))
    if len(there) == 1:
        from_guest = by_key.get(room_key(next(iter(there))))
        if from_guest is not None:
            return Idea(from_guest, "", "guest", from_guest.shown)
    if _MEETING & set(key.split()):
        return Idea(None, "meeting", "meeting")
    return Idea()


def _core(name: str) -> str:
    return " ".join(word for word in name.split() if word not in LEADS) or name
