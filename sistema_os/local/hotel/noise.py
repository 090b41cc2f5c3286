"""Spelling variants and errors of names."""

import unicodedata
from random import Random

from sistema_os.local.hotel.vocabulary import SUFFIXES, TWINS


def plain(text: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def misspelt(random: Random, name: str) -> str:
    """With a phonetic variant of one of its words, else with a typing error in the longest word."""
    words = name.split()
    for one, other in random.sample(TWINS, len(TWINS)):
        if one in words:
            return name.replace(one, other)
        if other in words:
            return name.replace(other, one)
    longest = max(range(len(words)), key=lambda index: len(words[index]))
    words[longest] = _typing_error(random, words[longest])
    return " ".join(words)


def _typing_error(random: Random, word: str) -> str:
    at = random.randrange(1, max(2, len(word) - 1))
    dropped = word[:at] + word[at + 1 :]
    doubled = word[:at] + word[at] + word[at:] if at < len(word) else word
    swapped = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at < len(word) else word
    return random.choice([dropped, doubled, swapped, plain(word)])


# Formats in which PMS and travel agencies write names, with their shares.
SHAPES = {"as spoken": 0.45, "UPPER": 0.33, "SURNAME, NAME": 0.17, "SURNAME/NAME MR": 0.05}


def shaped(name: str, shape: str, sex: str) -> str:
    words = name.split()
    if shape == "UPPER":
        return plain(name).upper()
    if shape == "SURNAME, NAME":
        family = 2 if words[-1] in SUFFIXES else 1
        return plain(f"{' '.join(words[-family:])}, {' '.join(words[:-family])}").upper()
    if shape == "SURNAME/NAME MR":
        return plain(f"{words[-1]}/{words[0]} {'MR' if sex == 'M' else 'MRS'}").upper()
    return name
