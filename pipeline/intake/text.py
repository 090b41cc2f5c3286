"""Cell text: invisible characters, blanks, folding, and the spellings of "nothing"."""

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "&": " e "})
_WORD = re.compile(r"[a-z0-9]+")
_BLANKS = re.compile(r"[^\S\n]+")
# Controls, soft hyphen, direction marks, joiners, byte-order mark: categories Cc and Cf as far as exports hold them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
# What exports write into an empty cell, without its punctuation.
_NOTHING = frozenset(
    [
        "na",
        "nd",
        "sn",
        "null",
        "none",
        "nan",
        "nil",
        "nat",
        "vazio",
        "undefined",
        "seminformacao",
        "naoinformado",
        "naoinformada",
    ]
)
_LITERAL = re.compile(r'^="([^"]*)"$')
_FORMULA = re.compile(r"^=\s*[-+\w(\"']|^@[A-Z]+\(")


def clean(text: str) -> str:
    """Text without invisible characters, each run of blanks one space, line breaks kept, edges trimmed."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return _LITERAL.sub(r"\1", text.strip()) if '="' in text else text.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).replace("\xa0", " ").replace("\u202f", " ")
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if "  " in text or "\t" in text or "\n" in text:
        text = "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    text = text.strip()
    return _LITERAL.sub(r"\1", text) if text.startswith('="') else text


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower-case ASCII words with one space between: "Nº Reserva" -> "no reserva"."""
    lower = text.lower().translate(_LETTERS)
    if not lower.isascii():
        lower = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(lower))


def is_nothing(text: str) -> bool:
    """True for blanks, dashes, "N/A", "NULL" and the like."""
    if len(text) > 16 or "0" <= text[:1] <= "9":
        return False
    letters = "".join(filter(str.isalnum, text))
    return not letters or (letters.isalpha() and fold(letters) in _NOTHING)


def is_formula(text: str) -> bool:
    """True for text that a spreadsheet would run. `="0412"`, a quoted text, was already unwrapped by `clean`."""
    return bool(_FORMULA.match(text))


def has_letter(text: str) -> bool:
    return any(c.isalpha() for c in text)
