"""What the house calls its guests, once a model has learned it."""

from dataclasses import replace

from matching.core import Model
from tests.matching.core.house import ask, crowd, level, order, probability_of, stay

TAUGHT = replace(Model(), version="taught", aliases={"tuca": {"arthur": 0.3}})
STAYS = [
    *crowd(),
    stay(1, "Artur Lemos", "203"),
    stay(2, "Otávio Prado", "203", booking=7),
    stay(3, "Iara Leão", "415"),
]


def test_a_learned_alias_finds_the_guest_and_says_so() -> None:
    asked = order("Sr. Tuca pede toalha", hospede_texto="Tuca", uh_texto="203")
    first = ask(asked, STAYS, model=TAUGHT)[0]
    assert (first.listagem_id, level(first, "name")) == (1, "alias")
    assert first.probability > probability_of(ask(asked, STAYS), 1)


def test_a_model_without_aliases_knows_none() -> None:
    found = ask(order("Sr. Tuca pede toalha", hospede_texto="Tuca", uh_texto="203"), STAYS)
    assert "alias" not in {level(candidate, "name") for candidate in found}


def test_a_name_that_stands_there_as_written_counts_before_an_alias() -> None:
    stays = [*STAYS, stay(4, "Tuca Arthur Reis", "101")]
    found = ask(order("Tuca do 101 pede toalha"), stays, model=TAUGHT)
    assert (found[0].listagem_id, level(found[0], "name")) == (4, "exact")
