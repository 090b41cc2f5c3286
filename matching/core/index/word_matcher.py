"""How a written word can mean a word of a guest's name, found over the whole vocabulary of the listing at once."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler

from matching.core.index.house_index import HouseIndex, deletions
from matching.core.kernel.blocks import Floats, Ints, distinct
from matching.core.model import Model
from matching.core.parsing import lexicon
from matching.core.parsing.phonetic import heard, phonetic

# Best first; a stay counts for its best level only.
LEVELS = ("exact", "phonetic", "alias", "nickname", "register_slip", "prefix", "fuzzy", "distant", "heard", "initial")
# A listing of a few rows must not make every name look common or rare: so many guests of a typical hotel are added.
BACKGROUND_GUESTS = 150
KNOWN_NAME_SHARE, NICKNAME_SHARE, UNKNOWN_WORD_SHARE = 0.0015, 0.0002, 0.000002
MIN_PREFIX, MAX_PREFIX_WORDS = 3, 60
DIMINUTIVES = ("zinho", "zinha", "inho", "inha", "ito", "ita", "ao")
# Stays that kept meanings may name in all: so many, or so many times the listing. Beyond it they are forgotten and
# found again.
MOST_KEPT, MOST_KEPT_TIMES = 2_000_000, 20
# Days for which the nearest bearers of a common word are kept.
MOST_DAYS = 8
MOST_ALIASES = 50
MIN_HEARD, ALIKE_IN_SOUND, MOST_HEARD = 5, 0.83, 3
# A part of a name, seen from a written word: way << WAY | preference << PLACE | place of the part in the name.
WAY, PLACE = 40, 8
UNMET = np.iinfo(np.int64).max


def _background(word: str) -> float:
    if word in lexicon.NAMES:
        return KNOWN_NAME_SHARE
    return NICKNAME_SHARE if word in lexicon.NICKNAMES else UNKNOWN_WORD_SHARE


@dataclass(frozen=True)
class Way:
    """One way in which a word may mean others: a level, how often it is written so, and the words meant."""

    level: str
    m: float
    meant: list[int]


@dataclass(frozen=True)
class Meaning:
    """A written word against the listing."""

    levels: list[str]
    ratios: Floats
    """By way: how much more often such a guest is written so than anybody of the listing, P(word | guest) / P(word)."""
    codes: NDArray[np.int64]
    """Words of the listing that may be meant, ascending, and beside them the best way and the preference in it."""
    values: NDArray[np.int64]
    positions: NDArray[np.int32]
    """Stays that bear any of them, ascending, and the best way of each."""
    ways: NDArray[np.int8]
    near: dict[int, tuple[NDArray[np.int32], NDArray[np.int8]]] = field(default_factory=dict)


class WordMatcher:
    """Answers per written word are kept: a hundred orders about Maria look her up once."""

    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self._known: dict[str, Meaning] = {}
        self._kept = 0
        # All zero between two words.
        self._scratch = np.zeros(len(index), dtype=np.int8)

    def meaning(self, word: str) -> Meaning:
        if word not in self._known:
            found = self._find(word)
            self._kept += len(found.positions)
            if self._kept > max(MOST_KEPT, MOST_KEPT_TIMES * len(self.index)):
                self._known, self._kept = {}, len(found.positions)
            self._known[word] = found
        return self._known[word]

    def near(self, word: str, day: int, cap: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Who may be meant, and how; of a very common word only the stays nearest to the day."""
        found = self.meaning(word)
        if len(found.positions) <= cap:
            return found.positions, found.ways
        if day not in found.near:
            if len(found.near) >= MOST_DAYS:
                found.near.clear()
            kept = self.index.nearest(found.positions, day, cap)
            found.near[day] = kept, found.ways[np.searchsorted(found.positions, kept)]
        return found.near[day]

    def _find(self, word: str) -> Meaning:
        ways = list(self._ways(word))
        positions, best = self._bearers(ways)
        counts = np.bincount(best, minlength=len(ways))
        expected = sum(n * way.m for n, way in zip(counts.tolist(), ways, strict=True))
        usual = (expected + BACKGROUND_GUESTS * _background(word)) / (len(self.index) + BACKGROUND_GUESTS)
        ratios = np.array([way.m / usual for way in ways])
        codes, values = _preferences(ways)
        return Meaning([way.level for way in ways], ratios, codes, values, positions, best)

    def _bearers(self, ways: Sequence[Way]) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Every stay that bears a word meant in any way, and its best way."""
        scratch, by_word = self._scratch, self.index.by_word
        blocks = [(place, by_word[code]) for place, way in reversed(list(enumerate(ways))) for code in way.meant]
        for place, block in blocks:
            scratch[block] = place + 1
        if sum(len(block) for _, block in blocks) * 16 < len(scratch):
            positions = distinct([block for _, block in blocks])
        else:
            positions = np.flatnonzero(scratch > 0).astype(np.int32)
        best = scratch[positions] - np.int8(1)
        scratch[positions] = 0
        return positions, best

    # --- the vocabulary --------------------------------------------------------------------------
    def _ways(self, word: str) -> Iterator[Way]:
        """Words of the listing it may stand for, best way first; every learned alias is a way of its own."""
        for level, meant in self._by_level(word):
            if level == "alias":
                yield from self._aliases(word)
            else:
                yield Way(level, self.model.m("name", level), meant)

    def _aliases(self, word: str) -> Iterator[Way]:
        """What the house calls its guests, as decisions have taught it: the likeliest first."""
        learned = self.model.aliases.get(word, {})
        for name, m in sorted(learned.items(), key=lambda item: (-item[1], item[0]))[:MOST_ALIASES]:
            yield Way("alias", m, self.index.by_sound.get(phonetic(name), []))

    def _by_level(self, word: str) -> list[tuple[str, list[int]]]:
        if len(word) == 1:
            return [("initial", self._starting(word, limit=len(self.index.words)))]
        same = self.index.word_codes.get(word)
        levels = {
            "exact": [] if same is None else [same],
            "phonetic": self.index.by_sound.get(phonetic(word), []),
            "alias": [-1] if word in self.model.aliases else [],
            "nickname": self._nicknames(word),
            **self._misspelt(word),
            "prefix": self._starting(word, limit=MAX_PREFIX_WORDS) if len(word) >= MIN_PREFIX else [],
        }
        if not any(levels.values()):
            levels["heard"] = self._heard(word)
        return [(level, levels[level]) for level in LEVELS if levels.get(level)]

    def _heard(self, word: str) -> list[int]:
        """Names written down by ear (`Covaltique` for Kowalczyk): near in sound, where nothing else is near."""
        sound = heard(word)
        if len(sound) < MIN_HEARD:
            return []
        near = self.index.by_first_sound.get(sound[0], [])
        return [code for code in near if JaroWinkler.similarity(sound, self.index.heard[code]) >= ALIKE_IN_SOUND][
            :MOST_HEARD
        ]

    def _nicknames(self, word: str) -> list[int]:
        by_sound = self.index.by_sound
        codes = [code for name in lexicon.NICKNAMES.get(word, ()) for code in by_sound.get(phonetic(name), ())]
        for ending in DIMINUTIVES:
            stem = word.removesuffix(ending)
            if stem != word and len(stem) >= 3:
                stem = stem.removesuffix("qu") + ("c" if stem.endswith("qu") else "")
                alike = (self.index.words[code] for code in self._starting(stem, limit=30))
                codes += [code for name in alike if name != word for code in by_sound[phonetic(name)]]
        return codes

    def _misspelt(self, word: str) -> dict[str, list[int]]:
        if len(word) < 4:
            return {}
        index = self.index
        near = {code for form in deletions(word) for code in index.by_deletion.get(form, ())}
        fuzzy = {code for code in near if OSA.distance(word, index.words[code]) == 1}
        far = near - fuzzy if len(word) >= 5 else set()
        distant = [code for code in far if JaroWinkler.similarity(word, index.words[code]) >= 0.86]
        # A name that nobody bears, once in the listing, is a slip in the register; most other slips are the writer's.
        odd = {code for code in fuzzy if index.words[code] not in lexicon.NAMES and index.word_counts[code] <= 2}
        return {"register_slip": sorted(odd), "fuzzy": sorted(fuzzy - odd), "distant": sorted(distant)}

    def _starting(self, prefix: str, *, limit: int) -> list[int]:
        start = bisect_left(self.index.words, prefix)
        end = bisect_left(self.index.words, prefix + "\uffff")
        return list(range(start, min(end, start + limit)))


def _preferences(ways: Sequence[Way]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    best: dict[int, int] = {}
    for place, way in enumerate(ways):
        for preference, code in enumerate(way.meant, 1):
            best.setdefault(code, place << WAY | preference << PLACE)
    codes = np.array(sorted(best), dtype=np.int64)
    return codes, np.array([best[code] for code in codes.tolist()], dtype=np.int64)


class Glossary:
    """The meanings of all words of a batch side by side: what a word says of a guest's name, for many at once."""

    def __init__(self, index: HouseIndex, meanings: Sequence[Meaning]) -> None:
        self.index, self.meanings = index, meanings
        self._size = max(1, len(index.words))
        sizes = [place * self._size + meaning.codes for place, meaning in enumerate(meanings)]
        self._keys = np.concatenate([np.zeros(0, dtype=np.int64), *sizes])
        self._values = np.append(np.concatenate([np.zeros(0, dtype=np.int64), *(m.values for m in meanings)]), UNMET)
        self.ratios = np.concatenate([np.zeros(0), *(m.ratios for m in meanings)])
        counts = np.array([len(m.ratios) for m in meanings], dtype=np.int64)
        self.ratio_starts = np.cumsum(counts) - counts
        self.levels = [level for meaning in meanings for level in meaning.levels]

    def look(self, words: Ints, parts: Ints, places: Ints) -> NDArray[np.int64]:
        """Value of each part of a name (place 0: the given name) for each word; the smallest of a name is the hit."""
        wanted = words.astype(np.int64) * self._size + parts
        found = np.searchsorted(self._keys, wanted)
        found[found == len(self._keys)] = 0
        if not len(self._keys):
            return np.full(len(wanted), UNMET)
        values = np.where(self._keys[found] == wanted, self._values[found], UNMET)
        # Of two parts that a word may mean in the same way, the given name is the likelier.
        given = (places == 0) & (values != UNMET)
        values[given] = values[given] >> WAY << WAY
        return np.where(values == UNMET, UNMET, values | places)

    def way(self, words: Ints, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place of a hit's way among `ratios` and `levels`."""
        return np.asarray(self.ratio_starts[words] + (values >> WAY))
