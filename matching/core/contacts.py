"""Phones, CPFs and e-mails inside typed text, brought to one comparable form and cut out of the text."""

import re
from dataclasses import dataclass

from validate_docbr import CPF

from matching.core.text import digits

_CHECK = CPF()
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CPF_FORM = re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)")
_DIGIT_RUN = re.compile(r"(?<![\w/])\+?\(?\d(?:[\s().-]{0,3}\d){7,15}(?![\w/])")
_IDENTITY = re.compile(r"(?<!\w)[A-Za-z]{2}\d{6,8}(?!\w)")
# Addresses that a booking site makes up per stay: they name nobody twice.
OTA_DOMAINS = ("booking.com", "expedia", "airbnb", "agoda", "hotels.com", "decolar", "despegar", "trip.com", "hurb")
MIN_PHONE, MIN_CONTACT_DIGITS = 8, 6


@dataclass(frozen=True, slots=True)
class Contacts:
    phones: tuple[str, ...] = ()
    """National digits, at least the last eight."""
    documents: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


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


def extract(text: str) -> tuple[Contacts, str]:
    """What the text (without marks) holds, and the text without it."""
    if "@" not in text and sum(map(str.isdigit, text)) < MIN_CONTACT_DIGITS:
        return NO_CONTACTS, text
    emails = [key for found in _EMAIL.findall(text) if (key := email_key(found))]
    text = _EMAIL.sub(" ", text)
    documents = [digits(found) for found in _CPF_FORM.findall(text)]
    text = _CPF_FORM.sub(" ", text)
    documents += [found.upper() for found in _IDENTITY.findall(text)]
    text = _IDENTITY.sub(" ", text)
    phones = []
    for found in _DIGIT_RUN.findall(text):
        number = digits(found)
        if valid_cpf(number):
            documents.append(number)
        phones.append(phone_key(number))
    return Contacts(tuple(filter(None, phones)), tuple(documents), tuple(emails)), _DIGIT_RUN.sub(" ", text)
