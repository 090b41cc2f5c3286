"""What people write in two invented hotels: rooms in every spelling, relations, attributes, corrections."""

from typing import Any

import pytest

from matching.core import Candidate, Engine
from tests.matching.core.house import order
from tests.matching.core.sentences import CITY, CITY_LINES, RESORT, RESORT_LINES, UNREAD

HOTELS = {"resort": Engine(RESORT), "city": Engine(CITY)}
LINES = [("resort", *line) for line in RESORT_LINES] + [("city", *line) for line in CITY_LINES]


def first(hotel: str, text: str) -> Candidate:
    asked = order(text, setor="recepcao", tipo="solicitacao", solicitante_texto=None)
    return HOTELS[hotel].match([asked]).candidates[0]


@pytest.mark.parametrize(("hotel", "text", "right"), LINES, ids=[f"{hotel}: {text}" for hotel, text, _ in LINES])
def test_the_line_is_read_as_it_is_meant(hotel: str, text: str, right: Any) -> None:
    found = first(hotel, text)
    if right is None:
        assert found.listagem_id is None
    elif right == UNREAD:
        assert found.listagem_id is not None or found.probability <= 0.5 + 1e-9
        assert found.probability < 0.9
    elif right:
        assert found.listagem_id in right
    else:
        assert found.probability < 1, "whoever it is, nothing says so for certain"
