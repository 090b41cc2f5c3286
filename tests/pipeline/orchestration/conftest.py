import psycopg
import pytest

from tests.pipeline.orchestration.small_hotel import SmallHotel


@pytest.fixture
def hotel(hotel_db: psycopg.Connection) -> SmallHotel:
    return SmallHotel(hotel_db)
