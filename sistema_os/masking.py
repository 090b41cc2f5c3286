"""Masks documents and phones before a text is displayed, stored or exported."""

import re

from validate_docbr import CPF

_CPF = re.compile(r"(?<![\d.])\d{3}[. ]?\d{3}[. ]?\d{3}[-/. ]?\d{2}(?!\d)")
_CNPJ = re.compile(r"(?<![\d.])\d{2}[. ]?\d{3}[. ]?\d{3}/?\d{4}[-. ]?\d{2}(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?55[ .-]?)?\(?\d{2}\)?[ .-]?9?[ .-]?\d{4}[ .-]?\d{4}(?!\d)")
# Repeated digits are no real CPF, but what has valid check digits is masked all the same.
_CHECK_DIGITS = CPF(repeated_digits=True)


def masked_document(final: str) -> str:
    """`***.***.***-25` for the last two characters of a document; empty without them."""
    return f"***.***.***-{final}" if final else ""


def without_documents(text: str) -> str:
    """Replaces every valid CPF, and everything formatted as one, by `***.***.***-25`, and a CNPJ by `[CNPJ]`."""
    return _CNPJ.sub("[CNPJ]", _CPF.sub(_mask_cpf, text))


def _mask_cpf(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    # Eleven bare digits may be a mobile phone, which the front desk needs: the check digits decide.
    return masked_document(digits[-2:]) if match[0] != digits or _CHECK_DIGITS.validate(digits) else match[0]


def masked_phones(text: str) -> str:
    """Reduces phones to their area code and last two digits: `(48) •••••-••41`."""
    return _PHONE.sub(_mask_phone, text)


def _mask_phone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0]).removeprefix("55")
    return f"({digits[:2]}) •••••-••{digits[-2:]}" if len(digits) >= 10 else f"••••-••{digits[-2:]}"


def masked_typed_text(text: str) -> str:
    """What staff typed into an order, as pages and exports show it."""
    return without_documents(text)
