"""The terms under which a stay is found: one line of text in a trigram index.

The line begins and ends with a space, and terms are separated by single spaces, so that `" figue"` finds the beginning
of a word and `" #412 "` a whole room. A term is a word of a name, `~` and the sound of such a word, `#` and a room or a
word of its name, or `=` and a booking number with and without its letters.
"""

from collections.abc import Iterable, Sequence

from matching.core.parsing.phonetic import phonetic
from matching.core.parsing.text import digits, fold, words
from matching.room_numbers import room_key

SOUND, ROOM, BOOKING = "~", "#", "="


def room_term(room: str) -> str:
    return ROOM + "_".join(room_key(fold(room)).split())


def stay_terms(*, names: Iterable[str], rooms: Sequence[str], booking: str) -> str:
    """`rooms`: every room of the stay. A hidden or erased guest has no names and must have no terms: pass none of the
    three."""
    of_names = [word for name in names for word in words(name)]
    keys = [room_key(fold(room)) for room in rooms if room]
    named = [word for key in keys for word in words(key) if len(word) > 2]
    number = "".join(filter(str.isalnum, fold(booking)))
    found = [
        *of_names,
        *(SOUND + phonetic(word) for word in of_names),
        *(room_term(room) for room in rooms if room),
        *(ROOM + word for word in named),
        *(BOOKING + part for part in (number, digits(number)) if part),
    ]
    return f" {' '.join(dict.fromkeys(found))} " if found else ""
