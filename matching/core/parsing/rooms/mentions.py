"""Rooms in typed text: led by a room word or bare, in digits, letters or number words, with block, bed and name; lists;
rooms beside the place that is meant; corrections."""

import re
from collections.abc import Iterator
from dataclasses import replace

from matching.core.parsing import lexicon, numerals
from matching.core.parsing.phrases import word_set
from matching.core.parsing.rooms.denials import FILLERS, deny_rooms, mark_places_beside
from matching.core.parsing.rooms.directory import (
    ANY_ROOM,
    BED_LEVELS,
    BED_WORDS,
    BLOCK_WORDS,
    NAMED_BLOCKS,
    Designator,
    Found,
    RoomDirectory,
)
from matching.core.parsing.scan import RoomMention, Scan
from matching.core.parsing.text import strip_marks, tokenize

_NUMBER = re.compile(r"(\d{1,5})([a-z]{0,2})")
_LOOKS_LIKE_DIGITS = re.compile(r"(?=[0-9oil|]{0,4}\d)[0-9oil|]{3,5}")
_AS_DIGIT = str.maketrans("oil|", "0111")
_AS_ONE = frozenset("loi")
_BARE_ROOM = re.compile(r"0*\d{3,4}[a-g]?|\d{2}[a-g]")
_LINKS = frozenset("/,&+")
_AND = frozenset(["e", "y", "and", "ou", "or"])
_AFTER_FILLERS = word_set("- , ( da do no na de of in the en la del")
# Letters that are words of their own: they name a block only where they are written as one.
_WORDLIKE = frozenset("aeo")
_BEFORE_ROOM = word_set("do no da na ao o para pro pra p de del la in")
_EVERY = word_set("por cada todo todos toda todas qualquer each per every all cada")
# Letters as they are said: `quarto três dê`.
_SPOKEN_LETTERS = {
    "be": "b",
    "ce": "c",
    "de": "d",
    "efe": "f",
    "ge": "g",
    "aga": "h",
    "bee": "b",
    "see": "c",
    "dee": "d",
}
_NUMBERED_PAPERS = word_set(
    "nota notas nf nfe fiscal pedido protocolo processo ticket voucher reserva chamado os cupom fatura recibo boleto"
)
_NOT = frozenset(["nao", "not", "nem"])
# Of those, and of other names of letters, the ones that are no word before a number: `xis duzentos e quatro`.
_LEADING_LETTERS = {
    "xis": "x",
    "pe": "p",
    "be": "b",
    "efe": "f",
    "ge": "g",
    "aga": "h",
    "jota": "j",
    "eme": "m",
    "ene": "n",
    "erre": "r",
}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
# Letters that stand for a bed right behind a dormitory's number: `D3-B2`, `Q1-C4`.
_BED_LETTERS = frozenset(["b", "c", "l", "k"])
MOST_FILLERS, MOST_TOKENS_LED = 3, 8
Option = tuple[str, frozenset[str], int]
"""Digits, letters that hang on them, and where they end."""


def find_rooms(scan: Scan, directory: RoomDirectory, *, is_room_field: bool = False) -> None:
    """Fills `scan.mentions` and takes their tokens."""
    RoomReader(scan, directory, is_room_field).read()
    if scan.floor is not None and not scan.mentions:
        _floor_and_end(scan, directory)
    if not is_room_field and scan.mentions:
        mark_places_beside(scan)
        deny_rooms(scan)


def find_floor(scan: Scan) -> None:
    """`segundo andar`, `3º andar`, `andar 5`: taken, and kept as the floor named."""
    if _FLOOR_WORDS.isdisjoint(scan.texts):
        return
    for place, text in enumerate(scan.texts):
        if text not in _FLOOR_WORDS:
            continue
        for at in (place - 1, place + 1):
            word = scan.text(at)
            number = numerals.ORDINALS.get(word) if at < place else None
            if number is None and (match := _FLOOR.fullmatch(word)):
                number = int(match[1])
            if number is not None:
                if _PASSAGES.isdisjoint(scan.texts[max(0, place - 5) : place]):
                    scan.floor = number
                scan.take((place, at))
                break


# Whoever is met there need not live on that floor: `homem no corredor do 6 andar`.
_PASSAGES = word_set("corredor corredores hall elevador elevadores escada escadas hallway corridor elevator pasillo")
_FLOOR_WORDS = frozenset(["andar", "piso", "floor", "pavimento", "andares", "planta"])
_FLOOR = re.compile(r"(\d{1,2})(?:o|a|st|nd|rd|th)?")


