"""Phones, documents and addresses; and the orders that are about nobody, or about somebody who may not be shown."""

from typing import Any

import pytest

from matching.core import Candidate
from tests.matching.core.house import ask, best, crowd, order, probability_of, stay


def sure(found: Candidate, listagem_id: int | None, at_least: float = 0.5) -> bool:
    return found.listagem_id == listagem_id and found.probability >= at_least


# --- contacts ------------------------------------------------------------------------------------
PHONES = {
    "as registered": "(48) 99876-5432",
    "digits only": "48998765432",
    "without DDD": "99876-5432",
    "with country code": "+55 48 99876-5432",
    "full width digits": "４８９９８７６５４３２",
}


@pytest.mark.parametrize("phone", PHONES.values(), ids=PHONES.keys())
def test_a_phone_finds_its_guest(phone: str) -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203", phone="(48) 99876-5432")]
    found = best(f"whats {phone} pede toalha", stays)
    assert sure(found, 1, 0.9)
    assert all("9876" not in str(r) for r in found.reasons)


CPFS = {"formatted": "529.982.247-25", "digits": "52998224725", "full width digits": "５２９.９８２.２４７-２５"}


@pytest.mark.parametrize("cpf", CPFS.values(), ids=CPFS.keys())
def test_a_cpf_finds_its_guest_and_stands_in_no_reason(cpf: str) -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203", document="52998224725")]
    found = best(f"nota fiscal CPF {cpf}", stays)
    assert sure(found, 1, 0.9)
    assert all("529" not in str(r) and "982" not in str(r) for r in found.reasons)


def test_an_address_made_up_by_a_booking_site_identifies_nobody() -> None:
    alias = "pfigueira.123@guest.booking.com"
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", email=alias),
        stay(2, "Ana Prado", "204", email="ana@prado.com"),
    ]
    assert all(c.listagem_id != 1 for c in ask(f"responder {alias}", stays))
    assert sure(best("responder Ana@Prado.com", stays), 2, 0.9)


def test_a_booking_number_finds_its_stay() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203", locator="QX7T2P9")]
    assert sure(best("nota fiscal loc QX7T2P9", stays), 1, 0.9)


# --- nobody --------------------------------------------------------------------------------------
NOBODY: dict[str, dict[str, Any]] = {
    "common area": {"descricao": "piscina azulejo solto"},
    "staff report a room": {
        "descricao": "Rosane gov. informa 203 cortina solta",
        "solicitante_texto": "camareira Rosane",
    },
    "preventive in a room": {"descricao": "preventiva ar 203"},
    "preventive by kind": {"descricao": "ar split 203 limpeza filtro", "tipo": "preventiva"},
    "third party by firm": {"descricao": "técnico Otis elevador social"},
    "third party by name": {"descricao": "Sr. Pedro da Claro - rack TI"},
    "driver": {"descricao": "entrega lavanderia - Pedro motorista"},
    "guard": {"descricao": "vigilante Pedro avisa portão da garagem aberto"},
    "place type": {"descricao": "lâmpada queimada", "local_tipo": "area_comum"},
}


@pytest.mark.parametrize("columns", NOBODY.values(), ids=NOBODY.keys())
def test_nobody_is_an_answer(columns: dict[str, Any]) -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203"), stay(2, "Clara Prado", "204")]
    assert sure(best(order("") | columns, stays), None, 0.7)


def test_a_guest_stays_a_guest_when_the_text_speaks_of_staff() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203")]
    assert sure(best("hóspede Pedro do 203 reclama que camareira não limpou", stays), 1, 0.9)


def test_a_number_that_is_no_room_is_not_taken_for_one() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203"), stay(2, "Clara Prado", "1420")]
    assert sure(best("Pedro Figueira transfer in voo G3 1420", stays), 1, 0.8)


@pytest.mark.parametrize("secret", [{"minor": True}, {"incognito": True}], ids=["minor", "incognito"])
@pytest.mark.parametrize("text", ["Pedro Figueira 203 toalha", "203 toalha", "Pedro Figueira ligou"], ids=repr)
def test_minors_and_incognito_guests_are_never_suggested(secret: dict[str, bool], text: str) -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203", **secret)]
    found = ask(text, stays)
    assert all(c.listagem_id != 1 for c in found)
    assert probability_of(found, None) < 0.5, "hiding a guest does not make him nobody"


def test_a_childs_name_leads_to_the_adult_of_the_booking() -> None:
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "Téo Figueira", "203", booking=7, titular=False, minor=True),
    ]
    assert sure(best("Téo do 203 perdeu brinquedo na piscina", stays), 1, 0.9)
