"""How a written word can mean a word of a guest's name, found over the whole vocabulary of the listing at once."""

from bisect import bisect_left
from dataclasses import dataclass

from rapidfuzz.distance import OSA, JaroWinkler

from matching.core import lexicon
from matching.core.index import HouseIndex, deletions
from matching.core.phonetic import phonetic

# Best first; a stay counts for its best level only.
LEVELS = ("exact", "phonetic", "nickname", "fuzzy", "prefix", "distant", "initial")
# A listing of a few rows must not make every name look common or rare: so many guests of a typical hotel are added.
BACKGROUND_GUESTS = 150
BACKGROUND_SHARE = {
    "exact": 0.002,
    "phonetic": 0.001,
    "nickname": 0.004,
    "fuzzy": 0.002,
    "prefix": 0.004,
    "distant": 0.008,
    "initial": 0.06,
}
MIN_PREFIX, MAX_PREFIX_WORDS = 2, 60
DIMINUTIVES = ("zinho", "zinha", "inho", "inha", "ito", "ita", "ao")


@dataclass(frozen=True, slots=True)
class WordHit:
    level: str
    word: str
    chance: float
    """Share of the listing's guests that a written word would meet at this level by accident."""


class WordMatcher:
    """Answers per written word are kept: a hundred orders about Maria look her up once."""

    def __init__(self, index: HouseIndex) -> None:
        self.index = index
        self._cache: dict[str, dict[int, WordHit]] = {}

    def hits(self, word: str) -> dict[int, WordHit]:
        """Position of a stay -> the best way in which the word means a part of its name."""
        if word not in self._cache:
            self._cache[word] = self._find(word)
        return self._cache[word]

    def _find(self, word: str) -> dict[int, WordHit]:
        found: dict[int, WordHit] = {}
        for level, meant in self.vocabulary(word):
            fresh = {p: w for w in meant for p in self.index.by_word.get(w, ()) if p not in found}
            chance = (len(fresh) + BACKGROUND_GUESTS * BACKGROUND_SHARE[level]) / (len(self.index) + BACKGROUND_GUESTS)
            found.update((p, WordHit(level, w, chance)) for p, w in sorted(fresh.items()))
        return found

    def vocabulary(self, word: str) -> list[tuple[str, list[str]]]:
        """Words of the listing it may stand for, by level, best level first."""
        if len(word) == 1:
            return [("initial", self._starting(word, limit=len(self.index.by_word)))]
        levels = {
            "exact": [word],
            "phonetic": self.index.by_sound.get(phonetic(word), []),
            "nickname": self._nicknames(word),
            **self._misspelt(word),
            "prefix": self._starting(word, limit=MAX_PREFIX_WORDS) if len(word) >= MIN_PREFIX else [],
        }
        return [(level, levels[level]) for level in LEVELS if levels.get(level)]

    def _nicknames(self, word: str) -> list[str]:
        names = list(lexicon.NICKNAMES.get(word, ()))
        for ending in DIMINUTIVES:
            stem = word.removesuffix(ending)
            if stem != word and len(stem) >= 3:
                names += [
                    w
                    for w in self._starting(stem.removesuffix("qu") + ("c" if stem.endswith("qu") else ""), limit=30)
                    if w != word
                ]
        return [w for name in names for w in self.index.by_sound.get(phonetic(name), ())]

    def _misspelt(self, word: str) -> dict[str, list[str]]:
        if len(word) < 4:
            return {}
        near = {w for form in deletions(word) for w in self.index.by_deletion.get(form, ())}
        fuzzy = [w for w in near if OSA.distance(word, w) == 1]
        distant = [w for w in near if len(word) >= 5 and w not in fuzzy and JaroWinkler.similarity(word, w) >= 0.86]
        return {"fuzzy": sorted(fuzzy), "distant": sorted(distant)}

    def _starting(self, prefix: str, *, limit: int) -> list[str]:
        words = self.index.sorted_words
        start = bisect_left(words, prefix)
        end = bisect_left(words, prefix + "\uffff")
        return words[start : min(end, start + limit)]
