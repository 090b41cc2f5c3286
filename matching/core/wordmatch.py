"""How a written word can mean a word of a guest's name, found over the whole vocabulary of the listing at once."""

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler

from matching.core import lexicon
from matching.core.index import HouseIndex, deletions
from matching.core.model import Model
from matching.core.phonetic import phonetic

# Best first; a stay counts for its best level only.
LEVELS = ("exact", "phonetic", "alias", "nickname", "register_slip", "prefix", "fuzzy", "distant", "initial")
# A listing of a few rows must not make every name look common or rare: so many guests of a typical hotel are added.
BACKGROUND_GUESTS = 150
KNOWN_NAME_SHARE, NICKNAME_SHARE, UNKNOWN_WORD_SHARE = 0.0015, 0.0002, 0.000002
MIN_PREFIX, MAX_PREFIX_WORDS = 2, 60
DIMINUTIVES = ("zinho", "zinha", "inho", "inha", "ito", "ita", "ao")


@dataclass(frozen=True, slots=True)
class WordHit:
    level: str
    word: str
    ratio: float
    """How much more often this guest is written so than anybody of the listing: P(word | guest) / P(word)."""


def _background(word: str) -> float:
    if word in lexicon.NAMES:
        return KNOWN_NAME_SHARE
    return NICKNAME_SHARE if word in lexicon.NICKNAMES else UNKNOWN_WORD_SHARE


class WordMatcher:
    """Answers per written word are kept: a hundred orders about Maria look her up once."""

    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self._cache: dict[str, dict[int, WordHit]] = {}
        self._arrays: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}

    def hits(self, word: str) -> dict[int, WordHit]:
        """Position of a stay -> the best way in which the word means a part of its name."""
        if word not in self._cache:
            self._cache[word] = self._find(word)
        return self._cache[word]

    def arrays(self, word: str, day: int, cap: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same as positions and ratios; of a very common word only the stays nearest to the day."""
        if word not in self._arrays:
            hits = self.hits(word)
            ratios = np.fromiter((hit.ratio for hit in hits.values()), dtype=np.float64, count=len(hits))
            self._arrays[word] = np.fromiter(hits, dtype=np.int64, count=len(hits)), ratios
        positions, ratios = self._arrays[word]
        if len(positions) > cap:
            kept = self.index.nearest(positions, day, cap)
            return positions[kept], ratios[kept]
        return positions, ratios

    def _find(self, word: str) -> dict[int, WordHit]:
        found: dict[int, tuple[str, str]] = {}
        expected = 0.0
        for level, meant in self.vocabulary(word):
            fresh: dict[int, str] = {}
            for written in meant:
                for position in self.index.by_word.get(written, ()):
                    if position not in found and self._is_better(position, written, fresh.get(position)):
                        fresh[position] = written
            found.update((p, (level, w)) for p, w in fresh.items())
            expected += math.fsum(self._share(level, word, written) for written in fresh.values())
        usual = (expected + BACKGROUND_GUESTS * _background(word)) / (len(self.index) + BACKGROUND_GUESTS)
        kept: dict[tuple[str, str], WordHit] = {}
        for level, written in set(found.values()):
            kept[level, written] = WordHit(level, written, self._share(level, word, written) / usual)
        return {p: kept[found[p]] for p in sorted(found)}

    def _share(self, level: str, word: str, written: str) -> float:
        """How often a guest of that name is written so; of a learned alias each pair has a share of its own."""
        return self._aliases(word)[written] if level == "alias" else self.model.m("name", level)

    def _aliases(self, word: str) -> dict[str, float]:
        """Words of the listing that the house calls so, as decisions have taught it."""
        learned = self.model.aliases.get(word, {})
        return {w: m for name, m in learned.items() for w in self.index.by_sound.get(phonetic(name), ())}

    def _is_better(self, position: int, written: str, other: str | None) -> bool:
        """Of two parts of one name that a word may mean, the given name is the likelier."""
        return other is None or self.index.stays[position].parts[0][0] == written

    def vocabulary(self, word: str) -> list[tuple[str, list[str]]]:
        """Words of the listing it may stand for, by level, best level first."""
        if len(word) == 1:
            return [("initial", self._starting(word, limit=len(self.index.by_word)))]
        levels = {
            "exact": [word],
            "phonetic": self.index.by_sound.get(phonetic(word), []),
            "alias": list(self._aliases(word)),
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
        fuzzy = {w for w in near if OSA.distance(word, w) == 1}
        distant = {w for w in near - fuzzy if len(word) >= 5 and JaroWinkler.similarity(word, w) >= 0.86}
        # A name that nobody bears, once in the listing, is a slip in the register; most other slips are the writer's.
        odd = {w for w in fuzzy if w not in lexicon.NAMES and len(self.index.by_word[w]) <= 2}
        return {"register_slip": sorted(odd), "fuzzy": sorted(fuzzy - odd), "distant": sorted(distant)}

    def _starting(self, prefix: str, *, limit: int) -> list[str]:
        words = self.index.sorted_words
        start = bisect_left(words, prefix)
        end = bisect_left(words, prefix + "\uffff")
        return words[start : min(end, start + limit)]
