"""The room directory: every room and bed of the house with its block, number, name and aliases, and the rooms that a
typed designator may stand for.

Built from the rooms of the listing; a stored directory (`from_json`) adds rooms that the listing does not show, blocks
and floors that were put right by hand, and aliases learned from decisions. Pure.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from rapidfuzz.distance import OSA

from matching.core.parsing.phonetic import phonetic
from matching.core.parsing.phrases import read_groups, read_sections, read_words, word_set
from matching.core.parsing.rooms.keys import room_key
from matching.core.parsing.text import fold, strip_marks, tokenize

Kind = Literal["room", "bed", "meeting", "area"]
ANY_ROOM = "room"
_LETTERS = re.compile(r"[^\W\d_]+")
_PIECES = re.compile(r"[^\W\d_]+|\d+")
# `B2-308`, `b1 104`: a block of a letter and a digit, before the number.
_LETTERED_BLOCK = re.compile(r"^([a-z])(\d)(?=[ -]\d{3})")
_SPREADSHEET = re.compile(r"^(\d+)\.0+$")
MAX_ROOM_CHARS = 60
MOST_PIECES = 8
# Names of several words are known without their spaces from so many letters on.
MIN_JOINED = 7
# Short forms of the first word of names such as `São Bento`.
SAINTS = {
    "s": ("sao", "santo", "santa"),
    "st": ("santo", "sao", "santa"),
    "san": ("sao", "santo"),
    "saint": ("sao", "santo", "santa"),
    "sto": ("santo",),
    "sta": ("santa",),
    "n": ("nossa",),
}
MIN_LONE_WORD = 4
# Rooms that bear a letter before it counts as a block.
MIN_BLOCK = 3


def _room_words() -> tuple[dict[str, str], dict[str, str]]:
    """Word -> kind of room: words that always lead to a room, and those that do where the house has the kind."""
    always: dict[str, str] = {}
    dependent: dict[str, str] = {}
    for kind, words in read_groups("room_kinds").items():
        split = words.index(":") if ":" in words else len(words)
        always |= dict.fromkeys(words[:split], kind)
        dependent |= dict.fromkeys(words[split + 1 :], kind)
    return always, dependent


ALWAYS, DEPENDENT = _room_words()
BLOCK_WORDS: dict[str, str] = {}
NAMED_BLOCKS: dict[str, str] = {}
for _code, _words in read_groups("room_blocks").items():
    if _code.startswith("named:"):
        NAMED_BLOCKS |= dict.fromkeys(_words, _code.removeprefix("named:"))
    else:
        BLOCK_WORDS |= dict.fromkeys(_words, _code)
_NAMED_TAGS = frozenset(NAMED_BLOCKS.values())
_BLOCK_INITIALS = frozenset(word[0] for word in BLOCK_WORDS)
SAME_NAME = {word: name for name, words in read_groups("room_names").items() for word in words}
TYPE_WORDS = read_words("room_types")
_BEDS = read_sections("room_beds")
BED_WORDS = frozenset(_BEDS["bed"].split())
BED_LEVELS = {
    word: level
    for level, words in (entry.split("=") for entry in re.split(r" (?=\w+=)", _BEDS["level"].strip()))
    for word in words.split()
}
# A house of its own, whatever it is called: typed `cabana 3` where the listing says `CHALÉ 3`.
DETACHED = frozenset({"chalet", "cabin", "bungalow", "villa", "house", "tent", "lodge", "wagon"})
_NUMBERED = frozenset({ANY_ROOM, "dormitory", "lodging"})
_NO_NAME = word_set("da de do das dos e o a the of del la no nr num n")
# Words that say only that a room follows: a spelling of nothing else names no room.
LEADS = frozenset({*ALWAYS, *DEPENDENT, *BLOCK_WORDS, *_NO_NAME})


def spelling_words(text: str) -> tuple[str, ...]:
    """The words and numbers of a typed spelling, in the form in which aliases are compared: `Suíte Presid.` is
    ("suite", "presid")."""
    return tuple(token.text for token in tokenize(strip_marks(text)) if token.is_word or token.is_number)


@dataclass(frozen=True, slots=True)
class Room:
    """One room or bed. `key` is the form in which listings are compared (`room_key`)."""

    key: str
    shown: str = ""
    kind: Kind = "room"
    family: str = ""
    """What the house calls it: chalet, suite, flat, dormitory …; "" for a plain room."""
    number: str = ""
    """Digits without leading zeros."""
    tags: frozenset[str] = frozenset()
    """Block and letters, whichever side of the number they stand on."""
    name: tuple[str, ...] = ()
    bed: str = ""
    floor: int | None = None
    aliases: tuple[str, ...] = ()


@lru_cache(maxsize=65_536)
def parse_room(text: str) -> Room:
    """A room as listings write it: `0203`, `12A`, `CH 03`, `A1204`, `1204-B`, `Torre B 803`, `203 - LUXO`, `412.0`,
    `Suíte Girassol`, `Q3 cama 2`."""
    key = room_key(text)
    plain = fold(text[:MAX_ROOM_CHARS]).strip()
    excel = _SPREADSHEET.match(plain)
    written = excel.group(1) if excel else plain
    lettered = _LETTERED_BLOCK.match(written)
    if lettered and lettered[1] in BLOCK_WORDS:
        lettered = None
    reader = _ListedRoom(_PIECES.findall(written[lettered.end() :] if lettered else written))
    if lettered:
        reader.tags.append(lettered[1] + lettered[2])
    number, tags, name = reader.number, frozenset(reader.tags), tuple(reader.name)
    if number and name:
        # `Casa Grande 5`, `Master 12`: the name is that of a part of the house, the number tells its rooms apart.
        tags, name = tags | set(name), ()
    if not number and not name and tags:
        name, tags = tuple(sorted(tags)), frozenset()
    kind: Kind = "bed" if reader.bed else "meeting" if reader.family == "meeting" else "room"
    floor = int(number[:-2]) if 3 <= len(number) <= 5 else None
    family = "" if reader.family == ANY_ROOM else reader.family
    return Room(key, text.strip(), kind, family, number, tags, name, reader.bed, floor)


class _ListedRoom:
    """Reads the pieces of a listed room from left to right."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.family = self.number = self.bed = ""
        self.tags: list[str] = []
        self.name: list[str] = []
        place = 0
        while place < len(pieces):
            place = self._step(pieces, place)

    def _step(self, pieces: Sequence[str], place: int) -> int:
        piece = pieces[place]
        after = pieces[place + 1] if place + 1 < len(pieces) else ""
        digits_follow = any(p.isdigit() for p in pieces[place + 1 :])
        if piece.isdigit():
            self._number(piece)
        elif piece in BED_WORDS and after and (self.number or self.family or self.name):
            self.bed = BED_LEVELS.get(after, after.lstrip("0"))
            return place + 2
        elif piece in NAMED_BLOCKS and (len(piece) > 2 or after.isdigit()):
            self.tags.append(NAMED_BLOCKS[piece])
        elif piece in BLOCK_WORDS and (
            len(after) == 1 or (after.isdigit() and len(pieces) > place + 2) or len(piece) > 2
        ):
            if after and (len(after) <= 2 or not after.isdigit()):
                self.tags.append(NAMED_BLOCKS.get(after, after))
                return place + 2
        elif piece in ALWAYS and not self.family:
            self.family = ALWAYS[piece]
        elif (
            piece in DEPENDENT and not self.family and not self.number and after and (len(piece) > 1 or after.isdigit())
        ):
            if len(piece) == 1 and len(after) >= 3:
                if DEPENDENT[piece] != ANY_ROOM:
                    self.tags.append(piece)
            else:
                self.family = DEPENDENT[piece]
        elif self.bed and piece in BED_LEVELS:
            self.tags.append(BED_LEVELS[piece])
        elif self.number and piece in TYPE_WORDS:
            pass
        elif len(piece) <= 4 and digits_follow and not self.number:
            self.tags.append(piece)
        elif len(piece) == 1 and self.number:
            if self.family in _NUMBERED and len(self.number) <= 2 and not self.bed:
                self.bed = piece
            else:
                self.tags.append(piece)
        elif piece not in _NO_NAME:
            self.name.append(SAME_NAME.get(piece, piece))
        return place + 1

    def _number(self, piece: str) -> None:
        digits = piece.lstrip("0") or piece
        if not self.number:
            self.number = digits
        elif self.family in _NUMBERED and len(self.number) <= 2 and len(digits) <= 2:
            self.bed = digits
        elif len(self.number) <= 2 and len(digits) >= 3:
            self.tags.append(self.number)
            self.number = digits
        elif not self.bed:
            self.bed = digits


