"""Folding and tokenising of what people type: one spelling per word, positions kept."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# What is read of one field. Names and rooms stand at the front of an order; a pasted e-mail must not cost a second.
MAX_CHARS = 4_000
MAX_TOKENS = 160

_LETTERS = {
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "đ": "d",
    "ı": "i",
}
_SPECIAL = str.maketrans(_LETTERS | dict.fromkeys("'’‘`´ʼ", ""))
_WORD = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W\d_]+|\d+[^\W\d_]*|[^\w\s]")


class Token(NamedTuple):
    """A word, a number (with the letters that hang on it) or one punctuation mark."""

    text: str
    capital: bool
    glued: bool
    """No space stands between this token and the one before."""
    is_word: bool
    is_number: bool


@lru_cache(maxsize=16_384)
def strip_marks(text: str) -> str:
    """Compatibility forms made plain, accents, apostrophes and invisible marks gone; case and length roughly kept."""
    if text.isascii():
        return text.replace("'", "").replace("`", "") if "'" in text or "`" in text else text
    plain = unicodedata.normalize("NFKD", text.translate(_SPECIAL))
    return "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) not in ("Cf", "Cc"))


def fold(text: str) -> str:
    return strip_marks(text).lower()


def tokenize(text: str) -> list[Token]:
    """Tokens of an already mark-free text, folded to lower case."""
    found: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text[:MAX_CHARS]):
        raw = match.group()
        head = raw[0]
        found.append(Token(raw.lower(), head.isupper(), match.start() == end, head.isalpha(), head.isdigit()))
        end = match.end()
        if len(found) == MAX_TOKENS:
            break
    return found


def words(text: str) -> list[str]:
    return _WORD.findall(strip_marks(text[:MAX_CHARS]).lower())[:MAX_TOKENS]


def digits(text: str) -> str:
    """ASCII digits only: `str.isdigit` is true for full-width and superscript ones."""
    return "".join(c for c in text if "0" <= c <= "9")
