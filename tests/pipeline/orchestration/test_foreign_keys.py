"""A second foreign key between two hotel tables: the embedding names the one that is meant."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from pipeline.hotel import house_photo, stays
from pipeline.models import State
from sistema_os.supabase import SupabaseClient
from sistema_os.supabase.errors import SupabaseError
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
_RELOAD = "notify pgrst, 'reload schema'"


def _select(columns: str) -> list[dict[str, Any]]:
    return list(SupabaseClient(**settings.SUPABASE).table(stays.TABLE).select(columns).execute().data)


@pytest.fixture
def second_keys(hotel: SmallHotel) -> Iterator[None]:
    """Until PostgREST knows them, an embedding without a name is still answered."""
    hotel.database.execute(
        "alter table listagem_hospedes add responsavel_id bigint references hospedes (id),"
        " add reserva_origem_id bigint references reservas (id)"
    )
    hotel.database.execute(_RELOAD)
    _wait_until_ambiguous()
    yield
    hotel.database.execute("alter table listagem_hospedes drop responsavel_id, drop reserva_origem_id")
    hotel.database.execute(_RELOAD)


def _wait_until_ambiguous() -> None:
    for _ in range(400):
        try:
            _select("id,reservas(id)")
        except SupabaseError:
            return
        time.sleep(0.05)  # PostgREST reloads on its own time and reports to nobody
    raise AssertionError("PostgREST did not reload its schema")


def test_the_listing_and_the_photo_are_read_all_the_same(second_keys: None, hotel: SmallHotel) -> None:
    hotel.stay("Ana Souza", "203")
    (row,) = _select(stays.SELECT)
    assert row["hospedes"]["nome"] == "Ana Souza"
    assert row["reservas"]
    (photo,) = _select(house_photo.LISTING_SELECT)
    assert photo["reservas"]


def test_a_run_succeeds(second_keys: None, hotel: SmallHotel) -> None:
    hotel.stay("Ana Souza", "203")
    assert run("hospedes_casa", D).state == State.SUCCEEDED
