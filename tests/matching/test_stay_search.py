"""The search among stays: by name as typed, room or booking number; never a hidden guest."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching import erasure
from matching.hotel_rows import stay_fields
from matching.models import Stay
from matching.stay_search import FoundBy, Presence, search_stays
from tests.conftest import SharedWorld
from tests.matching.conftest import person

PEOPLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Helena Prado Figueiredo", "412", {}),
    ("OTAVIO FIGUEIREDO NUNES", "421", {}),
    ("Figueira, Rosa Maria", "305", {"status": "confirmada", "arrives": 0, "leaves": 4}),
    ("Tiago Figueredo", "412", {"status": "saida", "arrives": -8, "leaves": -4}),
    ("Roberto Conceição", "0203", {"reservation": "R41602", "rooms": ["0309", "0203"]}),
    ("Ana Sousa", "SUITE GIRASSOL", {}),
    ("Lia Prado Figueiredo", "412", {"minor": True}),
    ("Marta Figueiredo", "500", {"status": "cancelada"}),
    ("Nelson Figueiredo", "501", {"status": "saida", "arrives": -40, "leaves": -31}),
    ("Priscila Figueiredo", "502", {"gone": True}),
)


def add_stay(number: int, name: str, room: str, **about: Any) -> Stay:
    today = timezone.localdate()
    row = {
        "id": number,
        "hospede_id": number,
        "reserva_id": number,
        "nome_listagem": name,
        "status": about.get("status", "na_casa"),
        "uh": room,
        "chegada": today + timedelta(about.get("arrives", -2)),
        "saida": today + timedelta(about.get("leaves", 2)),
        "titular": True,
        "removido_em": "2026-01-01T00:00:00Z" if about.get("gone") else None,
        "ocupacoes": [{"uh": one} for one in about.get("rooms", ())],
        "reservas": {"num_reserva": about.get("reservation", f"R9{number:03}")},
        "hospedes": {"nome": name, "menor": bool(about.get("minor"))},
    }
    return Stay.objects.create(pk=number, **stay_fields(row))


@dataclass(frozen=True)
class Found:
    """A receptionist who searches among PEOPLE."""

    user: User

    def names(self, text: str, **how: Any) -> list[str]:
        return [hit.stay.name for hit in search_stays(text, user=self.user, **how)]


@pytest.fixture(scope="class")
def found(shared_world: SharedWorld) -> Found:
    def build() -> Found:
        for number, (name, room, about) in enumerate(PEOPLE, 1):
            add_stay(number, name, room, **about)
        return Found(person("clara", "view_matchsuggestion"))

    world: Found = shared_world(build)
    return world


@pytest.mark.django_db
class TestFinding:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("conceicao", "Roberto Conceição"),
            ("CONCEIÇÃO roberto", "Roberto Conceição"),
            ("beto conceicao", "Roberto Conceição"),
            ("figueira rosa", "Rosa Maria Figueira"),
            ("sr. otávio", "Otavio Figueiredo Nunes"),
            ("otavio figueredo", "Otavio Figueiredo Nunes"),
            ("souza", "Ana Sousa"),
            ("conceisao", "Roberto Conceição"),
            ("concecao", "Roberto Conceição"),
            ("r41602", "Roberto Conceição"),
            ("41602", "Roberto Conceição"),
            ("203", "Roberto Conceição"),
            ("apto 0203", "Roberto Conceição"),
            ("309", "Roberto Conceição"),
            ("girassol", "Ana Sousa"),
            ("helena 412", "Helena Prado Figueiredo"),
        ],
    )
    def test_as_people_type_it(self, found: Found, typed: str, expected: str) -> None:
        assert found.names(typed)[0] == expected

    def test_never_a_minor_nor_a_stay_that_cannot_be_linked(self, found: Found) -> None:
        assert found.names("figueiredo") == [
            "Helena Prado Figueiredo",
            "Otavio Figueiredo Nunes",
            "Tiago Figueredo",
        ]
        assert found.names("412") == ["Helena Prado Figueiredo", "Tiago Figueredo"]
        assert found.names("lia prado") == []

    def test_without_the_departed(self, found: Found) -> None:
        assert "Tiago Figueredo" not in found.names("figueredo", include_departed=False)

    def test_the_limit_keeps_the_best(self, found: Found) -> None:
        assert found.names("figueiredo", limit=1) == ["Helena Prado Figueiredo"]

    @pytest.mark.parametrize("typed", ["", "  ", "529.982.247-25", "(85) 98888-1141", "\x00", "%", "a", "_____"])
    def test_nothing_to_search_for(self, found: Found, typed: str) -> None:
        assert found.names(typed) == []

    def test_hits_name_their_reason_and_the_found_letters(self, found: Found) -> None:
        first = search_stays("figue", user=found.user)[0]
        assert first.found_by == (FoundBy.BEGINNING,)
        assert ("Figue", True) in first.pieces
        assert "".join(text for text, _found in first.pieces) == first.stay.name
        presences = {hit.stay.name: hit.presence for hit in search_stays("figue", user=found.user)}
        assert presences["Tiago Figueredo"] == Presence.LEFT
        assert presences["Rosa Maria Figueira"] == Presence.ARRIVES_TODAY
        former = search_stays("309", user=found.user)[0]
        assert former.found_by == (FoundBy.FORMER_ROOM,)

    def test_two_queries_at_most(self, found: Found) -> None:
        with CaptureQueriesContext(connection) as queries:
            search_stays("figueiredo helena", user=found.user)
        assert len([q for q in queries if "matching_stay" in q["sql"]]) <= 2

    def test_an_erased_guest_is_not_found(self, found: Found) -> None:
        erasure.forget([1])
        assert found.names("helena") == []

    def test_only_for_those_who_may_see_guests(self, found: Found) -> None:
        with pytest.raises(PermissionDenied):
            search_stays("helena", user=person("ivo", "view_jobrun"))
