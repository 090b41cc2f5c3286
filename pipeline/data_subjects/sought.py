"""Whom a search is for: what is known of one person, as it was typed or as her rows have it."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from django.conf import settings

from matching.person_text import PersonText
from pipeline.hotel.stays import document_hmac


@dataclass(frozen=True)
class Sought:
    """`documents` are keyed hashes, the numbers themselves are not kept; `document_end` is their last two digits.
    `bookings` are booking numbers, `rows` ids of the guest list, `guests` ids of the hotel's person profiles."""

    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    document_end: str = ""
    bookings: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    guests: tuple[int, ...] = ()

    @classmethod
    def typed(
        cls,
        *,
        name: str = "",
        phone: str = "",
        email: str = "",
        cpf: str = "",
        booking: str = "",
        row: int | None = None,
    ) -> Self:
        """From what a person typed; empty parts are left out."""
        code = document_hmac("CPF", cpf, settings.HASH_KEY)
        return cls(
            names=_given(name),
            phones=_given(phone),
            emails=_given(email),
            documents=(code,) if code else (),
            document_end="".join(filter(str.isdigit, cpf))[-2:],
            bookings=_given(booking),
            rows=(row,) if row is not None else (),
        )

    def joined(self, other: "Sought") -> "Sought":
        """With what `other` knows as well, each value once."""
        both = {
            name: tuple(dict.fromkeys((*value, *getattr(other, name))))
            for name, value in vars(self).items()
            if isinstance(value, tuple)
        }
        return replace(self, document_end=self.document_end or other.document_end, **both)

    def text(self) -> PersonText:
        codes = frozenset(self.documents)
        return PersonText(
            self.names,
            self.phones,
            self.emails,
            lambda number: document_hmac("CPF", number, settings.HASH_KEY) in codes,
        )

    @property
    def fingerprint(self) -> str:
        """A keyed hash that is equal for equal persons and names nobody: of the document, else of the first row."""
        known = self.documents[0] if self.documents else ",".join(map(str, sorted(self.rows)[:1])) or self.names[:1]
        return hmac.new(settings.HASH_KEY.encode(), f"person:{known}".encode(), hashlib.sha256).hexdigest()


def _given(*values: str) -> tuple[str, ...]:
    return tuple(value for text in values if (value := " ".join(text.split())))


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """Without empty values and repetitions, in order."""
    return tuple(dict.fromkeys(value for value in values if value not in (None, "")))
