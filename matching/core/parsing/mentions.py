"""The persons an order names: runs of words that are likely to be a name, each word with its likelihood."""

from collections.abc import Container
from dataclasses import dataclass, field

from matching.core.parsing import lexicon
from matching.core.parsing.names import Sex
from matching.core.parsing.scan import Scan

KNOWN, SAID, UNKNOWN, FAINT, HARDLY = 0.96, 0.9, 0.3, 0.15, 0.02
STRONG = 0.5


@dataclass(frozen=True, slots=True)
class NameWord:
    """One word and how likely it is part of a guest's name at all."""

    text: str
    likelihood: float


@dataclass(slots=True)
class Person:
    words: list[NameWord] = field(default_factory=list)
    sex: Sex = ""
    suffix: str = ""
    formal: bool = False
    """Called Sr. / Sra.: the word that follows is as likely a surname."""
    staff: bool = False
    family_words: int = 0
    """How many words stood before the comma of SOBRENOME, NOME."""
    start: int = -1
    end: int = -1
    """Half-open range of tokens in its field."""
    denied: bool = False
    """Corrected or negated: `Ana, digo Carla`, `não é o Pedro`."""
    reference: bool = False
    """Named to say whose wife, son or colleague is meant."""

    @property
    def strength(self) -> float:
        return max((word.likelihood for word in self.words), default=0.0)

    @property
    def shown(self) -> str:
        name = " ".join(w.text for w in self.words if w.likelihood >= STRONG) or " ".join(w.text for w in self.words)
        return f"{name} {self.suffix}".strip().title()


