"""Number words of Portuguese, English and Spanish, and digits said one by one, as the digits of a room number."""

from collections.abc import Iterator, Sequence

from matching.core.parsing.phrases import read_groups

VALUES: dict[str, int] = {
    word.strip("_"): int(value) for value, words in read_groups("numbers").items() for word in words if word[-1] != "_"
}
ORDINALS: dict[str, int] = {word: int(value) for value, words in read_groups("ordinals").items() for word in words}
LINKS = frozenset(["e", "y", "and"])
# Articles as well as numbers: never the only word of a number.
ARTICLES = frozenset(["um", "uma", "one", "un", "una"])
MOST_WORDS = 9


def number_words(texts: Sequence[str], start: int) -> int:
    """The end of the run of number words that begins at `start`; `start` where there is none."""
    end = place = start
    while place < len(texts) and place - start < MOST_WORDS:
        if texts[place] in VALUES:
            end = place + 1
        elif not (texts[place] in LINKS and place > start) and texts[place] != "-":
            break
        place += 1
    return end


def readings(texts: Sequence[str], start: int, end: int) -> Iterator[tuple[str, int]]:
    """Digits that the number words between `start` and `end` may spell, and where each reading ends; longest first.

    `doze zero quatro` -> 1204, `mil duzentos e quatro` -> 1204, `twelve oh four` -> 1204, `um dois zero três` -> 1203.
    """
    groups = _groups(texts, start, end)
    for count in range(len(groups), 0, -1):
        yield "".join(str(value) for value, _ in groups[:count]), groups[count - 1][1]


def _groups(texts: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """Numbers one after the other, each as far as its words go on falling in size (`cento e vinte` | `três` `quatro`),
    with the place behind each."""
    groups: list[tuple[int, int]] = []
    total, room_below, open_ = 0, 0, False
    for place in range(start, end):
        value = VALUES.get(texts[place])
        if value is None:
            continue
        if open_ and value == 1000 and 0 < total < 10:
            total, room_below = total * 1000, 1000
        elif open_ and value == 100 and 0 < total < 100 and texts[place] == "hundred":
            total, room_below = total * 100, 100
        elif open_ and 0 < value < room_below:
            total, room_below = total + value, _below(value)
        else:
            if open_:
                groups.append((total, place))
            total, room_below, open_ = value, _below(value), True
    if open_:
        groups.append((total, end))
    return groups


def _below(value: int) -> int:
    """What may still be added: units after tens, anything below a hundred after hundreds; nothing after units."""
    if value in (1000,) or (value >= 100 and value % 100 == 0):
        return value
    return 10 if value >= 20 and value % 10 == 0 else 0