def read_room(text: str, directory: RoomDirectory) -> tuple[str, ...]:
    """The keys of the rooms that a text may mean which is nothing but a room: one, several where the number is that of
    rooms in several blocks, none where it is no room."""
    scan = Scan(tokenize(strip_marks(text)))
    find_rooms(scan, directory, is_room_field=True)
    return tuple(dict.fromkeys(key for mention in scan.mentions if not mention.unread for key in mention.keys))


class RoomReader:
    def __init__(self, scan: Scan, directory: RoomDirectory, is_room_field: bool) -> None:
        self.scan, self.directory, self.is_room_field = scan, directory, is_room_field
        self.texts = scan.texts
        self.family = ""
        """Of the room read last: what is strung to it is of the same family."""

    def read(self) -> None:
        if not self.is_room_field:
            find_floor(self.scan)
        place = 0
        while place < len(self.texts):
            found = None if place in self.scan.taken else self._at(place)
            if found is None:
                place += 1
                continue
            self._keep(found)
            place = max(found.end, place + 1)

    def _keep(self, found: RoomMention) -> None:
        self.scan.mentions.append(found)
        if found.unread and not found.keys:
            self.scan.take(range(found.start, found.start + 1))
            return
        self.scan.take(range(found.start, found.end))
        if not found.unread:
            self.scan.beside_room.update((found.start - 1, found.end, found.end + 1))

    def _at(self, place: int) -> RoomMention | None:
        text = self.texts[place]
        if alias := self.directory.alias(self.texts, place):
            return RoomMention(place, alias[1], " ".join(self.texts[place : alias[1]]), alias[0])
        token = self.scan.tokens[place]
        if spelled := self._in_own_spelling(place):
            return spelled
        if token.is_number:
            return self._strung(place) or self._bare_number(place)
        if (
            text == "#"
            or (token.is_word and (text in self.directory.leads or text in BLOCK_WORDS or text in NAMED_BLOCKS))
        ) and (found := self._led(place)):
            return found
        if not token.is_word:
            return None
        if self._names_block(place) and (found := self._led(place)):
            return found
        letter = _LEADING_LETTERS.get(text, "")
        if letter in self.directory.blocks and place + 1 < len(self.texts):
            for option in self._numbers(place + 1, led=False):
                so_far = Designator(tags=frozenset({letter}), block=True)
                if (spoken := self._with_number(place, option, so_far, known_only=True)) and spoken.keys:
                    return spoken
        if text in BED_WORDS and self.directory.has_beds and (found := self._bed_first(place)):
            return found
        if place + 1 < len(self.texts) and (found := self._lettered(place)):
            return found
        if text in numerals.VALUES and (found := self._spelled(place)):
            return found
        return self._named_bare(place)

    def _in_own_spelling(self, place: int) -> RoomMention | None:
        """As the listing writes it, or by its initials, with any separators: `B2-308`, `b2 308`, `Day use 3`, `VC3`."""
        first = self.scan.tokens[place]
        if not first.is_word or (found := self.directory.spelled(self.texts, place)) is None:
            return self._by_full_name(place)
        key, end = found
        parted = not self.scan.glued(place + 1)
        if len(first.text) == 1 and parted and not self.is_room_field and not self._is_written_apart(place):
            return None
        if end - place == 2 and parted and not self.is_room_field and self.scan.text(end) in lexicon.NOT_A_ROOM_AFTER:
            return None
        self.family = ""
        return RoomMention(place, end, " ".join(self.texts[place:end]), (key,))

    def _is_written_apart(self, place: int) -> bool:
        """`B 308`: a letter before a number is more than a word of its own (`a 308`)."""
        return self.texts[place] not in _WORDLIKE and len(self.scan.text(place + 1)) >= 3

    def _by_full_name(self, place: int) -> RoomMention | None:
        """`São Bento`, `S. Bento`: the whole name of a room, though each word may be a person's."""
        if not self.scan.tokens[place].is_word or (found := self.directory.full_name(self.texts, place)) is None:
            return None
        keys, end = found
        level = "same" if len(keys) == 1 else "same_number"
        return RoomMention(place, end, " ".join(self.texts[place:end]), keys, level)

    def _names_block(self, place: int) -> bool:
        """A word, or a letter and a digit (`B1`), that is a block of the house by itself."""
        text = self.texts[place]
        if len(text) > 2 and (text in self.directory.tags or text in self.directory.named_blocks):
            return True
        return self._lettered_block(place) is not None

    def _lettered_block(self, place: int) -> str | None:
        if not self.directory.lettered_blocks:
            return None
        joined = self.scan.text(place) + self.scan.text(place + 1)
        written = len(self.scan.text(place)) == 1 and len(joined) == 2 and self.scan.glued(place + 1)
        return joined if written and joined in self.directory.lettered_blocks else None

    # --- led by a word ---------------------------------------------------------------------------
    def _led(self, start: int, bed: str = "") -> RoomMention | None:
        family, tags, led, block = "", set[str](), False, False
        place, fillers = start, 0
        while place < len(self.texts) and place - start < MOST_TOKENS_LED:
            text = self.texts[place]
            if text == "#" and not led:
                led, place = True, place + 1
            elif text in self.directory.leads and self._leads(place):
                kind = self.directory.leads[text]
                family = kind if not family or family == ANY_ROOM else family
                led, place, fillers = True, place + 1, 0
            elif after := self._block(place):
                if block and fillers and not led and after[0] not in tags:
                    break
                tag, place = after
                tags.add(tag)
                block, fillers = True, 0
            elif (led or block) and text in FILLERS and fillers < MOST_FILLERS and not self._is_lettered(place):
                place, fillers = place + 1, fillers + 1
            else:
                break
        if not (led or block):
            return None
        if block and not led and not any(True for _ in self._numbers(place, led=True)):
            denied = not self.scan.near(start, 3).isdisjoint(_NOT)
            (self.scan.denied_blocks if denied else self.scan.blocks).update(tags)
            if self.texts[start] not in BLOCK_WORDS:
                self.scan.take(range(start, place))
        if block and not led and place >= len(self.texts):
            return None
        return self._core(start, place, Designator("", frozenset(tags), family, (), bed, led, block))

    def _leads(self, place: int) -> bool:
        """A single letter leads to a number only; `quarto andar` is the fourth floor."""
        text, after = self.texts[place], self.scan.text(place + 1)
        if after in ("andar", "piso", "floor", "pavimento", "feira"):
            return False
        if len(text) <= 2 and text not in lexicon.ROOM_WORDS:
            if after[:1].isdigit() or (after in "-.:" and self.scan.text(place + 2)[:1].isdigit()):
                return True
            return len(text) == 2 and len(after) > 3 and self.directory.name_word(after, led=True) is not None
        return True

    def _block(self, place: int) -> tuple[str, int] | None:
        """The block named at a place, and what follows it."""
        text = self.scan.text(place)
        if lettered := self._lettered_block(place):
            return lettered, place + 2
        named = NAMED_BLOCKS.get(text, "") in self.directory.tags
        if named and (len(text) > 2 or self.scan.text(place + 1)[:1].isdigit()):
            return NAMED_BLOCKS[text], place + 1
        if text not in BLOCK_WORDS:
            tag = self.directory.tag_word(text) if text.isalpha() else ""
            return (tag, place + 1) if tag and tag not in lexicon.NAMES else None
        after = place + 1
        while self.scan.text(after) in ("-", '"', ".", ":"):
            after += 1
        if lettered := self._lettered_block(after):
            return lettered, after + 2
        tag = self.scan.text(after)
        tag = NAMED_BLOCKS.get(tag, tag)
        if len(tag) == 1 and tag.isdecimal() and (numbered := self.directory.numbered_block(text, tag)):
            return numbered, after + 1
        if tag in _ROMAN and tag not in self.directory.tags:
            tag = _ROMAN[tag]
        if tag in self.directory.tags or (len(text) > 2 and len(tag) == 1 and tag.isalpha()):
            return tag, after + 1
        if len(text) > 2 and tag.isdecimal() and len(tag) == 1 and self.scan.text(after + 1)[:1].isdigit():
            return tag, after + 1
        if len(text) > 2 and (bracketed := self._bracketed(after)):
            return bracketed
        words = numerals.VALUES.get(tag)
        if len(text) > 2 and words is not None and str(words) in self.directory.tags:
            return str(words), after + 1
        return None

    def _bracketed(self, place: int) -> tuple[str, int] | None:
        """`o prédio de trás (B)`."""
        for at in range(place, min(place + 4, len(self.texts) - 2)):
            if self.texts[at] == "(" and self.texts[at + 2] == ")" and self.texts[at + 1] in self.directory.tags:
                return self.texts[at + 1], at + 3
        return None

    def _core(self, start: int, place: int, so_far: Designator) -> RoomMention | None:
        """The alias, number or name behind the leading words."""
        if place < len(self.texts) and (alias := self.directory.alias(self.texts, place)):
            return RoomMention(start, alias[1], " ".join(self.texts[start : alias[1]]), alias[0])
        for option in self._numbers(place, led=True):
            found = self._with_number(start, option, so_far)
            if found is not None:
                return found
        return self._with_name(start, place, so_far) or self._unread(start, place, so_far)

    def _with_number(
        self, start: int, option: Option, so_far: Designator, *, known_only: bool = False
    ) -> RoomMention | None:
        digits, letters, end = self._bed_glued_on(option)
        if end > option[2]:
            so_far = replace(so_far, bed=self.texts[end - 1].lstrip("0"))
        if not so_far.block and self.scan.text(end) in ("andar", "piso", "floor") and not self.is_room_field:
            return None
        tags, bed, end = self._behind(end, digits, so_far.tags | letters, so_far.bed)
        typed = Designator(digits.lstrip("0") or digits, tags, so_far.family, (), bed, so_far.led, so_far.block)
        found = self.directory.find(typed)
        text = " ".join(self.texts[start:end])
        self.family = typed.family
        if found.keys:
            return RoomMention(start, end, text, found.keys, found.level, found.beside)
        if known_only or found.beside:
            return RoomMention(start, end, text, (), "same", found.beside, unread=True) if found.beside else None
        if so_far.led or so_far.block or self.is_room_field:
            unknown = self._unknown_key(typed)
            return RoomMention(start, end, text, (unknown,) if unknown else (), unread=True)
        return None

    def _bed_glued_on(self, option: Option) -> Option:
        """`q3c2`: the letter that hangs on the number stands for the bed."""
        digits, letters, end = option
        if not self.directory.has_beds or not letters or not letters <= _BED_LETTERS or not self.scan.glued(end):
            return option
        beds = {room.bed for room in self.directory.by_number.get(digits.lstrip("0"), ())}
        return (digits, frozenset(), end + 1) if self.texts[end].lstrip("0") in beds else option

    def _unknown_key(self, typed: Designator) -> str:
        """The key of a room that the listing does not show: such a room may be free."""
        if typed.family not in ("", ANY_ROOM, "suite") and len(typed.number) < 3:
            return ""
        return "".join((*sorted(typed.tags & self.directory.blocks), typed.number))

    def _behind(self, end: int, digits: str, tags: frozenset[str], bed: str) -> tuple[frozenset[str], str, int]:
        """Letters, block and bed behind a number: `1204-B`, `803 da torre B`, `Q3 cama 2`."""
        scan, number = self.scan, digits.lstrip("0") or digits
        if (
            scan.text(end) == "."
            and scan.text(end + 1) == "0"
            and scan.glued(end)
            and scan.glued(end + 1)
            and self.is_room_field
        ):
            end += 2
        borne = {tag for room in self.directory.by_number.get(number, ()) for tag in room.tags}
        borne |= {short for short, tag in self.directory.initials.items() if tag in borne}
        place = end + 1 if scan.text(end) == "-" else end
        letter = scan.text(place)
        if len(letter) == 1 and letter in borne and self._is_block_letter(place, end):
            tags, end = tags | {letter}, place + 1
        if letter in _SPOKEN_LETTERS and _SPOKEN_LETTERS[letter] in borne and place == end:
            tags, end = tags | {_SPOKEN_LETTERS[letter]}, place + 1
        if scan.text(place) in borne and len(scan.text(place)) == 2 and scan.text(place).isalpha():
            # `504 tn`, `0504-TS`
            tags, end = tags | {scan.text(place)}, place + 1
        for _ in range(2):
            place = end
            while place - end < 2 and scan.text(place) in _AFTER_FILLERS:
                place += 1
            if place == end and scan.text(place) == "/":
                place += 1
            if after := self._block(place):
                tags, end = tags | {after[0]}, after[1]
            elif self.directory.has_beds and (found := self._bed(place)):
                bed, end = found
            else:
                break
        if self.directory.has_beds and not bed and borne == set() and number in self.directory.by_number:
            bed, end = self._glued_bed(end, number)
        return tags, bed, end

    def _glued_bed(self, end: int, number: str) -> tuple[str, int]:
        """`Q3-2`, `D4-B`, `3/2` where the house has such a bed."""
        beds = {room.bed for room in self.directory.by_number[number]}
        place = end + (self.scan.text(end) in ("-", "/", ".") and self.scan.text(end) != "")
        number_after = self.scan.text(place + 1).lstrip("0")
        if self.scan.text(place) in _BED_LETTERS and number_after in beds:
            return number_after, place + 2
        mark, after = self.scan.text(end), self.scan.text(end + 1)
        if mark in ("-", "/", ".") and mark and self.scan.glued(end + 1) and after.lstrip("0") in beds:
            return after.lstrip("0"), end + 2
        return "", end

    def _is_block_letter(self, place: int, end: int) -> bool:
        token = self.scan.tokens[place]
        if place > end or token.glued:
            return place == end or self.scan.glued(end) or token.capital
        return token.capital or token.text not in _WORDLIKE

    def _bed(self, place: int) -> tuple[str, int] | None:
        """`cama 2`, `leito B`, `beliche de cima`."""
        if self.scan.text(place) not in BED_WORDS:
            return None
        after = place + 1
        while self.scan.text(after) in ("n", "no", ".", "numero", "de", "da"):
            after += 1
        text = self.scan.text(after)
        if text in BED_LEVELS:
            number = after + 1
            while self.scan.text(number) in ("n", "no", ".", "numero", "-", ","):
                number += 1
            if self.scan.text(number).isdecimal() and number - after <= 3:
                return self.scan.text(number).lstrip("0"), number + 1
            return BED_LEVELS[text], after + 1
        if text.isdecimal() or (len(text) == 1 and text.isalpha() and self.scan.text(place + 1) == text):
            return text.lstrip("0"), after + 1
        value = numerals.VALUES.get(text)
        return (str(value), after + 1) if value is not None else None

    def _bed_first(self, start: int) -> RoomMention | None:
        """`cama 2 do Q3`, `leito B, dormitório 4`."""
        found = self._bed(start)
        if found is None:
            return None
        bed, place = found
        while self.scan.text(place) in _AFTER_FILLERS:
            place += 1
        text = self.scan.text(place)
        if text in self.directory.leads or text in BLOCK_WORDS:
            inner = self._led(place, bed)
        elif text in self.directory.by_name:
            inner = self._with_name(start, place, Designator(bed=bed))
        else:
            inner = next(
                (
                    m
                    for o in self._numbers(place, led=True)
                    if (m := self._with_number(place, o, Designator(bed=bed), known_only=True))
                ),
                None,
            )
        if inner is None or not inner.keys:
            return None
        inner.start, inner.text = start, " ".join(self.texts[start : inner.end])
        return inner

    # --- numbers ---------------------------------------------------------------------------------
    def _numbers(self, place: int, *, led: bool) -> Iterator[Option]:
        """Readings of a number that begins at a place, likeliest first."""
        if place >= len(self.texts) or place in self.scan.taken:
            return
        token = self.scan.tokens[place]
        if token.is_number:
            yield from self._digits(place, led=led)
        elif led and token.text in _ROMAN and token.text not in ("i", "v"):
            yield _ROMAN[token.text], frozenset(), place + 1
        elif token.text in numerals.VALUES:
            end = numerals.number_words(self.texts, place)
            options = list(numerals.readings(self.texts, place, end))
            known = [o for o in options if o[0].lstrip("0") in self.directory.by_number]
            article = end - place == 1 and token.text in numerals.ARTICLES
            yield from (
                (digits, frozenset(), stop) for digits, stop in (known or (options[:1] if led and not article else []))
            )
        elif led and (found := self._letter_and_digits(place)):
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
        match = _NUMBER.fullmatch(text)
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
        match = _NUMBER.fullmatch(after)
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

    def _is_lettered(self, place: int) -> bool:
        return self._letter_and_digits(place) is not None

    def _letter_and_digits(self, place: int) -> Option | None:
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
            match = _NUMBER.fullmatch(joined.translate(_AS_DIGIT))
        else:
            match, end = _NUMBER.fullmatch(self.texts[after]), after + 1
        if match is None or (match[2] and match[2] not in self.directory.tags):
            return None
        number, tag = match[1].lstrip("0") or match[1], NAMED_BLOCKS.get(text, text)
        if tag in self.directory.initials and (len(tag) == 2 or self.scan.glued(after) or after > place + 1):
            tag = self.directory.initials[tag]
        written = (
            self.scan.glued(after) or self.scan.tokens[place].capital or (text not in _WORDLIKE and len(text) <= 2)
        )
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

    # --- without a leading word -------------------------------------------------------------------
    def _lettered(self, place: int) -> RoomMention | None:
        """`B104`, `CH 03`, `A-1204` without a room word; a letter needs its own number."""
        option = self._letter_and_digits(place)
        if option is None:
            return None
        glued = self.scan.glued(place + 1) and not option[1].isdisjoint(self.directory.blocks)
        return self._with_number(place, option, Designator(block=glued and len(option[0]) >= 3), known_only=not glued)

    def _bare_number(self, place: int) -> RoomMention | None:
        if self.is_room_field:
            for option in self._numbers(place, led=True):
                if found := self._with_number(place, option, Designator(led=True)):
                    return found
            return None
        if not self._may_be_room(place):
            return None
        for option in self._numbers(place, led=False):
            digits, letters, end = option
            if len(digits) <= 2 and (found := self._before_block(place, option)):
                return found
            bare = _BARE_ROOM.fullmatch(digits + "".join(letters)) is not None
            if not bare and not letters and not self._is_short_room(place, digits):
                continue
            found = self._with_number(place, option, Designator(), known_only=True)
            if found is not None and (found.keys or found.beside):
                return found
            if bare and self._said_of_a_guest(place):
                return self._with_number(place, (digits, letters, end), Designator(led=True))
        return None

    def _before_block(self, place: int, option: Option) -> RoomMention | None:
        """`12 da piscina`, `la 12 del bloque B`: a short number whose block is named right behind it."""
        tags, _, _ = self._behind(option[2], option[0], option[1], "")
        if not tags & self.directory.blocks:
            return None
        return self._with_number(place, option, Designator(), known_only=True)

    def _is_short_room(self, place: int, digits: str) -> bool:
        """Rooms of two digits, where a room stands: first in the text, or behind `do`, `no`."""
        if len(digits.lstrip("0")) != 2 or not any(
            not r.tags for r in self.directory.by_number.get(digits.lstrip("0"), ())
        ):
            return False
        before, after = self.scan.text(place - 1), self.scan.text(place + 1)
        if place == 0:
            return not (after.endswith("s") and len(after) > 3 and after not in ("mais", "tres")) and after not in (
                "/",
                ":",
                "de",
            )
        near = self.scan.near(place, 4)
        return (
            before in ("do", "no", "ao", "da", "na", "pro")
            and after not in ("/", "de")
            and not near & lexicon.DAY_WORDS
        )

    def _may_be_room(self, index: int) -> bool:
        scan, text, after = self.scan, self.texts[index], self.scan.text(index + 1)
        before = scan.previous_word(index)
        if scan.text(index - 1) in ("no", "na") and before not in _NUMBERED_PAPERS:
            # `celular no 507` lies in the room, `nota nº 507` is none.
            before = ""
        near = scan.near(index, 4)
        if near & lexicon.FLIGHT or "placa" in near or before in lexicon.NOT_A_ROOM_BEFORE:
            return False
        if before in lexicon.AIRLINES and self._is_airline(index, near):
            return False
        if after in lexicon.NOT_A_ROOM_AFTER and not (after in lexicon.DAY_WORDS and self._is_day_number(index + 2)):
            return False
        if self._is_count(index):
            return False
        if self._is_price(index) or after in ("%", "$"):
            return False
        if index and scan.glued(index) and scan.text(index - 1) in (":", ",", ".", "$", "%") and scan.glued(index - 1):
            return False
        return scan.text(index - 1) != "$" and not (
            text.isdecimal() and after == ":" and scan.glued(index + 1) and scan.glued(index + 2)
        )

    def _is_count(self, index: int) -> bool:
        """`104 cocos`, `conferir 808 taças`; but `do 305 cadeiras` and `305 cadeiras` begin with a room."""
        before, after = self.scan.text(index - 1), self.scan.text(index + 1)
        if before in _BEFORE_ROOM or not after.isalpha():
            return False
        if after in lexicon.BULK:
            return index > 0 or not lexicon.PLACES.isdisjoint(self.texts)
        plural = len(after) > 4 and after.endswith("s") and after not in lexicon.PERSON_NOUNS
        return plural and before in lexicon.COUNTED and after not in lexicon.ROOM_WORDS

    def _is_day_number(self, index: int) -> bool:
        """`203 dia 14`: the day is a date, not a count of days."""
        return self.scan.text(index).isdecimal() or self.scan.text(index)[:2].isdecimal()

    def _is_airline(self, index: int, near: set[str]) -> bool:
        """`LA 1204` is a flight; `la 203` is a room in Spanish."""
        if self.scan.previous_word(index) != "la":
            return len(self.texts[index]) >= 4 or not near.isdisjoint(lexicon.TRANSPORT)
        capital = self.scan.tokens[index - 1].capital
        return capital and (len(self.texts[index]) >= 4 or bool(near & lexicon.TRANSPORT))

    def _is_price(self, index: int) -> bool:
        """`203,50`; two rooms have numbers of one length (`203,204`)."""
        glued = self.scan.glued(index + 1) and self.scan.glued(index + 2)
        return (
            glued and self.scan.text(index + 1) == "," and re.fullmatch(r"\d\d", self.scan.text(index + 2)) is not None
        )

    def _said_of_a_guest(self, index: int) -> bool:
        """`hosp. do 302` names a room even when the listing does not know it."""
        before = self.scan.text(index - 1)
        return before in ("do", "no", "da", "na", "ao") and bool(self.scan.near(index, 4) & lexicon.GUEST_WORDS)

    def _strung(self, place: int) -> RoomMention | None:
        """`203/415`, `203 e 415`, `chalés 3, 4 e 5`: what is strung to a room is one, too."""
        if not self.scan.mentions:
            return None
        before = self.scan.mentions[-1]
        link = self.scan.text(place - 1)
        if not before.keys:
            return None
        if self._is_corrected(before, place) and (match := _NUMBER.fullmatch(self.texts[place])):
            corrected = Designator("", frozenset(), self.family, (), "", led=True)
            return self._with_number(
                place, (match[1], frozenset({match[2]} - {""}), place + 1), corrected, known_only=True
            )
        if before.end != place - 1 or not (link in _LINKS or link in _AND):
            return None
        last = self._last_number(before)
        match = _NUMBER.fullmatch(self.texts[place])
        if match is None or len(last) != len(self.texts[place]):
            return None
        family = self.family
        if self.scan.text(place + 1) in lexicon.NOT_A_ROOM_AFTER and len(last) < 3:
            return None
        so_far = Designator("", frozenset(), family, (), "", len(last) >= 3, False)
        return self._with_number(place, (match[1], frozenset({match[2]} - {""}), place + 1), so_far)

    def _is_corrected(self, before: RoomMention, place: int) -> bool:
        """`bangalô 14, ops, 15`: only a correction stands between the two."""
        cues = [cue for cue in self.scan.cues if cue.code == "correct" and before.end <= cue.start and cue.end <= place]
        if not cues or len(self.texts[place].rstrip("abcdefg")) != len(self._last_number(before)):
            return False
        between = set(range(before.end, place)) - {p for cue in cues for p in range(cue.start, cue.end)}
        return all(self.texts[p] in FILLERS or self.texts[p] in lexicon.ROOM_WORDS for p in between)

    def _last_number(self, mention: RoomMention) -> str:
        return next((t for t in reversed(self.texts[mention.start : mention.end]) if t[0].isdigit()), "")

    def _spelled(self, place: int) -> RoomMention | None:
        """Number words without a room word: at least two of them, and a room of three digits that the house has."""
        end = numerals.number_words(self.texts, place)
        if end - place < 2:
            return None
        for digits, stop in numerals.readings(self.texts, place, end):
            if (
                len(digits) >= 3
                and digits in self.directory.by_number
                and self.scan.text(stop) not in lexicon.NOT_A_ROOM_AFTER
            ):
                if self.scan.previous_word(place) in lexicon.NOT_A_ROOM_BEFORE:
                    return None
                return self._with_number(place, (digits, frozenset(), stop), Designator(), known_only=True)
        return None

    # --- names -----------------------------------------------------------------------------------
    def _with_name(self, start: int, place: int, so_far: Designator) -> RoomMention | None:
        names: list[str] = []
        exact, end, at = True, place, place
        while at < len(self.texts) and at - place < 4:
            word = self.texts[at]
            known = self.directory.name_word(word, led=True) if self.scan.tokens[at].is_word else None
            if known is not None and known[0] not in names and self._may_be_name(word, known[1]):
                names.append(known[0])
                exact, end = exact and known[1], at + 1
            elif (word not in ("da", "do", "de", "das", "dos", "of", "the", '"', "'", ".") and names) or (
                not names and word not in ("da", "do", "de", '"', "'", "(", "a", "o")
            ):
                break
            at += 1
        if not names:
            return None
        names = self._agreeing(names)
        tags, bed, end = self._behind(end, "", so_far.tags, so_far.bed)
        found = self.directory.find(Designator("", tags, so_far.family, tuple(names), bed, True, so_far.block))
        return self._by_name(start, end, found, exact)

    def _may_be_name(self, word: str, exact: bool) -> bool:
        return exact or (word not in lexicon.SERVICE and word not in lexicon.NAMES)

    def _agreeing(self, names: list[str]) -> list[str]:
        """As many of the words as one room bears together."""
        kept: list[str] = []
        for word in names:
            if not kept or set.intersection(*({r.key for r in self.directory.by_name[n]} for n in (*kept, word))):
                kept.append(word)
        return kept

    def _by_name(self, start: int, end: int, found: Found, exact: bool) -> RoomMention | None:
        text = " ".join(self.texts[start:end])
        if not found.keys:
            return RoomMention(start, end, text, (), "same", found.beside, unread=True) if found.beside else None
        level = found.level if exact or found.level != "same" else "resembles"
        return RoomMention(start, end, text, found.keys, level, found.beside)

    def _named_bare(self, place: int) -> RoomMention | None:
        """`no Girassol`, `presidential suite`: the word itself, and no name of a person unless `no` stands before."""
        if not self.directory.by_name or place in self.scan.taken:
            return None
        word = self.texts[place]
        if self.scan.text(place - 1) in lexicon.PLACES or self.scan.text(place - 1) in (
            "sala",
            "salao",
            "espaco",
            "lounge",
        ):
            return None
        headed = self.is_room_field or (place == 0 and self.scan.text(1) in (":", "-", ","))
        if headed and self._is_whole_name(word):
            return self._by_name(place, place + 1, self.directory.find(Designator(name=(word,))), exact=True)
        known = self.directory.name_word(word, led=headed and word not in lexicon.NAMES)
        after_lead = self.scan.text(place + 1) in self.directory.leads
        written = (
            self.scan.text(place - 1) in ("o", "no", "do", "ao") and self.scan.tokens[place].capital and len(word) >= 6
        )
        if known is None and (after_lead or (written and word not in lexicon.NAMES and word not in lexicon.COMMON)):
            known = self.directory.name_word(word, led=True)
        if known is None or (not known[1] and word in self.scan.known_names):
            return None
        named = word in lexicon.NAMES and (word in self.scan.known_names or not self._is_whole_name(word))
        common = word in lexicon.SERVICE or word in lexicon.PLACES or named
        if not named and word in lexicon.NAMES and self.scan.text(place - 1).rstrip(".") in lexicon.HONORIFICS:
            return None
        in_place = self.scan.text(place - 1) in ("no", "na", "en", "in") and self.scan.tokens[place].capital
        if len(word) == 1 or (not after_lead and not self.is_room_field and common and not in_place):
            return None
        family = self.directory.leads[self.scan.text(place + 1)] if after_lead else ""
        found = self.directory.find(Designator("", frozenset(), family, (known[0],)))
        return self._by_name(place, place + 1 + after_lead, found, known[1])

    def _is_whole_name(self, word: str) -> bool:
        return any(room.name == (word,) for room in self.directory.by_name.get(word, ()))

    # --- what could not be read --------------------------------------------------------------------
    def _unread(self, start: int, place: int, so_far: Designator) -> RoomMention | None:
        """`suíte jasmim` where the house has none; a lone `quarto` says no room either."""
        if not so_far.led or self.scan.text(start - 1) in _EVERY:
            return None
        word, lead = self.scan.text(place), self.texts[start]
        if word[:1].isalpha() and len(word) >= 3 and self._identifies(place, so_far):
            return RoomMention(start, place + 1, " ".join(self.texts[start : place + 1]), unread=True)
        if lead in lexicon.PLURAL_ROOM_WORDS or self.scan.text(start - 1) in ("de", "servico"):
            return None
        return RoomMention(start, start + 1, lead, unread=True)

    def _identifies(self, place: int, so_far: Designator) -> bool:
        word = self.texts[place]
        if (
            word in lexicon.NO_NAME_WORDS
            or word in lexicon.NAMES
            or word in lexicon.PARTICLES
            or word in lexicon.HONORIFICS
        ):
            return False
        if place in self.scan.taken or word in lexicon.ROLES:
            return False
        return so_far.family not in ("", ANY_ROOM) or self.scan.tokens[place].capital


def _floor_and_end(scan: Scan, directory: RoomDirectory) -> None:
    """`décimo andar final 06` is 1006."""
    for place, text in enumerate(scan.texts):
        ending = scan.text(place + 1)
        if text in ("final", "fim", "terminacao") and ending.isdecimal() and len(ending) <= 2:
            found = directory.find(
                Designator(f"{scan.floor}{int(ending):02d}", frozenset(scan.blocks), led=True, block=True)
            )
            if found.keys:
                shown = " ".join(scan.texts[place : place + 2])
                scan.mentions.append(RoomMention(place, place + 2, shown, found.keys, found.level, found.beside))
                scan.take((place, place + 1))