@dataclass(frozen=True, slots=True)
class Designator:
    """What an order types for a room, taken apart. `led`: a room word stands before it; `block`: a block is named."""

    number: str = ""
    tags: frozenset[str] = frozenset()
    family: str = ""
    name: tuple[str, ...] = ()
    bed: str = ""
    led: bool = False
    block: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Rooms that a designator may mean, and how well it names them: `same` one room, `same_number` any of several,
    `resembles` by a misspelt or shortened name; `beside` are rooms of the same number in another block."""

    keys: tuple[str, ...] = ()
    level: str = "same"
    beside: tuple[str, ...] = ()


NOTHING = Found()


@dataclass
class RoomDirectory:
    """Rooms by number, name, block and alias. Built once a listing."""

    rooms: list[Room] = field(default_factory=list)
    named_blocks: Mapping[str, str] = field(default_factory=dict)
    """Words that the house has for a block, beside its tag: see `HouseIndex.named_blocks`."""

    def __post_init__(self) -> None:
        self.keys = {room.key for room in self.rooms}
        self.by_spelling = _spellings(self.rooms)
        heads = {match[0] for text in self.by_spelling if (match := _LETTERS.match(text))}
        self.spelling_heads = {head[:end] for head in heads for end in range(1, len(head) + 1)}
        self.full_names: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self.by_number: dict[str, list[Room]] = defaultdict(list)
        self.by_name: dict[str, list[Room]] = defaultdict(list)
        self.families: set[str] = set()
        self.tags: set[str] = set()
        self.aliases: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self.areas = {room.key for room in self.rooms if room.kind == "area"}
        for room in self.rooms:
            if room.number:
                self.by_number[room.number].append(room)
            for word in room.name:
                self.by_name[word].append(room)
            if room.name and not room.number:
                for words in {room.name, _parted(room.shown)} - {()}:
                    self.full_names[words[0]].append((words, room.key))
            if room.family:
                self.families.add(room.family)
            self.tags |= room.tags
            for alias in room.aliases:
                if words := spelling_words(alias):
                    self.aliases[words[0]].append((words, room.key))
        for word in self._lone_words():
            self.tags.discard(word)
            self.by_name[word] += [room for room in self.rooms if word in room.tags]
        self.initials = _initials(self.tags)
        self.lettered_blocks = {tag for tag in self.tags if len(tag) == 2 and tag[0].isalpha() and tag[1].isdecimal()}
        # A letter that a single room bears (`12A`) is part of its number; one that several bear is a block.
        self.blocks = {tag for tag in self.tags if len(tag) > 1 or self._bearers(tag) >= MIN_BLOCK}
        self.named_blocks = _directions(self.tags) | dict(self.named_blocks)
        self.has_beds = any(room.bed for room in self.rooms)
        self.sounds: dict[str, list[str]] = defaultdict(list)
        for word in self.by_name:
            self.sounds[phonetic(word)].append(word)
        self.leads = ALWAYS | {
            w: kind for w, kind in DEPENDENT.items() if kind in self.families or (kind == ANY_ROOM and w == "q")
        }

    def _lone_words(self) -> list[str]:
        """Words beside a number that a single room bears (`BGL 04 LAMBRETA`): its name, and no part of the house."""
        borne = Counter(tag for room in self.rooms for tag in room.tags if len(tag) >= MIN_LONE_WORD and tag.isalpha())
        return [word for word, count in borne.items() if count == 1 and word not in _NAMED_TAGS]

    def _bearers(self, tag: str) -> int:
        return len({room.number for room in self.rooms if tag in room.tags})

    # --- making ----------------------------------------------------------------------------------
    @classmethod
    def of(
        cls,
        rooms: Iterable[str],
        stored: "RoomDirectory | None" = None,
        named_blocks: Mapping[str, str] | None = None,
    ) -> "RoomDirectory":
        """From the rooms of a listing. What is `stored` counts before what the listing's spelling suggests."""
        known = {room.key: room for room in stored.rooms} if stored is not None else {}
        listed = _by_their_neighbours(parsed for text in rooms if text and (parsed := parse_room(text)).key)
        merged = {key: known.get(key, room) for key, room in listed.items()} | known
        return cls([merged[key] for key in sorted(merged)], named_blocks or {})

    def with_aliases(self, learned: Mapping[str, str]) -> "RoomDirectory":
        """A copy in which each typed spelling (key) names a room (value: its key)."""
        by_room: dict[str, list[str]] = defaultdict(list)
        for spelling, key in sorted(learned.items()):
            by_room[key].append(spelling)
        known = self.keys
        added = [parse_room(key) for key in sorted(by_room) if key not in known]
        rooms = [*self.rooms, *added]
        return RoomDirectory(
            [
                replace(room, aliases=tuple(dict.fromkeys((*room.aliases, *by_room.get(room.key, ())))))
                for room in rooms
            ],
            self.named_blocks,
        )

    def to_json(self) -> str:
        """One object: {"rooms": [{"key", "shown", "kind", "family", "number", "tags", "name", "bed", "floor",
        "aliases"}]}, sorted by key; absent fields have their default."""
        return json.dumps({"rooms": [_plain(room) for room in self.rooms]}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, source: str) -> "RoomDirectory":
        """Raises ValueError naming what is missing or wrong. A room of a key alone is parsed from it."""
        try:
            return cls([_room(entry) for entry in json.loads(source)["rooms"]])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a room directory: {error}") from error

    # --- asking ----------------------------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.rooms)

    def find(self, typed: Designator) -> Found:
        if typed.name:
            return self._named(typed)
        if not self.initials.keys().isdisjoint(typed.tags):
            typed = replace(typed, tags=frozenset(self.initials.get(tag, tag) for tag in typed.tags))
        fitting = self.by_number.get(typed.number, []) if typed.number else []
        if not fitting:
            return NOTHING
        everywhere = fitting
        there = [room for room in fitting if typed.tags <= room.tags]
        fitting, loose = self._of_family(there or fitting, typed)
        beside: tuple[str, ...] = ()
        if typed.tags:
            exact = [room for room in fitting if room.tags == typed.tags]
            wider = [room for room in fitting if typed.tags < room.tags]
            if exact or wider:
                beside = tuple(r.key for r in everywhere if not typed.tags <= r.tags)
                fitting = exact or wider
            elif typed.tags & self.blocks:
                return Found((), "same", tuple(room.key for room in fitting))
            else:
                # The house has no such block: the untagged rooms are meant, or the letter means nothing.
                plain = [room for room in fitting if not room.tags]
                if not plain:
                    return Found((), "same", tuple(room.key for room in fitting))
                fitting = plain
        else:
            plain = [room for room in fitting if not room.tags]
            if plain and len(plain) < len(fitting):
                beside = tuple(room.key for room in fitting if room.tags)
                fitting = plain
        return self._answer(fitting, typed, beside, loose)

    def _of_family(self, fitting: list[Room], typed: Designator) -> tuple[list[Room], bool]:
        """Those of the family named; every room where the house has none of that name. Second: a loose fit."""
        family = "" if typed.family == ANY_ROOM else typed.family
        if family:
            same = [room for room in fitting if room.family == family]
            if same:
                return same, False
            if family in DETACHED:
                alike = [room for room in fitting if room.family in DETACHED]
                if alike:
                    return alike, False
                if self.families & DETACHED and len(typed.number) < 3:
                    return [], True
            return [room for room in fitting if len(room.number) >= 3 or room.family in ("", "suite")], False
        plain = [room for room in fitting if not room.family or room.family == "dormitory"]
        return (plain or fitting), False

    def _answer(self, fitting: list[Room], typed: Designator, beside: tuple[str, ...], loose: bool) -> Found:
        if typed.bed:
            beds = [room for room in fitting if room.bed == typed.bed or (not room.bed and typed.bed in room.tags)]
            if beds:
                others = tuple(room.key for room in fitting if room not in beds)
                return Found(tuple(room.key for room in beds), "same", others)
            if any(room.bed for room in fitting):
                return Found((), "same", tuple(room.key for room in fitting))
        structures = {(room.family, room.number, room.tags, room.bed, room.name) for room in fitting}
        keys = tuple(room.key for room in fitting)
        return Found(keys, "same" if len(structures) == 1 and not loose else "same_number", beside) if keys else NOTHING

    def tag_word(self, word: str) -> str:
        """The part of the house that a typed word names, in short or with a slip (`grde`); "" for none."""
        if word in self.named_blocks:
            return self.named_blocks[word]
        if word in self.tags:
            return word if len(word) > 2 else ""
        if len(word) < 4:
            return ""
        long = [tag for tag in self.tags if len(tag) >= 5 and tag[0] == word[0]]
        near = [tag for tag in long if OSA.distance(tag, word) <= 1 or _is_short_for(word, tag)]
        return near[0] if len(near) == 1 else ""

    def _named(self, typed: Designator) -> Found:
        """Rooms that bear all words of the name; those of the family named come first."""
        common = set.intersection(*({room.key for room in self.by_name[word]} for word in typed.name))
        fitting = [room for room in self.by_name[typed.name[0]] if room.key in common]
        if typed.number:
            fitting = [room for room in fitting if room.number == typed.number] or fitting
        family = "" if typed.family == ANY_ROOM else typed.family
        fitting = [room for room in fitting if family and room.family == family] or fitting
        if typed.tags:
            fitting = [room for room in fitting if typed.tags <= room.tags] or fitting
        exact = [room for room in fitting if len(room.name) == len(typed.name)] or fitting
        return self._answer(exact, typed, (), False)

    def name_word(self, word: str, *, led: bool) -> tuple[str, bool] | None:
        """The word of a room's name that a typed word stands for, and whether it is the word itself."""
        if not self.by_name:
            return None
        word = SAME_NAME.get(word, word)
        if word in self.by_name:
            return word, True
        if len(word) < 4:
            return (found, False) if led and len(word) == 3 and (found := self._starting(word)) else None
        alike = self.sounds.get(phonetic(word), [])
        if len(alike) == 1:
            return alike[0], True
        if not led:
            return None
        if found := self._starting(word):
            return found, False
        limit = 2 if len(word) >= 7 else 1
        near = [
            known
            for known in self.by_name
            if abs(len(known) - len(word)) <= limit and OSA.distance(known, word) <= limit
        ]
        return (near[0], False) if len(near) == 1 else None

    def _starting(self, word: str) -> str:
        near = [known for known in self.by_name if known.startswith(word)]
        return near[0] if len(near) == 1 else ""

    def numbered_block(self, word: str, digit: str) -> str:
        """The block that `bloco 1` names: `1`, or the one of a letter and that digit (`B1`); "" for none."""
        if digit in self.tags:
            return digit
        alike = [tag for tag in self.tags if len(tag) == 2 and tag[1:] == digit and tag[0].isalpha()]
        same = [tag for tag in alike if tag[0] == word[0]]
        return same[0] if same else alike[0] if len(alike) == 1 else ""

    def spelled(self, texts: Sequence[str], start: int) -> tuple[str, int] | None:
        """The room whose own spelling, or the initials of its words and its number (`VC3` for `Vila Coral 3`), stand
        from a token on, whatever is between the letters and digits; and where they end."""
        joined, best = "", None
        if texts[start] not in self.spelling_heads:
            return None
        for place in range(start, min(start + MOST_PIECES, len(texts))):
            text = texts[place]
            if not text.isalnum():
                if text not in "-/." or not joined:
                    break
                continue
            joined += text.lstrip("0") if joined and not joined[-1].isdigit() else text
            if key := self.by_spelling.get(joined):
                best = key, place + 1
        return best

    def full_name(self, texts: Sequence[str], start: int) -> tuple[tuple[str, ...], int] | None:
        """The rooms whose whole name begins at a token, words of saints in short too (`S. Bento`), and where it
        ends."""
        for head in SAINTS.get(texts[start], (texts[start],)) if self.full_names else ():
            for words, _ in self.full_names.get(head, ()):
                place, known = start + 1, 1
                while place < len(texts) and known < len(words):
                    if texts[place] == words[known]:
                        known += 1
                    elif texts[place] not in (".", "-", "da", "do", "de"):
                        break
                    place += 1
                if known == len(words) > 1:
                    return tuple(key for same, key in self.full_names[head] if same == words), place
        return None

    def alias(self, texts: Sequence[str], start: int) -> tuple[tuple[str, ...], int] | None:
        """The rooms that the longest alias beginning at a token names, and where it ends. An area is the room of
        nobody: its alias is read and names no room. Marks between the words of an alias do not matter."""
        best: tuple[tuple[str, ...], int] | None = None
        for words, key in self.aliases.get(texts[start], ()) if self.aliases else ():
            end = _end_of(words, texts, start)
            if end and (best is None or end > best[1]):
                best = () if key in self.areas else (key,), end
        return best


