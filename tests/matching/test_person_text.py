"""What counts as a trace of a person in a text, and what is left of the text without her."""

import pytest

from matching.person_text import PersonText
from tests.growth import growth

NADJA = PersonText(
    ["QUIRINO/NADJA MRS", "Nadja Salvaterra Quirino"],
    ["48 97766-5544"],
    ["n.quirino@example.com"],
    lambda number: number == "52998224725",
)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Sra. Nádja Quirino pede toalhas", "Sra. ••• ••• pede toalhas"),
        ("Nadia Kirino, 203", "••• •••, 203"),
        ("ligar para 97766-5544 no 203", "ligar para ••• no 203"),
        ("os3 ligar 97766-5544 999", "os3 ligar ••• 999"),
        ("+55 (48) 9 7766.5544", "•••"),
        ("e-mail N.Quirino@Example.com.", "e-mail •••"),
        ("nadja_q@other.example", "•••"),
        ("CPF 529.982.247-25 203", "CPF •••"),
        ("salvatera", "•••"),
    ],
)
def test_a_trace_is_found_and_redacted(text: str, redacted: str) -> None:
    assert NADJA.evidence(text)
    assert NADJA.redacted(text) == redacted


@pytest.mark.parametrize(
    "text", ["Bruno Farias, 97766-1111", "queijo no quiosque", "R$ 1.234,56", "203", "CPF 111.444.777-35", "dos Santos"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert not NADJA.evidence(text)
    assert NADJA.redacted(text) == text


def test_one_common_word_is_no_trace_by_itself() -> None:
    maria = PersonText(["Maria Aparecida Silva"])
    assert not maria.evidence("dona Maria pediu gelo").strong
    assert maria.evidence("Cida Silva pediu gelo").strong
    assert maria.same_name(["SILVA/MARIA MRS"])
    assert not maria.same_name(["Maria Farias"])


def test_texts_inside_lists_and_objects_lose_her_keys_included() -> None:
    assert NADJA.redacted_value([{"Nadja": ["Quirino", 48977665544, True, None, 7]}]) == [
        {"•••": ["•••", 0, True, None, 7]}
    ]


@pytest.mark.parametrize("filling", ["a", "1", "@", "1-", "a@", "a.", "+(1"])
def test_the_time_grows_with_the_length_of_a_text(filling: str) -> None:
    short, long = ((filling * length)[:length] for length in (10_000, 160_000))
    assert growth(lambda text: (NADJA.evidence(text), NADJA.redacted(text)), short, long, most=64) <= 64
