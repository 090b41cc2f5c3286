"""The two functions as the app calls them: through PostgREST, with the key of the app's role."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import psycopg
import pytest

from sistema_os.supabase import SupabaseClient

Line = dict[str, Any]
Receive = Callable[..., dict[str, Any]]
DAY = date(2026, 3, 12)
_STAY = (
    *("booking", "room", "name", "main", "arrival", "departure", "status", "company", "agency", "group", "channel"),
    *("phone", "email", "country", "minor", "note", "person_id", "line_id"),
)
_ORDER = ("number", "opened", "text", "room", "guest", "requester", "phone", "sector", "status", "closed")


def stay(name: str, room: str | None = "201", **values: Any) -> Line:
    """A line of the contract, of a main guest who is in the house from 10 to 20 March."""
    given = {"main": True, "arrival": "2026-03-10", "departure": "2026-03-20", "status": "na_casa"}
    return dict.fromkeys(_STAY) | given | {"name": name, "room": room} | values


def order(number: str | None, text: str, **values: Any) -> Line:
    given = {"opened": "2026-03-12 06:40:00", "room": "305"}
    return dict.fromkeys(_ORDER) | given | {"number": number, "text": text} | values


@pytest.fixture
def receive_stays(hotel_db: psycopg.Connection, supabase_settings: dict[str, Any]) -> Receive:
    """`receive_stays(lines, data=DAY, escopo="casa", **others)` returns the function's answer."""

    def call(lines: Sequence[Line], data: date = DAY, escopo: str = "casa", **others: Any) -> dict[str, Any]:
        arguments = {"linhas": list(lines), "data": data.isoformat(), "escopo": escopo, **others}
        answer: dict[str, Any] = (
            SupabaseClient(**supabase_settings).sync_rpc("receber_listagem", arguments).execute().data
        )
        return answer

    return call


@pytest.fixture
def receive_orders(hotel_db: psycopg.Connection, supabase_settings: dict[str, Any]) -> Receive:
    def call(lines: Sequence[Line], data: date = DAY, **others: Any) -> dict[str, Any]:
        arguments = {"linhas": list(lines), "data": data.isoformat(), **others}
        answer: dict[str, Any] = (
            SupabaseClient(**supabase_settings).sync_rpc("receber_ordens", arguments).execute().data
        )
        return answer

    return call


def counts(answer: dict[str, Any], *names: str) -> list[Any]:
    """The counts of these names; the call must not have been refused."""
    assert answer["recusa"] is None
    return [answer[name] for name in names]
