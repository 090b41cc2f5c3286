"""A small hotel for the engine's tests: rows as PostgREST gives them, what a test does not care about filled in."""

from itertools import count
from typing import Any

from matching.core import Candidate, Model, match

Row = dict[str, Any]
TODAY = "2026-03-10"
_bookings = count(5_000)


def stay(listagem_id: int, name: str, room: str | None = None, **known: Any) -> Row:
    """A guest in house from the 8th to the 14th unless told otherwise; `booking` puts guests together."""
    person = {
        "nome": None if known.get("unnamed") else known.get("registered", name),
        "nome_social": known.get("social"),
        "menor": known.get("minor", False),
        "incognito": known.get("incognito", False),
        "telefone": known.get("phone"),
        "email": known.get("email"),
        "doc_numero": known.get("document"),
        "doc_final": (known.get("document") or "")[-2:] or None,
    }
    booking = known.get("booking", next(_bookings))
    row = {
        "id": listagem_id,
        "reserva_id": booking,
        "hospede_id": None if known.get("unnamed") else listagem_id + 10_000,
        "nome_listagem": name,
        "titular": known.get("titular", True),
        "status": known.get("status", "na_casa"),
        "uh": room,
        "chegada": known.get("arrival", "2026-03-08"),
        "saida": known.get("departure", "2026-03-14"),
        "reservas": {"num_reserva": f"R{booking}", "agencia": known.get("agency"), "localizador": known.get("locator")},
        "hospedes": None if known.get("unnamed") else person,
    }
    return row | ({"ocupacoes": known["slept"]} if "slept" in known else {})


def order(text: str, *, os_id: int = 1, at: str = f"{TODAY}T15:00:00-03:00", **columns: Any) -> Row:
    row = {
        "id": os_id,
        "numero": f"OS{os_id:05d}",
        "aberta_em": at,
        "setor": "manutencao",
        "tipo": "corretiva",
        "local_tipo": "uh",
        "uh_texto": None,
        "hospede_texto": None,
        "telefone_texto": None,
        "solicitante_texto": "recepção",
        "descricao": text,
    }
    return row | columns


def crowd(first_id: int = 900, rooms: int = 60) -> list[Row]:
    """Other guests, so that no name is rare for want of a hotel."""
    given = ["Helena", "Bruno", "Sônia", "Fábio", "Renata", "Sérgio", "Paula", "Marcelo", "Vera", "Hugo", "Lívia"]
    family = ["Almeida", "Barros", "Castro", "Duarte", "Esteves", "Fonseca", "Guedes", "Horta", "Jardim", "Moura"]
    return [
        stay(first_id + i, f"{given[i % len(given)]} {family[i % len(family)]}", str(700 + i), titular=True)
        for i in range(rooms)
    ]


def ask(text: str | Row, stays: list[Row], *, model: Model | None = None) -> list[Candidate]:
    row = order(text) if isinstance(text, str) else text
    return match([row], stays, model=model)


def best(text: str | Row, stays: list[Row]) -> Candidate:
    found = ask(text, stays)
    assert found, "the engine suggests nothing"
    return found[0]


def level(candidate: Candidate, comparison: str) -> str:
    """The level of the first reason of a comparison; "" when it took no part."""
    return next((r.level for r in candidate.reasons if r.comparison == comparison), "")


def probability_of(found: list[Candidate], listagem_id: int | None) -> float:
    return sum(c.probability for c in found if c.listagem_id == listagem_id)
