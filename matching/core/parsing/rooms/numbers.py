"""A number that begins at a place of an order, in the digits, letters and words in which people type it."""

import re
from collections.abc import Iterator

from matching.core.parsing import numerals
from matching.core.parsing.rooms.directory import NAMED_BLOCKS, RoomDirectory
from matching.core.parsing.scan import Scan

NUMBER = re.compile(r"(\d{1,5})([a-z]{0,2})")
# Letters that are words of their own: they name a block only where they are written as one.
WORDLIKE = frozenset("aeo")
ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
Option = tuple[str, frozenset[str], int]
"""Digits, letters that hang on them, and where they end."""
_LOOKS_LIKE_DIGITS = re.compile(r"(?=[0-9oil|]{0,4}\d)[0-9oil|]{3,5}")
_AS_DIGIT = str.maketrans("oil|", "0111")
_AS_ONE = frozenset("loi")


class NumberReader:
    """Reads numbers of one scan: each reading is digits, the letters that hang on them, and where they end."""

    def __init__(self, scan: Scan, directory: RoomDirectory) -> None:
        self.scan, self.directory, self.texts = scan, directory, scan.texts

    def options(self, place: int, *, led: bool) -> Iterator[Option]:
        """Readings of a number that begins at a place, likeliest first."""
        if place >= len(self.texts) or place in self.scan.taken:
            return
        token = self.scan.tokens[place]
        if token.is_number:
            yield from self._digits(place, led=led)
        elif led and token.text in ROMAN and token.text not in ("i", "v"):
            yield ROMAN[token.text], frozenset(), place + 1
        elif token.text in numerals.VALUES:
            end = numerals.number_words(self.texts, place)
            options = list(numerals.readings(self.texts, place, end))
            known = [o for o in options if o[0].lstrip("0") in self.directory.by_number]
            article = end - place == 1 and token.text in numerals.ARTICLES
            yield from (
                (digits, frozenset(), stop) for digits, stop in (known or (options[:1] if led and not article else []))
            )
        elif led and (found := self.letter_and_digits(place)):
            yield found

    def _digits(self, place: int, *, led: bool) -> Iterator[Option]:
        text, by_number = self.texts[place], self.directory.by_number
        joined, end = self._glued_run(place)
        if joined != text and _LOOKS_LIKE_DIGITS.fullmatch(joined):
            number = joined.translate(_AS_DIGIT)
            if number.lstrip("0") in by_number or led:
                yield number, frozenset(), end
        if len(text) == 1 and (run := self._digit_by_digit(place, led=led)):
            yield run
        if len(text) <= 2 and (thousand := self._with_point(place)):
            yield thousand
        if led and len(text) == 2 and (pair := self._two_halves(place)):
            yield pair
        match = NUMBER.fullmatch(text)
        if match and match[2] and self.scan.glued(place + 1):
            # `302b2`: the block of a letter and a digit behind the number.
            block = match[2] + self.scan.text(place + 1)
            if block in self.directory.tags:
                yield match[1], frozenset({block}), place + 2
        if match:
            digits, letters = match.groups()
            if letters and _LOOKS_LIKE_DIGITS.fullmatch(text) and text.translate(_AS_DIGIT).lstrip("0") in by_number:
                yield text.translate(_AS_DIGIT), frozenset(), place + 1
            if (
                not letters
                or letters in self.directory.tags
                or letters in self.directory.initials
                or letters in "abcdefg"
            ):
                yield digits, frozenset({letters} if letters else ()), place + 1
            elif letters in ("o", "a") and led:
                yield digits, frozenset(), place + 1

    def _glued_run(self, place: int) -> tuple[str, int]:
        """What stands together without a space from here on: `1O4` is two tokens."""
        joined, end = self.texts[place], place + 1
        while end < len(self.texts) and self.scan.tokens[end].glued and self.texts[end].isalnum() and len(joined) <= 5:
            joined += self.texts[end]
            end += 1
        return joined, end

    def _digit_by_digit(self, place: int, *, led: bool) -> Option | None:
        """`1 2 0 4`, `1-2-0-4`, `1.2.0.4`."""
        digits, end, at = self.texts[place], place + 1, place + 1
        mark = self.scan.text(at) if self.scan.text(at) in ("-", ".", ",") else ""
        while at < len(self.texts):
            at += bool(mark) and self.texts[at] == mark
            if (
                at >= len(self.texts)
                or len(self.texts[at]) != 1
                or not (self.texts[at].isdecimal() or self.texts[at] in "ol")
            ):
                break
            digits += self.texts[at].translate(_AS_DIGIT)
            end = at = at + 1
        if not 3 <= len(digits) <= 5 or not (led or digits.lstrip("0") in self.directory.by_number):
            return None
        return digits, frozenset(), end

    def _with_point(self, place: int) -> Option | None:
        """`1.302` is 1302 where the house has that."""
        after = self.scan.text(place + 2)
        match = NUMBER.fullmatch(after)
        if self.scan.text(place + 1) != "." or not self.scan.glued(place + 1) or not self.scan.glued(place + 2):
            return None
        if match is None or len(match[1]) != 3 or self.texts[place] + match[1] not in self.directory.by_number:
            return None
        return self.texts[place] + match[1], frozenset({match[2]} - {""}), place + 3

    def _two_halves(self, place: int) -> Option | None:
        """`quarto 12 04` is 1204 where the house has that and no 12."""
        text = self.texts[place]
        after = place + 2 if self.scan.text(place + 1) in ("-", ".") else place + 1
        joined = text + self.scan.text(after)
        by_number = self.directory.by_number
        if (
            len(joined) == 4
            and joined.isdecimal()
            and joined.lstrip("0") in by_number
            and text.lstrip("0") not in by_number
        ):
            return joined, frozenset(), after + 1
        return None

    def is_lettered(self, place: int) -> bool:
        return self.letter_and_digits(place) is not None

    def letter_and_digits(self, place: int) -> Option | None:
        """`B104`, `B-104`, `b 104`, `ch 3`; `l204` for 1204."""
        text = self.scan.text(place)
        if not 1 <= len(text) <= 4 or not text.isalpha():
            return None
        after = place + 1
        if self.scan.text(after) in ("-", ".", "/") and (
            self.scan.text(after + 1)[:1].isdigit()
            or (self.scan.text(after + 1) in _AS_ONE and self.scan.glued(after + 2))
        ):
            after += 1
        if after >= len(self.texts):
            return None
        if not self.scan.tokens[after].is_number and not (self.texts[after] in _AS_ONE and self.scan.glued(after + 1)):
            return None
        joined, end = self._glued_run(after)
        if _LOOKS_LIKE_DIGITS.fullmatch(joined):
            match = NUMBER.fullmatch(joined.translate(_AS_DIGIT))
        else:
            match, end = NUMBER.fullmatch(self.texts[after]), after + 1
        if match is None or (match[2] and match[2] not in self.directory.tags):
            return None
        number, tag = match[1].lstrip("0") or match[1], NAMED_BLOCKS.get(text, text)
        if tag in self.directory.initials and (len(tag) == 2 or self.scan.glued(after) or after > place + 1):
            tag = self.directory.initials[tag]
        written = self.scan.glued(after) or self.scan.tokens[place].capital or (text not in WORDLIKE and len(text) <= 2)
        if tag in self.directory.tags and (written or len(text) > 1):
            known = any(tag in room.tags for room in self.directory.by_number.get(number, ()))
            if known or (tag in self.directory.blocks and (self.scan.glued(after) or self.scan.text(place + 1) == "-")):
                return match[1], frozenset({tag, match[2]} - {""}), end
        if (
            text in ("l", "o", "i")
            and self.scan.glued(after)
            and text.translate(_AS_DIGIT) + match[1] in self.directory.by_number
        ):
            return text.translate(_AS_DIGIT) + match[1], frozenset(), after + 1
        return None
