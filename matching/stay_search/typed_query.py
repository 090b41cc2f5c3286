"""What a person typed into the search: terms, each with the ways in which a stay may have it."""

from dataclasses import dataclass

from matching.core.parsing.lexicon import HONORIFICS, NICKNAMES, PARTICLES
from matching.core.parsing.phonetic import phonetic
from matching.core.parsing.text import digits, fold, tokenize
from matching.stay_search.terms import BOOKING, ROOM, SOUND

LONGEST = 60
MOST_TERMS = 6
# More digits are a document or a phone, which must not be searched for.
MOST_DIGITS = 8
_BEFORE_ROOM = frozenset({"uh", "apto", "aptos", "apt", "ap", "quarto", "qto", "room", "n", "no"})


@dataclass(frozen=True)
class TypedTerm:
    """One word or number. `room` is its form as a room; "" for a word, which may still be part of a room's name."""

    text: str
    room: str = ""

    @property
    def sound(self) -> str:
        return phonetic(self.text)

    def sounds_like(self, word: str) -> bool:
        return self.sound == phonetic(word)

    @property
    def full_names(self) -> tuple[str, ...]:
        """The names for which the word is a nickname."""
        return NICKNAMES.get(self.text, ())

    @property
    def pattern(self) -> str:
        """A regular expression that finds the stay's line of terms. One expression needs one scan of the trigram index;
        a condition for each way would need as many."""
        if self.room:
            return f" ({ROOM}{self.room} |{BOOKING}{self.text})"
        ways = [f"[ {ROOM}{BOOKING}]{self.text}", *(f" {name} " for name in self.full_names)]
        if self.sound != self.text:
            ways.append(f" {SOUND}{self.sound} ")
        return "|".join(ways)


def read_query(text: str) -> list[TypedTerm]:
    """Empty when there is nothing to search for, or when the text may hold a document or a phone number."""
    plain = fold(text.replace("\x00", " "))[:LONGEST]
    if len(digits(plain)) > MOST_DIGITS:
        return []
    tokens = [token.text for token in tokenize(plain) if token.is_word or token.is_number]
    tokens = _without_small_words(_joined_bookings(tokens))
    return [_term(token) for token in tokens[:MOST_TERMS]]


def _joined_bookings(tokens: list[str]) -> list[str]:
    """`R41602` is read as a letter and a number: they are one term, and so are `b` and `12`. Words before a room are
    dropped."""
    joined: list[str] = []
    for token in tokens:
        before = joined[-1] if joined else ""
        if token[0].isdigit() and before in _BEFORE_ROOM:
            joined[-1] = token
        elif token[0].isdigit() and len(before) == 1 and before.isalpha():
            joined[-1] = before + token
        else:
            joined.append(token)
    return joined


def _without_small_words(tokens: list[str]) -> list[str]:
    """Without particles and forms of address. The last word may be the beginning of a longer one."""
    small = PARTICLES | HONORIFICS
    kept = [token for token in tokens[:-1] if token not in small and len(token) > 1] + tokens[-1:]
    return [token for token in kept if len(token) > 1 or token.isdigit()]


def _term(token: str) -> TypedTerm:
    if not any(map(str.isdigit, token)):
        return TypedTerm(token)
    return TypedTerm(token, token.lstrip("0") or token)
