"""The model as data."""

import json
from dataclasses import replace

import pytest

from matching.core import Model, match
from tests.matching.core.house import crowd, order, stay


def test_a_model_survives_json() -> None:
    assert Model.from_json(Model().to_json()) == Model()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"comparisons": 5, "positions": {}}', "null"], ids=repr)
def test_what_is_no_model_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="not a matching model"):
        Model.from_json(text)


def test_every_level_says_more_for_a_match_the_better_it_is() -> None:
    """m over u falls from level to level in each comparison that has fixed chances."""
    model = Model()
    for name, levels in (("phone", ("same", "last_eight", "different")), ("document", ("same", "ending", "different"))):
        bits = [model.bits(name, level) for level in levels]
        assert bits == sorted(bits, reverse=True)
        assert bits[0] > 0 > bits[-1]


def test_a_sharper_model_is_surer_and_keeps_the_order() -> None:
    data = json.loads(Model().to_json())
    data["sharpness"] = 0.5
    dull = Model.from_json(json.dumps(data))
    stays = [*crowd(), stay(1, "Pedro Figueira", "203"), stay(2, "Pedro Prado", "415")]
    asked = [order("Pedro 203 toalha")]
    sharp_first, dull_first = match(asked, stays)[0], match(asked, stays, model=dull)[0]
    assert sharp_first.listagem_id == dull_first.listagem_id == 1
    assert sharp_first.probability > dull_first.probability


def test_learned_aliases_survive_json_and_a_model_without_them_is_still_one() -> None:
    taught = replace(Model(), aliases={"tuca": {"arthur": 0.3}})
    assert Model.from_json(taught.to_json()).aliases == {"tuca": {"arthur": 0.3}}
    data = json.loads(Model().to_json())
    del data["aliases"]
    assert Model.from_json(json.dumps(data)).aliases == {}
