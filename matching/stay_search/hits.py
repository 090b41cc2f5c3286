"""A found stay: why it was found, which letters of its name, and whether the guest is in the house."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import pgettext_lazy as _p
from rapidfuzz.distance import OSA

from matching.core.parsing.text import fold
from matching.models import Stay
from matching.models.choices import StayStatus
from matching.room_numbers import room_key
from matching.stay_search.terms import BOOKING, ROOM, SOUND
from matching.stay_search.typed_query import TypedTerm

_MARKS = (SOUND, ROOM, BOOKING)


class FoundBy(IntegerChoices):
    """How a typed term was found in a stay, best first. Values are the rank of a hit and are not stored."""

    ROOM = 0, _p("found by", "is in this room")
    BOOKING = 1, _p("found by", "booking number")
    NAME = 2, _p("found by", "same name")
    BEGINNING = 3, _p("found by", "name begins like this")
    SOUND = 4, _p("found by", "sounds the same")
    NICKNAME = 5, _p("found by", "nickname")
    FORMER_ROOM = 6, _p("found by", "was in this room")
    NEAR = 7, _p("found by", "similar name")


class Presence(TextChoices):
    IN_HOUSE = "in_house", _p("presence", "in the house")
    ARRIVES_TODAY = "arrives_today", _p("presence", "arrives today")
    EXPECTED = "expected", _p("presence", "still to arrive")
    LEFT = "left", _p("presence", "left")

    @classmethod
    def of(cls, stay: Stay, today: date) -> "Presence":
        if stay.status == StayStatus.IN_HOUSE:
            return cls.IN_HOUSE
        if stay.status == StayStatus.LEFT or stay.departure < today:
            return cls.LEFT
        return cls.ARRIVES_TODAY if stay.arrival == today else cls.EXPECTED


@dataclass(frozen=True)
class Hit:
    """`found_by`: one entry for each typed term, in the order typed."""

    stay: Stay
    typed: Sequence[TypedTerm]
    found_by: tuple[FoundBy, ...]
    presence: Presence

    @property
    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The name as (text, found). Of the stays that are ranked, a page shows a tenth."""
        return marked_name(self.stay.name, self.typed)

    @property
    def worst(self) -> FoundBy:
        """The weakest of the agreements: what a page names as the reason."""
        return max(self.found_by)


def hit_of(stay: Stay, typed: Sequence[TypedTerm], today: date) -> Hit | None:
    """None when a typed term is not in the stay after all: trigrams find more than what is near."""
    held = stay.terms.split()
    found = [_found_by(term, held, stay) for term in typed]
    agreed = tuple(way for way in found if way is not None)
    if len(agreed) < len(found):
        return None
    return Hit(stay, typed, agreed, Presence.of(stay, today))


def _found_by(typed: TypedTerm, held: Sequence[str], stay: Stay) -> FoundBy | None:
    words = [term for term in held if not term.startswith(_MARKS)]
    ways: list[FoundBy | None] = [FoundBy.NICKNAME for name in typed.full_names if name in words]
    if not typed.room:
        ways += [_of_word(typed, word) for word in words]
    if any(term.startswith(BOOKING + typed.text) for term in held):
        ways.append(FoundBy.BOOKING)
    if typed.room and ROOM + typed.room in held:
        ways.append(FoundBy.ROOM if room_key(fold(stay.room)) == typed.room else FoundBy.FORMER_ROOM)
    elif not typed.room and any(term.startswith(ROOM + typed.text) for term in held):
        ways.append(FoundBy.ROOM)
    return min((way for way in ways if way is not None), default=None)


def _of_word(typed: TypedTerm, word: str) -> FoundBy | None:
    if word == typed.text:
        return FoundBy.NAME
    if word.startswith(typed.text):
        return FoundBy.BEGINNING
    if typed.sounds_like(word):
        return FoundBy.SOUND
    return FoundBy.NEAR if is_near(typed.text, word) else None


def is_near(typed: str, word: str) -> bool:
    """One slip in five letters or fewer, two in a longer word; very short words are not compared. The end of the word
    may be still to be typed."""
    if len(typed) < 4:
        return False
    most = 1 if len(typed) < 6 else 2
    beginning = word[: len(typed) + 1]
    return min(OSA.distance(typed, part) for part in (word, beginning, beginning[:-1])) <= most


def marked_name(name: str, typed: Sequence[TypedTerm]) -> tuple[tuple[str, bool], ...]:
    """The name in pieces, the found letters marked: the typed beginning of a word, or all of a word that only sounds
    like it, is near it or is what a nickname stands for."""
    pieces: list[tuple[str, bool]] = []
    for place, word in enumerate(name.split()):
        length = max((_letters(term, word) for term in typed if not term.room), default=0)
        pieces += [(" ", False)] if place else []
        pieces += [(word[:length], True)] if length else []
        pieces += [(word[length:], False)] if length < len(word) else []
    return tuple(pieces)


def _letters(typed: TypedTerm, word: str) -> int:
    """How many letters of the word were found."""
    folded = fold(word).strip(",/.")
    if folded in typed.full_names:
        return len(word)
    way = _of_word(typed, folded)
    if way is None:
        return 0
    whole = way not in (FoundBy.NAME, FoundBy.BEGINNING) or len(folded) != len(word)
    return len(word) if whole else len(typed.text)