def _end_of(words: Sequence[str], texts: Sequence[str], start: int) -> int:
    """Where the words end that begin at a token; 0 where other words stand there."""
    place = start
    for word in words:
        while place > start and place < len(texts) and not texts[place].isalnum():
            place += 1
        if place >= len(texts) or texts[place] != word:
            return 0
        place += 1
    return place


def _parted(shown: str) -> tuple[str, ...]:
    """`Sant'Ana` as its two words, the first in full; () without an apostrophe."""
    head, mark, rest = shown.replace("’", "'").partition("'")
    if not mark or not head.strip():
        return ()
    words = (*_PIECES.findall(fold(head)), *_PIECES.findall(fold(rest)))
    return tuple("santa" if word == "sant" else word for word in words)


def _by_their_neighbours(rooms: Iterable[Room]) -> dict[str, Room]:
    """By key. `C-12` is a chalet, or a room of block C where the house has `A-12` and `B-12`."""
    listed = {room.key: room for room in rooms}
    blocks = {next(iter(room.tags)) for room in listed.values() if _is_lettered(room)}
    if len(blocks) >= 2:
        for key, room in listed.items():
            letter = key[0]
            if room.family and DEPENDENT.get(letter) == room.family and not room.tags and not key[1:2].isalpha():
                listed[key] = replace(room, family="", tags=frozenset(letter))
    return listed


