"""What must not reach a screen, a reason or an export: documents, and phones beyond their last digits."""

import re

_CPF = re.compile(r"(?<![\d.])\d{3}[. ]?\d{3}[. ]?\d{3}[-/. ]?\d{2}(?!\d)")
_CNPJ = re.compile(r"(?<![\d.])\d{2}[. ]?\d{3}[. ]?\d{3}/?\d{4}[-. ]?\d{2}(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?55[ .-]?)?\(?\d{2}\)?[ .-]?9?[ .-]?\d{4}[ .-]?\d{4}(?!\d)")


def masked_document(final: str) -> str:
    return f"***.***.***-{final}" if final else ""


def without_documents(text: str) -> str:
    """Every valid CPF, and everything written like one, becomes `***.***.***-25`."""
    return _CNPJ.sub("[CNPJ]", _CPF.sub(_mask_cpf, text))


def _mask_cpf(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    # Eleven bare digits may as well be a mobile phone, which the front desk needs: only the check digits tell.
    return masked_document(digits[-2:]) if match[0] != digits or _is_cpf(digits) else match[0]


def _is_cpf(digits: str) -> bool:
    def check(length: int) -> str:
        total = sum(int(d) * (length + 1 - i) for i, d in enumerate(digits[:length]))
        return str(total * 10 % 11 % 10)

    return digits[9] == check(9) and digits[10] == check(10)


def masked_phones(text: str) -> str:
    """Phones keep their area code and last two digits: `(48) 9••••-••41`."""
    return _PHONE.sub(_mask_phone, text)


def _mask_phone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0]).removeprefix("55")
    return f"({digits[:2]}) •••••-••{digits[-2:]}" if len(digits) >= 10 else f"••••-••{digits[-2:]}"
