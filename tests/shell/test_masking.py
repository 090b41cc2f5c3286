"""What staff type into an order and nobody may read: cards and documents, whatever separates their digits."""

import pytest

from sistema_os.masking import is_card, masked_phones, without_documents
from tests.growth import growth

TYPED = [
    ("cartão 4111 1111 1111 1111 val 12/29", "1111 1111"),
    ("cobrar no 4111111111111111", "4111111111111111"),
    ("5555-5555-5555-4444", "5555-4444"),
    ("amex 3782 822463 10005", "822463"),
    ("diners 3056.930902.5904", "930902"),
    ("visa 4222222222222", "4222222222222"),
    ("cvv 123", "123"),
    ("CVC: 4567", "4567"),
    ("cód. de segurança 999", "999"),
    ("RG 12.345.678-9", "345.678"),
    ("rg: 123456789", "123456789"),
    ("RG do hóspede 12345678", "12345678"),
    ("passaporte FH123456", "FH1234"),
    ("Passport nº AB 1234567", "1234567"),
    ("CNH 01234567890", "0123456789"),
    ("RNM V123456-7", "V123456"),
    ("RNE V1234567", "V12345"),
    ("DNI 30.123.456", "30.123"),
    ("identidade 1234567", "12345"),
    ("cédula: 1.234.567-8", "234.567"),
    ("cpf 529_982_247–25", "529_982"),
    ("5 2 9 9 8 2 2 4 7 2 5", "5 2 9 9"),
    ("529,982,247,25", "982,247"),
    ("529.982.247-25", "529.982"),
    ("52998224725", "52998224725"),
    ("12.345.678/0001-95", "345.678"),
]


@pytest.mark.parametrize(("typed", "secret"), TYPED)
def test_no_card_or_document_survives(typed: str, secret: str) -> None:
    shown = without_documents(typed)
    assert secret not in shown
    assert without_documents(shown) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "apto 412 vazamento no chuveiro",
        "ligar (48) 99912-3456",
        "ligar 48 99912-3456 antes das 14h",
        "+55 48 99912-3456",
        "reserva R41602, OS 48062, 30/11/2026 21:14",
        "passaporte esquecido no 412",
        "RG esquecido no 203",
        "trocar 4 lâmpadas de 12 W, 3 de 60 W",
        "código de segurança do cofre não abre",
        "protocolo 1764540000000",
        "nota 4111 1111 1111 1112",
    ],
)
def test_what_the_front_desk_needs_stays(typed: str) -> None:
    assert without_documents(typed) == typed


def test_a_card_has_valid_check_digits() -> None:
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert not is_card("5548999123456")


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "4-", "rg ", "rg d", "cvv", "a", "passaporte nº ", "(48) ", "9.", "cód  "]
)
def test_the_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    short, long = ((piece * length)[:length] for length in (4_000, 64_000))
    assert growth(lambda text: masked_phones(without_documents(text)), short, long, most=64) <= 64
