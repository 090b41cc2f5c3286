"""Which stays are worth weighing for an order: the union of small blocks, each with a cap."""

from matching.core.index import HouseIndex
from matching.core.orders import Order
from matching.core.rooms import room_key, swaps
from matching.core.wordmatch import WordMatcher

# A block larger than this says little by itself; its members nearest to the order's day are kept.
WORD_CAP, ROOM_CAP, KEY_CAP = 300, 48, 24


def candidates(order: Order, index: HouseIndex, matcher: WordMatcher) -> list[int]:
    """Positions in the index, ascending. Cost is bounded by the caps, whatever the data."""
    day = order.opened.toordinal()
    found: set[int] = set()
    for room in order.rooms:
        for key in (room, *map(room_key, swaps(room))):
            found.update(index.near(index.by_room.get(key, []), day, ROOM_CAP))
    for person in order.persons:
        for word in person.words:
            if len(word.text) > 1:
                found.update(index.near(sorted(matcher.hits(word.text)), day, WORD_CAP))
    for phone in order.contacts.phones:
        found.update(index.near(index.by_phone.get(phone[-8:], []), day, KEY_CAP))
    for key in (*order.contacts.emails, *order.contacts.documents, *sorted(order.codes)):
        found.update(index.near(index.by_key.get(key, []), day, KEY_CAP))
    return sorted(found)
