"""Who: the words of a person as written against the name in the register, word by word."""

import math

from matching.core.index import HouseIndex
from matching.core.mentions import STRONG, NameWord, Person
from matching.core.model import Model
from matching.core.reasons import Reason
from matching.core.stays import Stay
from matching.core.wordmatch import WordHit, WordMatcher

ROLES = ("given", "middle", "family")
# Levels at which a written word means no part of the name.
UNMET = frozenset({"none", "not_listed", "unnamed", "family"})


class Naming:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, model: Model) -> None:
        self.index, self.matcher, self.model = index, matcher, model

    def weigh(self, person: Person, position: int) -> list[Reason]:
        stay = self.index.stays[position]
        if not stay.parts:
            return self._unnamed(person, stay)
        hits = [self.matcher.hits(word.text).get(position) for word in person.words]
        missing = "not_listed" if self._register_is_shorter(person, stay, hits) else "none"
        reasons = [self._word(person, place, hit, missing, stay) for place, hit in enumerate(hits)]
        return [*reasons, *self._whole(stay, hits), *self._suffix(person, stay), *self._sex(person, stay)]

    @staticmethod
    def is_met(person: Person, reasons: list[Reason]) -> bool:
        """Is there a word that means the guest? A faint one counts when it says something."""
        words = zip(person.words, reasons, strict=False)
        return any(r.level not in UNMET and (w.likelihood >= STRONG or r.weight_bits > 0) for w, r in words)

    def elsewhere(self, person: Person) -> float:
        """Bits when none of the weighed guests is meant: the name as written fits nobody."""
        return math.fsum(self._mixed(word, self.model.m("name", "none")) for word in person.words)

    def _word(self, person: Person, place: int, hit: WordHit | None, missing: str, stay: Stay) -> Reason:
        word = person.words[place]
        if hit is None:
            bits = self._mixed(word, self.model.m("name", missing))
            return Reason("name", missing, word.text.title(), "", bits)
        role = next(role for text, role in stay.parts if text == hit.word)
        ratio = hit.ratio * self._position(person, place, role)
        return Reason("name", hit.level, word.text.title(), hit.word.title(), self._mixed(word, ratio))

    @staticmethod
    def _mixed(word: NameWord, ratio: float) -> float:
        """A word that may be no name at all counts by how likely it is one."""
        return math.log2(1 - word.likelihood + word.likelihood * ratio)

    def _position(self, person: Person, place: int, role: str) -> float:
        """Share of writers who put this part of the name in this place."""
        if sum(w.likelihood >= STRONG for w in person.words) <= 1:
            way = "formal" if person.formal else "alone"
        else:
            way = "first" if place == 0 else "last" if place == len(person.words) - 1 else "inner"
        return self.model.positions[way][ROLES.index(role)]

    @staticmethod
    def _register_is_shorter(person: Person, stay: Stay, hits: list[WordHit | None]) -> bool:
        """`SILVA/MARCOS MR` for Marcos César da Silva: what the register leaves out speaks against nobody."""
        met = {hit.word for hit in hits if hit is not None}
        roles = [role for word, role in stay.parts if word in met]
        return "given" in roles and len(stay.parts) < len(person.words) and len(met) >= min(2, len(stay.parts))

    def _whole(self, stay: Stay, hits: list[WordHit | None]) -> list[Reason]:
        """`Maria Oliveira` is rather she whose whole name it is than Maria Luiza Oliveira Ribeiro."""
        met = {hit.word for hit in hits if hit is not None}
        if len(met) < 2:
            return []
        level = "complete" if len(met) == len(stay.parts) else "partial"
        return [Reason("whole_name", level, "", "", self.model.bits("whole_name", level))]

    def _unnamed(self, person: Person, stay: Stay) -> list[Reason]:
        """A companion without a name fits any name a little, the family name of the booking well."""
        mates = [p for p in self.index.by_booking[stay.booking] if self.index.stays[p].parts]
        return [self._unnamed_word(place, word, mates) for place, word in enumerate(person.words)]

    def _unnamed_word(self, place: int, word: NameWord, mates: list[int]) -> Reason:
        if place:
            for mate in mates:
                hit = self.matcher.hits(word.text).get(mate)
                if hit is not None and (hit.word, "family") in self.index.stays[mate].parts:
                    ratio = hit.ratio * self.model.m("name", "family")
                    return Reason("name", "family", word.text.title(), hit.word.title(), self._mixed(word, ratio))
        ratio = 1.0 if place else self.model.m("name", "unnamed")
        return Reason("name", "unnamed", word.text.title(), "", self._mixed(word, ratio))

    def _suffix(self, person: Person, stay: Stay) -> list[Reason]:
        if not person.suffix:
            return []
        level = "absent" if not stay.suffix else "same" if stay.suffix == person.suffix else "different"
        return [Reason("suffix", level, person.suffix, stay.suffix, self.model.bits("suffix", level))]

    def _sex(self, person: Person, stay: Stay) -> list[Reason]:
        if not person.sex or not stay.sex:
            return []
        level = "same" if person.sex == stay.sex else "different"
        return [Reason("sex", level, person.sex, stay.sex, self.model.bits("sex", level))]
