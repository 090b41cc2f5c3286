"""Cell text: invisible characters, blanks, folding, and the spellings of "nothing"."""

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "&": " e "})
_WORD = re.compile(r"[a-z0-9]+")
_BLANKS = re.compile(r"[^\S\n]+")
# What exports write into an empty cell. Compared after folding, so "N/A" is "n a".
_NOTHING = frozenset(
    {
        "",
        "n a",
        "na",
        "null",
        "none",
        "nan",
        "nil",
        "vazio",
        "undefined",
        "nat",
        "n d",
        "s n",
        "sem informacao",
        "nao informado",
        "nao informada",
    }
)
_LITERAL = re.compile(r'^="([^"]*)"$')
_FORMULA = re.compile(r"^[=@]\s*[-+A-Za-z(\"']")


@lru_cache(maxsize=65_536)
def clean(text: str) -> str:
    """Text without invisible characters, each run of blanks one space, line breaks kept, edges trimmed."""
    if text.isascii() and "  " not in text and text.isprintable():
        stripped = text.strip()
        return _LITERAL.sub(r"\1", stripped) if stripped.startswith('="') else stripped
    kept = "".join(c for c in unicodedata.normalize("NFC", text) if c in "\n\t" or unicodedata.category(c)[0] != "C")
    lines = [_BLANKS.sub(" ", line).strip() for line in kept.split("\n")]
    joined = "\n".join(lines).strip()
    return _LITERAL.sub(r"\1", joined)


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower-case ASCII words with one space between: "Nº Reserva" -> "no reserva"."""
    lower = text.lower().translate(_LETTERS)
    if not lower.isascii():
        lower = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(lower))


def is_nothing(text: str) -> bool:
    """True for blanks, dashes, "N/A", "NULL" and the like."""
    return not text or (len(text) < 16 and fold(text) in _NOTHING)


def is_formula(text: str) -> bool:
    """True for text that a spreadsheet would run. `="0412"`, a quoted text, was already unwrapped by `clean`."""
    return text[:1] in ("=", "@") and bool(_FORMULA.match(text))


def has_letter(text: str) -> bool:
    return any(c.isalpha() for c in text)
