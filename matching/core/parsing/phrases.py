"""Word lists and phrase lists: how the data files of `words/` are read, and how phrases are found in a token list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from matching.core.parsing.text import strip_marks

WORDS = Path(__file__).with_name("words")
Phrase = tuple[str, ...]


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def read_lines(name: str) -> list[str]:
    """Lines of `words/<name>.txt` without comments and blanks; accents and case are folded."""
    lines = (strip_marks(line).lower() for line in (WORDS / f"{name}.txt").read_text("utf-8").splitlines())
    return [line for line in lines if line.strip() and not line.startswith("#")]


def read_words(name: str) -> frozenset[str]:
    return frozenset(word for line in read_lines(name) for word in line.split())


def read_groups(name: str) -> dict[str, list[str]]:
    """Lines `code=word word word`. Several lines of one code add up."""
    groups: dict[str, list[str]] = {}
    for line in read_lines(name):
        code, _, listed = line.partition("=")
        groups.setdefault(code.strip(), []).extend(listed.split())
    return groups


def read_sections(name: str) -> dict[str, str]:
    """Text by `[section]` heading, its lines joined by spaces."""
    sections: dict[str, str] = {}
    current = ""
    for line in read_lines(name):
        if line.startswith("["):
            current = line.strip("[] ")
            sections.setdefault(current, "")
        else:
            sections[current] += f" {line} " if "|" not in line else f" | {line} "
    return sections


def read_phrases(name: str) -> dict[str, list[Phrase]]:
    """By section the phrases between the "|", each as a tuple of words."""
    return {
        section: [tuple(phrase.split()) for phrase in text.split("|") if phrase.strip()]
        for section, text in read_sections(name).items()
    }


class Match(NamedTuple):
    """A phrase found in a token list: its code and the half-open range of its tokens."""

    code: str
    start: int
    end: int


class PhraseBook:
    """Finds the phrases of several codes in one pass: linear in the number of tokens."""

    def __init__(self, phrases: Mapping[str, Iterable[Phrase]]) -> None:
        self._by_first: dict[str, list[tuple[Phrase, list[str]]]] = {}
        codes: dict[Phrase, list[str]] = {}
        for code, listed in phrases.items():
            for phrase in listed:
                if code not in codes.setdefault(phrase, []):
                    codes[phrase].append(code)
        for phrase in sorted(codes, key=lambda phrase: (-len(phrase), phrase)):
            self._by_first.setdefault(phrase[0], []).append((phrase, codes[phrase]))

    def find(self, texts: Sequence[str]) -> Iterator[Match]:
        """Every phrase that begins at any token; of those that begin at one token all lengths count. A hyphen or full
        stop between two words of a phrase is passed over (`check-out`, `ex-hóspede`)."""
        for start, text in enumerate(texts):
            for phrase, codes in self._by_first.get(text, ()):
                end = self._end(texts, start, phrase)
                if end:
                    for code in codes:
                        yield Match(code, start, end)

    @staticmethod
    def _end(texts: Sequence[str], start: int, phrase: Phrase) -> int:
        place = start + 1
        for word in phrase[1:]:
            if place < len(texts) and texts[place] in "-." and texts[place]:
                place += 1
            if place >= len(texts) or texts[place] != word:
                return 0
            place += 1
        return place


def underscored(groups: Mapping[str, Iterable[str]]) -> dict[str, list[Phrase]]:
    """Groups whose words are joined by "_" where they are phrases, as phrases."""
    return {
        code: [parts for word in words if (parts := tuple(w for w in word.split("_") if w))]
        for code, words in groups.items()
    }
