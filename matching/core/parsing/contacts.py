"""Phones, CPFs and e-mails inside typed text, brought to one comparable form and cut out of the text."""

import re
from collections.abc import Container
from dataclasses import dataclass

from validate_docbr import CPF

from matching.core.parsing.text import digits

_CHECK = CPF()
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_CPF_FORM = re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)")
_DIGIT_RUN = re.compile(r"(?<![\w/])\+?\(?\d(?:[\s().-]{0,3}\d){7,15}(?![\w/])")
_GROUP = re.compile(r"\d+")
_IDENTITY = re.compile(r"(?<!\w)[A-Za-z]{2}\d{6,8}(?!\w)")
# "tel. final 4321", "terminado em 4321". What ends so may be another number: then it is cut out and says nothing.
_TAIL = re.compile(
    r"\b(?P<of>\w+)?\W{0,3}\b(?:final|finais|termina(?:do|da|ndo)?)\b(?:\s+(?:em|com|do|da|de|tel|fone|cel)\b)*\W{0,3}"
    r"(?P<tail>\d{2}[- .]?\d{2}|\d{2,4})(?!\w)",
    re.IGNORECASE,
)
# `décimo andar final 06` ends a room, no telephone.
_FLOOR = re.compile(r"\b(?:andar|piso|floor)\b", re.IGNORECASE)
_NO_PHONE = {"cartao", "card", "visa", "master", "mastercard", "elo", "amex", "cpf", "rg", "cnpj", "doc", "documento"}
_NO_PHONE |= {"conta", "pix", "placa", "nf", "nota"}
_BOOKED = re.compile(
    r"\b(?:res|resv|rsv|reserva|booking|bkg|loc|localizador|voucher)\b"
    r"(?:\W{0,3}\b(?:n|no|nr|num|numero|de)\b)?[\s.:#/-]{0,4}(?P<code>(?=[\w-]*\d)\w[\w-]{3,20})(?!\w)",
    re.IGNORECASE,
)
_ROOM_LIKE = re.compile(r"\d{1,3}[a-g]?")
# Addresses that a booking site makes up per stay: they name nobody twice.
OTA_DOMAINS = ("booking.com", "expedia", "airbnb", "agoda", "hotels.com", "decolar", "despegar", "trip.com", "hurb")
MIN_PHONE, MIN_CONTACT_DIGITS, TAIL = 8, 6, 4


@dataclass(frozen=True, slots=True)
class Contacts:
    phones: tuple[str, ...] = ()
    """National digits, at least the last eight."""
    documents: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    """The last four digits of a phone, where no more is said."""


NO_CONTACTS = Contacts()


def valid_cpf(number: str) -> bool:
    """Check digits of eleven ASCII digits; repeated digits are no CPF."""
    return len(number) == 11 and number.isascii() and number.isdigit() and _CHECK.validate(number)


def phone_key(number: str) -> str:
    """Digits without country code and trunk zero; "" when it is too short to be a telephone."""
    found = digits(number).lstrip("0")
    if len(found) in (12, 13) and found.startswith("55"):
        found = found[2:]
    return found if len(found) >= MIN_PHONE else ""


def email_key(address: str) -> str:
    """Lower case; "" for the alias of a booking site."""
    plain = address.strip().lower()
    domain = plain.rpartition("@")[2]
    return "" if not domain or any(alias in domain for alias in OTA_DOMAINS) else plain


def booking_codes(text: str) -> tuple[frozenset[str], str]:
    """Numbers that the text (without marks) calls a booking's, as keys, and the text without them. A room of three
    digits (`reserva 203-B`) is none."""
    matches = [match for match in _BOOKED.finditer(text) if not _ROOM_LIKE.fullmatch(code_key(match["code"]))]
    for match in reversed(matches):
        text = f"{text[: match.start('code')]} {text[match.end('code') :]}"
    return frozenset(code_key(match["code"]) for match in matches), text


def code_key(code: str) -> str:
    """`RS-55120` and `rs55120` are one number."""
    return "".join(c for c in code.lower() if c.isalnum())


def _tails(text: str) -> tuple[tuple[str, ...], str]:
    if "final" not in text.lower() and "termina" not in text.lower():
        return (), text
    found = [
        m for m in _TAIL.finditer(text) if len(digits(m["tail"])) == TAIL and (m["of"] or "").lower() not in _NO_PHONE
    ]
    kept = _FLOOR.search(text) is not None
    return tuple(digits(m["tail"]) for m in found), _TAIL.sub(
        lambda m: m[0] if kept and len(m["tail"]) == 2 else f"{m['of'] or ''} ", text
    )


def _are_rooms(run: str, rooms: Container[str]) -> bool:
    """`2308 2309 2310`: as many digits as a telephone, and each group a room of the house."""
    groups = _GROUP.findall(run)
    return len(groups) > 1 and "+" not in run and all(len(g) in (3, 4) and g.lstrip("0") in rooms for g in groups)


def extract(text: str, rooms: Container[str] = frozenset()) -> tuple[Contacts, str]:
    """What the text (without marks) holds, and the text without it. `rooms`: numbers of the rooms of the house."""
    tails, text = _tails(text)
    if "@" not in text and sum(map(str.isdigit, text)) < MIN_CONTACT_DIGITS:
        return Contacts(tails=tails), text
    emails = [key for found in _EMAIL.findall(text) if (key := email_key(found))]
    text = _EMAIL.sub(" ", text)
    documents = [digits(found) for found in _CPF_FORM.findall(text)]
    text = _CPF_FORM.sub(" ", text)
    documents += [found.upper() for found in _IDENTITY.findall(text)]
    text = _IDENTITY.sub(" ", text)
    phones = []
    runs = [found for found in _DIGIT_RUN.findall(text) if not _are_rooms(found, rooms)]
    for found in runs:
        number = digits(found)
        if valid_cpf(number):
            documents.append(number)
        phones.append(phone_key(number))
    left = _DIGIT_RUN.sub(lambda m: m[0] if _are_rooms(m[0], rooms) else " ", text)
    return Contacts(tuple(filter(None, phones)), tuple(documents), tuple(emails), tails), left