def _is_lettered(room: Room) -> bool:
    """`A-12`: one letter and a short number."""
    return not room.family and len(room.number) <= 2 and len(room.tags) == 1 and len(next(iter(room.tags))) == 1


def _initials(tags: set[str]) -> dict[str, str]:
    """Short for a block that the listing writes out: `s` and `ts` for `Sul`, where nothing else begins so."""
    named = [tag for tag in tags if len(tag) >= 3 and tag in _NAMED_TAGS]
    heads = Counter(tag[0] for tag in named)
    short = {tag[0]: tag for tag in named if heads[tag[0]] == 1} | {f"t{tag[0]}": tag for tag in named}
    return {text: tag for text, tag in short.items() if text not in tags and (len(text) == 1 or heads[tag[0]] == 1)}


def _directions(tags: set[str]) -> dict[str, str]:
    """Words of a named block -> the tag that shortens it: `sul` -> s or ts, where no tag is the word itself."""
    found: dict[str, str] = {}
    for word, code in NAMED_BLOCKS.items():
        if len(word) < 3 or code in tags:
            continue
        short = [t for t in tags if len(t) == 2 and t[0] in _BLOCK_INITIALS and t[1] == code[0]]
        single = code[0] if code[0] in tags and not {"b", "c"} & tags else ""
        if len(short) == 1 or (single and not short):
            found[word] = short[0] if short else single
    return found


