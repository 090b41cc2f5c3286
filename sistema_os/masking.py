"""Masks documents, cards and phones before a text is displayed, stored or exported.

Every repetition is bounded, so that the time grows with the length of the text and not with its square.
"""

import re

from validate_docbr import CPF

_CPF = re.compile(r"(?<![\d.])\d{3}[. ]?\d{3}[. ]?\d{3}[-/. ]?\d{2}(?!\d)")
# Eleven digits with any separators, such as "529_982_247–25" or "5 2 9 9 8 2 2 4 7 2 5".
_SPACED_CPF = re.compile(r"(?<![\d.])\d(?:[ .,_/\\·–—-]{0,2}\d){10}(?!\d)")
_CNPJ = re.compile(r"(?<![\d.])\d{2}[. ]?\d{3}[. ]?\d{3}/?\d{4}[-. ]?\d{2}(?!\d)")
_CARD = re.compile(r"(?<!\d)\d(?:[ ./_–-]{0,2}\d){12,18}(?!\d)")
_CARD_CODE = re.compile(
    r"\b(?P<name>cvv2?|cvc2?|c[oó]d(?:igo)?\.?\s{1,3}(?:de\s{1,3})?seg(?:uran[cç]a)?)(?P<gap>[\s:.=#-]{0,4})\d{3,4}(?!\d)",
    re.IGNORECASE,
)
# "RG 12.345.678-9", "passaporte nº FH123456", "identidade do hóspede: 1234567".
_NAMED_DOCUMENT = re.compile(
    r"\b(?P<name>(?:passaporte|passport|pasaporte|rg|cnh|rnm|rne|dni|identidade|c[eé]dula|cpf)\b"
    r"(?:[\s:.,#=ºo°-]{0,3}(?:n[uú]mero|n[º°o.]|d[aeo]|h[oó]spede|sr|sra)\b){0,3}[\s:.,#=º°-]{0,4})"
    r"(?P<value>[a-z]{0,3}[ .-]?\d(?:[ ./-]?\d){4,13}(?:-?[a-z0-9])?)(?![a-z0-9])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<!\d)(?:\+?55[ .-]?)?\(?\d{2}\)?[ .-]?9?[ .-]?\d{4}[ .-]?\d{4}(?!\d)")
# Repeated digits are no real CPF, but what has valid check digits is masked all the same.
_CHECK_DIGITS = CPF(repeated_digits=True)


def masked_document(final: str) -> str:
    """`***.***.***-25` for the last two characters of a document; empty without them."""
    return f"***.***.***-{final}" if final else ""


def without_documents(text: str) -> str:
    """The one masking of typed text: no card, document or security code is left of what has the form of one.

    A CPF, and a document that is called one (RG, CNH, passport, ...), becomes `***.***.***-25`, a CNPJ `[CNPJ]`, a
    card with valid check digits `[cartão]`.
    """
    text = _CARD_CODE.sub(r"\g<name>\g<gap>***", _CARD.sub(_mask_card, text))
    text = _CNPJ.sub("[CNPJ]", _CPF.sub(_mask_cpf, text))
    return _NAMED_DOCUMENT.sub(_mask_named, _SPACED_CPF.sub(_mask_spaced_cpf, text))


def is_card(digits: str) -> bool:
    """Whether the digits are a payment card's: 13 to 19 of an issuer's range with a valid check digit (Luhn)."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or (len(digits) == 13 and digits[0] != "4"):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _mask_card(match: re.Match[str]) -> str:
    return "[cartão]" if is_card(_digits(match[0])) else match[0]


def _mask_cpf(match: re.Match[str]) -> str:
    digits = _digits(match[0])
    # Eleven bare digits may be a mobile phone, which the front desk needs: the check digits decide.
    return masked_document(digits[-2:]) if match[0] != digits or _CHECK_DIGITS.validate(digits) else match[0]


def _mask_spaced_cpf(match: re.Match[str]) -> str:
    digits = _digits(match[0])
    is_phone = match[0] != digits and _PHONE.fullmatch(match[0]) is not None
    return masked_document(digits[-2:]) if not is_phone and _CHECK_DIGITS.validate(digits) else match[0]


def _mask_named(match: re.Match[str]) -> str:
    return f"{match['name']}{masked_document(match['value'].strip()[-2:])}"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def masked_phones(text: str) -> str:
    """Reduces phones to their area code and last two digits: `(48) •••••-••41`."""
    return _PHONE.sub(_mask_phone, text)


def _mask_phone(match: re.Match[str]) -> str:
    digits = _digits(match[0]).removeprefix("55")
    return f"({digits[:2]}) •••••-••{digits[-2:]}" if len(digits) >= 10 else f"••••-••{digits[-2:]}"
