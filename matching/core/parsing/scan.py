"""One field of an order as tokens, with what each token is spoken for: room, date, cue, amount."""

from collections.abc import Container, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from matching.core.parsing import lexicon
from matching.core.parsing.phrases import Match
from matching.core.parsing.text import Token


@dataclass(slots=True)
class RoomMention:
    """A place in the text that designates a room. `keys` are the rooms of the listing that it may mean."""

    start: int
    end: int
    text: str
    keys: tuple[str, ...] = ()
    level: str = "same"
    beside: tuple[str, ...] = ()
    """Rooms of the same number in another block, or other beds of the same room."""
    unread: bool = False
    """A room word stands there, and what follows it is no room that the house knows."""
    denied: bool = False
    """Corrected or negated: `203, digo 205`, `não é o 203`."""
    near: bool = False
    """The place is beside this room: `em frente ao 203`."""
    source: bool = False
    """A noise or smell comes from this room."""


@dataclass(slots=True)
class Scan:
    """Tokens of one field; `taken` are those that can be no part of a name."""

    tokens: list[Token]
    mentions: list[RoomMention] = field(default_factory=list)
    days: list[tuple[int, int]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    cues: list[Match] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    blocks: set[str] = field(default_factory=set)
    """Blocks that are named without a room of their own: they tell rooms of one number apart."""
    denied_blocks: set[str] = field(default_factory=set)
    """Blocks that the text rules out: `204, não o do principal`."""
    known_names: Container[str] = frozenset()
    """Words of the names of the listing: such a word is no room's name by itself."""
    floor: int | None = None
    """The floor that is named, without a room."""
    beside_room: set[int] = field(default_factory=set)
    """Places next to a room's number, where staff write the name."""

    def __post_init__(self) -> None:
        self.texts = [token.text for token in self.tokens]

    @property
    def written_out(self) -> list[str]:
        """The texts with short forms of quick typing as the words that they stand for."""
        return [lexicon.SHORT_FORMS.get(text, text) for text in self.texts]

    def text(self, index: int) -> str:
        """Of a token; "" outside the field."""
        try:
            return self.texts[index] if index >= 0 else ""
        except IndexError:
            return ""

    def cue_codes(self) -> set[str]:
        return {cue.code for cue in self.cues}

    def is_role(self, index: int, roles: AbstractSet[str] = lexicon.ROLES) -> bool:
        """Staff and third parties, where the word means one (`da Claro`, but not `nota fiscal`)."""
        text, before = self.text(index), self.text(index - 1)
        if text in lexicon.FIRMS:
            return before in ("da", "do", "tecnico") and roles is not lexicon.STAFF
        return text in roles and (before, text) not in lexicon.NO_ROLES

    def has_role(self, roles: AbstractSet[str]) -> bool:
        if roles.isdisjoint(self.texts) and lexicon.FIRMS.isdisjoint(self.texts):
            return False
        return any(self.is_role(index, roles) for index in range(len(self.tokens)))

    def previous_word(self, index: int) -> str:
        """The nearest token before that is no mark (`apto. nº 203`)."""
        while index > 0:
            index -= 1
            if (self.tokens[index].is_word and self.text(index) not in _NUMBER_SIGNS) or self.text(index) == "#":
                return self.text(index)
            if self.tokens[index].is_number:
                return ""
        return ""

    def near(self, index: int, before: int) -> set[str]:
        return set(self.texts[max(0, index - before) : index])

    def glued(self, index: int) -> bool:
        return 0 <= index < len(self.tokens) and self.tokens[index].glued

    def take(self, places: Sequence[int] | range) -> None:
        self.taken.update(places)


_NUMBER_SIGNS = frozenset(("n", "no", "num", "numero", "o"))