def _spellings(rooms: Iterable[Room]) -> dict[str, str]:
    """Letters and digits in one -> key, of rooms whose designator has both; initials of several words where they tell
    one room."""
    own: dict[str, str] = {}
    short: dict[str, set[str]] = defaultdict(set)
    for room in rooms:
        pieces = [p.lstrip("0") if p.isdigit() else p for p in _PIECES.findall(fold(room.shown or room.key))]
        letters = [p for p in pieces if p.isalpha()]
        joined = "".join(pieces)
        if not letters or (len(letters) == len(pieces) and (len(pieces) < 2 or len(joined) < MIN_JOINED)):
            continue
        own[joined] = room.key
        if len(letters) > 1 and pieces[-1].isdigit() and len(pieces) == len(letters) + 1:
            short["".join(word[0] for word in letters) + pieces[-1]].add(room.key)
    return {text: next(iter(keys)) for text, keys in short.items() if len(keys) == 1} | own


def _is_short_for(word: str, name: str) -> bool:
    """`grde`, `grd` for `grande`: its letters in their order, the last one too."""
    letters = iter(name)
    return word[-1] == name[-1] and len(word) < len(name) and all(letter in letters for letter in word)


def _plain(room: Room) -> dict[str, Any]:
    shown = {
        "key": room.key,
        "shown": room.shown,
        "kind": room.kind,
        "family": room.family,
        "number": room.number,
        "tags": sorted(room.tags),
        "name": list(room.name),
        "bed": room.bed,
        "floor": room.floor,
        "aliases": list(room.aliases),
    }
    return {name: value for name, value in shown.items() if value not in ("", [], None)}


def _room(entry: Mapping[str, Any]) -> Room:
    parsed = parse_room(str(entry.get("shown") or entry["key"]))
    values: dict[str, Any] = {
        name: entry[name] for name in ("shown", "kind", "family", "number", "bed", "floor") if name in entry
    }
    values |= {"tags": frozenset(entry["tags"])} if "tags" in entry else {}
    values |= {name: tuple(entry[name]) for name in ("name", "aliases") if name in entry}
    return replace(parsed, key=room_key(entry["key"]), **values)
