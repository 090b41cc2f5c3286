"""What a text says of one person: words near her name, her phones, her e-mail addresses, her documents.

A word means a part of the name where the engine's comparison of words says so (`WordMatcher`): equal but for accents,
of the same sound, a nickname, or one or two letters off. Initials and mere beginnings are left out: they are no trace.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from matching.core.index.house_index import HouseIndex
from matching.core.index.word_matcher import UNMET, WAY, WordMatcher
from matching.core.model import Model
from matching.core.parsing import lexicon
from matching.core.parsing.stays import parse_stay
from matching.core.parsing.text import digits, fold

BLANK: Final = "•••"
# Quantifiers are bounded: the time is linear in the length of the text.
_WORD = re.compile(r"[^\W\d_]{3,40}")
_BETWEEN: Final = r"[ ().\-/]{0,3}"
_NUMBER = re.compile(rf"(?<!\d)\d(?:{_BETWEEN}\d){{10,24}}(?!\d)")
# The digits of the phone, and what stands before them: country, area, the ninth digit.
_PHONE: Final = r"(?:\+?\(?\d[\d ().\-/]{{0,12}})?{}(?!\d)"
_NO_PERSON = re.compile(r"[\d@]")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_LEVELS: Final = frozenset({"exact", "phonetic", "nickname", "register_slip", "fuzzy", "distant", "heard"})
_NO_NAME: Final = frozenset(lexicon.PARTICLES | lexicon.HONORIFICS | lexicon.TITLES) | frozenset(lexicon.SUFFIXES)
# Equal in their last eight digits: with or without country, area code and the ninth digit of mobiles.
_TAIL: Final = 8
_CPF: Final = 11
_STAY: Final = {"status": "na_casa", "chegada": "2000-01-01", "saida": "2000-01-02"}


@dataclass(frozen=True)
class Evidence:
    """What one text has of the person. `words`: parts of the name that it names, as the register writes them;
    `rare`: whether one of them is no common given name or surname; `contact`: a phone or an e-mail address, which
    others may share; `document`: her CPF."""

    words: frozenset[str] = frozenset()
    rare: bool = False
    contact: bool = False
    document: bool = False

    def __bool__(self) -> bool:
        return bool(self.words) or self.contact or self.document

    @property
    def strong(self) -> bool:
        """A trace by itself, wherever it stands; one common word is not."""
        return self.document or self.contact or self.rare or len(self.words) > 1


class PersonText:
    """Finds and redacts one person in texts. `is_document` decides whether a number of eleven digits is her CPF."""

    def __init__(
        self,
        names: Iterable[str],
        phones: Iterable[str] = (),
        emails: Iterable[str] = (),
        is_document: Callable[[str], bool] = lambda _digits: False,
    ) -> None:
        # A phone or an address typed into the field of a name has words that are nobody's name.
        real = (name.strip() for name in names if not _NO_PERSON.search(name))
        self.names = tuple(dict.fromkeys(name for name in real if name))
        tails = {tail for phone in phones if len(tail := digits(phone)[-_TAIL:]) == _TAIL}
        self._phone = re.compile("|".join(_PHONE.format(_BETWEEN.join(tail)) for tail in sorted(tails)) or "(?!)")
        self._emails = {email.strip().casefold() for email in emails if "@" in email}
        self._is_document_number = is_document
        self._known: dict[str, str] = {}

    @cached_property
    def _matchers(self) -> list[WordMatcher]:
        """One for each way in which the name is written: words of two registers are not mixed."""
        stays = [parse_stay({"id": n, "nome_listagem": name, **_STAY}) for n, name in enumerate(self.names)]
        return [WordMatcher(HouseIndex.of([stay]), Model()) for stay in stays]

    def meant(self, word: str) -> str:
        """The part of the name that the word means, "" for none."""
        folded = fold(word)
        if folded not in self._known:
            self._known[folded] = "" if folded in _NO_NAME else next(self._meanings(folded), "")
        return self._known[folded]

    def _meanings(self, folded: str) -> Iterator[str]:
        for matcher in self._matchers:
            found = matcher.meaning(folded)
            for code, value in zip(found.codes.tolist(), found.values.tolist(), strict=True):
                if code >= 0 and value != UNMET and found.levels[value >> WAY] in _LEVELS:
                    yield matcher.index.words[code]

    def evidence(self, text: str) -> Evidence:
        words = {meant: word for word in _WORD.findall(text) if (meant := self.meant(word))}
        return Evidence(
            words=frozenset(words),
            rare=any(not {meant, fold(word)} & lexicon.NAMES for meant, word in words.items()),
            contact=self._phone.search(text) is not None
            or any(self._is_email(match[0]) for match in _EMAIL.finditer(text)),
            document=any(self._is_document(match[0]) for match in _NUMBER.finditer(text)),
        )

    def redacted(self, text: str) -> str:
        """The text without her contacts and without every word that means a part of her name."""
        text = _EMAIL.sub(lambda match: BLANK if self._is_hers(match[0]) else match[0], text)
        text = self._phone.sub(BLANK, text)
        text = _NUMBER.sub(lambda match: BLANK if self._is_document(match[0]) else match[0], text)
        return _WORD.sub(lambda match: BLANK if self.meant(match[0]) else match[0], text)

    def redacted_value(self, value: Any, most: int | None = None) -> Any:
        """A value of a column: texts in lists and objects are redacted one by one, keys included."""
        if isinstance(value, str):
            return self.redacted(value)[:most]
        if isinstance(value, list):
            return [self.redacted_value(item) for item in value]
        if isinstance(value, dict):
            return {self.redacted(name): self.redacted_value(item) for name, item in value.items()}
        if isinstance(value, int) and not isinstance(value, bool):
            return value if self.redacted(str(value)) == str(value) else 0
        return value

    def same_name(self, names: Collection[str]) -> bool:
        """Whether one of the names has at least two parts in common with hers, or one if only one is known."""
        parts = [{meant for word in _WORD.findall(name) if (meant := self.meant(word))} for name in names]
        most = max((len(matcher.index.words) for matcher in self._matchers), default=2)
        return any(len(found) >= max(1, min(2, most)) for found in parts)

    def _is_document(self, text: str) -> bool:
        """Whether eleven digits in a row, of all that stand together, are her CPF."""
        number = digits(text)
        return any(self._is_document_number(number[i : i + _CPF]) for i in range(len(number) - _CPF + 1))

    def _is_email(self, text: str) -> bool:
        return text.casefold().rstrip(".") in self._emails

    def _is_hers(self, email: str) -> bool:
        local = email.partition("@")[0]
        return self._is_email(email) or any(self.meant(word) for word in _WORD.findall(local))