class Reader:
    """Walks a scan once and gathers the persons in it."""

    def __init__(
        self,
        scan: Scan,
        *,
        name_field: bool = False,
        skip: frozenset[str] = frozenset(),
        known_names: Container[str] = frozenset(),
    ) -> None:
        self.scan, self.name_field, self.skip, self.known_names = scan, name_field, skip, known_names
        letters = [t for t in scan.tokens if t.is_word and len(t.text) > 1]
        capitals = sum(t.capital for t in letters)
        self.mixed_case = 0 < capitals < len(letters)
        self.persons: list[Person] = []
        self.current: Person | None = None
        self.said = 0
        self.pending = Person()

    def read(self) -> list[Person]:
        for index in range(len(self.scan.tokens)):
            self._step(index)
        self._close()
        return [p for p in self.persons if p.words]

    def _close(self) -> None:
        if self.current is not None:
            before = self.current.family_words
            self.current.words = self.current.words[before:] + self.current.words[:before]
            self.persons.append(self.current)
        self.current = None

    def _open(self) -> Person:
        if self.current is None:
            self.current, self.pending = self.pending, Person()
        return self.current

    def _step(self, index: int) -> None:
        token, text = self.scan.tokens[index], self.scan.text(index)
        if index in self.scan.taken or token.is_number:
            self._close()
            if token.is_word and text in lexicon.CORRECTIONS:
                self.said = 0
        elif self._is_of_a_crew(index):
            self._role()
        elif not token.is_word:
            self._mark(index, text)
        elif self._is_honorific(index, text):
            self._honorific(text)
        elif text == "d" and self._is_dona(index):
            self._honorific("dom" if self.scan.text(index + 2) in lexicon.GIVEN_M else "dona")
        elif text in lexicon.NAME_CUES:
            self._close()
            self.said = 2
        elif text in lexicon.PARTICLES and not self._is_initial(index):
            if text in ("e", "y") and self.current is not None and self._starts_person(index + 1):
                self._close()
        elif self._is_kin(index, text):
            self._close()
            self.said = 2
        else:
            self._word(index, text)

    def _is_kin(self, index: int, text: str) -> bool:
        """`irmã da Valentina`, `neto do seu João`: the word says who is meant, and is no name (`Irma`, `Neto`)."""
        if text not in lexicon.KIN_SEX or self.scan.text(index + 1) not in ("do", "da", "de", "dos", "del", "of"):
            return False
        return self.current is None or text not in lexicon.KIN

    def _mark(self, index: int, text: str) -> None:
        """A comma may stand inside SOBRENOME, NOME, a full stop after an initial; all else ends a name."""
        if text == "." and self.scan.tokens[index].glued and len(self.scan.text(index - 1)) <= 3:
            return
        if text in ",/" and self.current is not None and self._likelihood(index + 1) >= STRONG:
            self.current.family_words = self.current.family_words or len(self.current.words)
            return
        if text in "-–" and self.current is not None and self.scan.text(index + 1) in lexicon.AFTER_NAME:
            return
        if (
            text in "-–"
            and self.scan.tokens[index].glued
            and index + 1 < len(self.scan.tokens)
            and self.scan.tokens[index + 1].glued
        ):
            return
        self._close()
        if text not in ".:":
            self.said = 0
        if text not in ".:(-":
            self.pending = Person()

    def _honorific(self, text: str) -> None:
        self._close()
        sex: Sex = "M" if text in lexicon.HONORIFICS_M else "F" if text in lexicon.HONORIFICS_F else ""
        self.pending = Person(sex=sex, formal=True, staff=self.pending.staff)
        self.said = 1

    def _word(self, index: int, text: str) -> None:
        if self.current is not None and text in lexicon.SUFFIXES:
            self.current.suffix = lexicon.SUFFIXES[text]
            return
        if text in lexicon.TITLES and self.current is not None:
            self.current.sex = self.current.sex or (
                "M" if text in lexicon.TITLES_M else "F" if text in lexicon.TITLES_F else ""
            )
            return
        likelihood = self._likelihood(index)
        if self.said and likelihood > HARDLY:
            likelihood = max(likelihood, SAID)
        self.said = max(0, self.said - 1)
        if self.scan.is_role(index):
            self._role()
        elif likelihood <= HARDLY:
            self._close()
        else:
            person = self._open()
            person.start = index if person.start < 0 else person.start
            person.end = index + 1
            person.words.append(NameWord(text, likelihood))

    def _role(self) -> None:
        """A role names the person on either side of it."""
        if self.current is not None and self.current.words:
            self.current.staff = True
        self._close()
        self.pending = Person(staff=True)

    def _is_honorific(self, index: int, text: str) -> bool:
        """Before a name; `Müller Herr` and `Tanaka, Sr.` have it behind."""
        if text not in lexicon.HONORIFICS or (text == "dona" and self.current):
            return False
        after = self.scan.text(index + 2) if self.scan.text(index + 1) == "." else self.scan.text(index + 1)
        names_follow = after[:1].isalpha() and after not in lexicon.NO_NAME_WORDS and after not in lexicon.PARTICLES
        return self.current is None or text not in lexicon.TITLES or names_follow

    def _is_dona(self, index: int) -> bool:
        """`D. Lurdes`; but `D.` between two names is an initial."""
        after = self.scan.text(index + 2)
        return self.current is None and self.scan.text(index + 1) == "." and after[:1].isalpha() and len(after) > 1

    def _is_of_a_crew(self, index: int) -> bool:
        """`João da manutenção`, `Carlos (segurança)`: the place where he works follows the name."""
        if self.current is None or not self.current.words:
            return False
        return self.scan.text(index) in ("da", "do", "de", "(") and self.scan.text(index + 1) in lexicon.CREWS

    def _starts_person(self, index: int) -> bool:
        """After "e": a given name, or anything like a name when a single word stands before (`Francisca e Zuri`)."""
        text = self.scan.text(index)
        if text in lexicon.GIVEN or text in lexicon.NICKNAMES or text in lexicon.HONORIFICS:
            return True
        alone = self.current is not None and len(self.current.words) == 1
        return alone and self._likelihood(index) >= UNKNOWN

    def _likelihood(self, index: int) -> float:
        text = self.scan.text(index)
        if not text or not text[0].isalpha() or index in self.scan.taken or text in self.skip:
            return 0.0
        if text in lexicon.NAMES or (text in lexicon.NICKNAMES and len(text) > 2):
            return self._known(index, text)
        if self._is_initial(index):
            return SAID
        if text in lexicon.NO_NAME_WORDS:
            return HARDLY
        if text in lexicon.COMMON and text not in self.known_names and not self._is_written_as_name(index):
            return HARDLY
        if self.name_field:
            return SAID
        if len(text) == 1:
            return STRONG if self.current is not None else HARDLY
        return self._unknown(index)

    def _is_written_as_name(self, index: int) -> bool:
        """With a capital inside a sentence; as its first word when another such word or a name follows."""
        if not self.mixed_case or not self.scan.tokens[index].capital:
            return False
        before = self.scan.text(index - 1)
        if index and (before not in (".", "!", "?", ":", ";", "(", "-") or self._follows_honorific(index)):
            return True
        after = self.scan.text(index + 1)
        if not after[:1].isalpha() or after in lexicon.NO_NAME_WORDS:
            return False
        return after in lexicon.NAMES or (self.scan.tokens[index + 1].capital and len(after) > 1)

    def _follows_honorific(self, index: int) -> bool:
        """`sr. Perrã`: the full stop is that of a short form."""
        return self.scan.text(index - 1) == "." and self.scan.text(index - 2) in lexicon.HONORIFICS

    def _is_initial(self, index: int) -> bool:
        """`M. Silva`, `J. C. Silva`; but `D. Ana` is dona Ana."""
        if len(self.scan.text(index)) != 1 or self.scan.text(index) == "d" or self.scan.text(index + 1) != ".":
            return False
        return self.scan.tokens[index + 1].glued and self.scan.text(index + 2)[:1].isalpha()

    def _known(self, index: int, text: str) -> float:
        if self.name_field:
            return KNOWN
        capital = self.mixed_case and self.scan.tokens[index].capital
        if text in lexicon.NO_NAME_WORDS and not (self.current is not None and self.current.strength >= KNOWN):
            return UNKNOWN
        return KNOWN if capital or not self.mixed_case or self._by_room(index) else UNKNOWN

    def _unknown(self, index: int) -> float:
        if self.mixed_case and index and self.scan.tokens[index].capital:
            return 0.8
        if self.current is not None and self.current.strength >= STRONG:
            return STRONG
        if self._by_room(index):
            return STRONG
        return FAINT if self.mixed_case and not self.scan.tokens[index].capital else UNKNOWN

    def _by_room(self, index: int) -> bool:
        """Beside the room number, where staff write the name."""
        return index == 0 or index in self.scan.beside_room
