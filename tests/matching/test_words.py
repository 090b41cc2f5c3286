"""Words and drawings of an explanation: pure functions, whatever model made it."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from matching.core import Candidate, Model, Reason
from matching.hospede_matcher import DOUBTED_AT, _doubt
from matching.hotel_rows import differing, fingerprint, searchable
from matching.models import Stay
from matching.presentation import card_charts, labels
from matching.presentation.explanation import AWAY, CLAUSES, SUBJECTS, why
from matching.review.card import room_clause
from sistema_os.masking import masked_phones, without_documents


def reason(comparison: str, level: str, order: str = "", guest: str = "", bits: float = 2.0) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "level": level,
        "order_value": order,
        "guest_value": guest,
        "weight_bits": bits,
    }


def levels_of_the_model() -> list[tuple[str, str]]:
    model = Model()
    found = [(comparison, level) for comparison, levels in model.comparisons.items() for level in levels]
    return [*found, *(("presence", kind) for kind in model.rates), *(("nobody", hint) for hint in model.nobody)]


@pytest.mark.parametrize(("comparison", "level"), levels_of_the_model())
def test_every_level_of_the_model_has_its_word(comparison: str, level: str) -> None:
    assert comparison in labels.FIELDS
    assert (comparison, level) in labels.LEVELS or level in labels.ANY_FIELD


def test_a_level_of_a_model_to_come_goes_by_its_weight() -> None:
    assert labels.agreement(reason("aura", "violet", bits=-1)) is labels.DIFFERENT
    assert labels.agreement(reason("aura", "violet", bits=1)) is labels.NEAR
    assert labels.agreement(reason("aura", "violet", bits=0)) is labels.MISSING
    assert labels.comparison_words("hair_colour") == "hair colour"


class TestTheSentence:
    @pytest.fixture(autouse=True)
    def portuguese(self) -> Any:
        with translation.override("pt-br"):
            yield

    def test_names_what_decides_and_what_speaks_against(self) -> None:
        told = why(
            [
                reason("presence", "in_house", "22/11", "20/11–24/11", -5.3),
                reason("room", "same", "412", "412", 5.1),
                reason("name", "exact", "Tiago", "Tiago", 2.8),
                reason("name", "exact", "Neto", "Neto", 3.1),
                reason("phone", "different", "…41", "…07", -2.8),
                reason("suffix", "absent", "", "Filho", -0.4),
            ]
        )
        assert told == (
            "O que mais pesa é o quarto: a OS cita o 412, quarto do hóspede. "
            "O nome também confere: “Tiago” e “Neto” estão iguais na listagem. "
            "Atenção: o telefone — a OS informa …41, e o do hóspede é …07. "
            "A OS não informa o sufixo (não muda o resultado)."
        )

    def test_puts_the_place_where_the_room_agrees(self) -> None:
        told = why([reason("room", "same", "106", "106", 9.4)], "a OS cita o 106, e o hóspede está no 106 desde sexta")
        assert told == "O que mais pesa é o quarto: a OS cita o 106, e o hóspede está no 106 desde sexta."

    def test_decides_nothing_for_a_candidate_that_is_not_likely(self) -> None:
        told = why([reason("room", "one_digit_off", "505", "905", 2.8)], likely=False)
        assert told == "A favor deste hóspede: o quarto — a OS cita o 505, e o 905 só difere em um dígito."

    def test_tells_each_word_of_a_name_by_how_it_agrees(self) -> None:
        told = why(
            [
                reason("name", "fuzzy", "Amria", "Maria", 4.2),
                reason("name", "exact", "Flor", "Flor", 9.0),
                reason("name", "nickname", "Tonho", "Antonio", 5.7),
                reason("name", "none", "Lopes", "", -4.9),
            ]
        )
        assert told == (
            "O que mais pesa é o nome: “Flor” está igual na listagem; “Amria” parece Maria com um erro de digitação; "
            "“Tonho” é apelido de Antonio. Atenção: o nome — “Lopes” não faz parte do nome do hóspede."
        )

    def test_says_that_the_guest_was_away_unless_the_order_speaks_of_the_arrival(self) -> None:
        away, room = (
            reason("presence", "coming", "17/11", "18/11–21/11", -10.7),
            reason("room", "same", "106", "106", 9),
        )
        day = reason("day", "arrival", "18/11", "18/11", 4.6)
        assert "o hóspede ainda não tinha chegado quando a OS foi aberta" in why([away, room])
        assert "ainda não tinha chegado" not in why([away, room, day])

    def test_says_so_when_nothing_speaks(self) -> None:
        assert why([reason("presence", "in_house", bits=-5)]) == "Há poucos dados: só o quarto e a data coincidem."
        assert why([]) == "Há poucos dados: só o quarto e a data coincidem."

    def test_no_guest_is_explained_by_its_hints(self) -> None:
        told = why([reason("nobody", "prior", bits=-4.3), reason("nobody", "preventive", bits=8)])
        assert told == "Indício de “sem hóspede”: a OS é manutenção preventiva."

    def test_no_guest_has_its_doubts_too(self) -> None:
        told = why([reason("nobody", "no_mention", bits=8.4), reason("nobody", "named_with_room", bits=-2.1)])
        assert (
            told
            == "Indício de “sem hóspede”: a OS não cita ninguém. Indício de hóspede: a OS cita um nome e um quarto."
        )

    @pytest.mark.parametrize(("comparison", "level"), levels_of_the_model())
    @pytest.mark.parametrize("bits", [3.0, -3.0])
    def test_every_level_makes_a_sentence_without_holes(self, comparison: str, level: str, bits: float) -> None:
        told = why([reason(comparison, level, "um", "dois", bits), reason(comparison, level, "", "", bits)])
        assert told.endswith(".")
        assert "%(" not in told
        assert "“”" not in told
        assert "  " not in told

    def test_a_level_of_a_model_to_come_is_told_by_its_values(self) -> None:
        told = why([reason("aura", "violet", "roxa", "lilás", 3)])
        assert told == "O que mais pesa é aura: parecido (roxa ≈ lilás)."


def test_a_doubted_stay_is_capped_and_its_bits_still_add_up() -> None:
    reasons = (Reason("prior", "guest", "", "", -4.0), Reason("room", "same", "203", "203", 12.0))
    certain = Candidate(1, 7, 1 / (1 + 2**-8.0), 1, reasons)
    doubted = _doubt(certain)
    assert doubted.probability == DOUBTED_AT
    assert sum(one.weight_bits for one in doubted.reasons) == pytest.approx(math.log2(DOUBTED_AT / (1 - DOUBTED_AT)))
    with translation.override("pt-br"):
        assert "não veio na última" in why([reason(*one) for one in doubted.reasons])
    weak = replace(certain, probability=0.3)
    assert _doubt(weak).probability == 0.3, "the order of the candidates stays"


@pytest.mark.parametrize(("comparison", "level"), levels_of_the_model())
def test_every_level_that_is_told_has_its_clause(comparison: str, level: str) -> None:
    told = level != "prior" and (comparison != "presence" or level in AWAY)
    assert not told or (comparison, level) in CLAUSES
    assert not told or comparison in {*SUBJECTS, "nobody"}


class TestWhereTheGuestWas:
    ARRIVAL, TODAY = date(2026, 11, 13), date(2026, 11, 22)  # a Friday, a Sunday

    def stay(self, **fields: Any) -> Stay:
        given = {"room": "106", "arrival": self.ARRIVAL, "departure": date(2026, 11, 25), "status": "na_casa"}
        return Stay(listagem_id=1, **(given | fields))

    @pytest.mark.parametrize(
        ("fields", "opened", "told"),
        [
            ({}, TODAY, "e o hóspede está no 106 desde 13/11"),
            ({"arrival": date(2026, 11, 20)}, TODAY, "e o hóspede está no 106 desde sexta"),
            ({"arrival": date(2026, 11, 21)}, TODAY, "e o hóspede está no 106 desde ontem"),
            ({"arrival": TODAY}, TODAY, "quarto deste hóspede, que chegou naquele dia"),
            ({"arrival": date(2026, 11, 23)}, TODAY, "quarto reservado para este hóspede"),
            ({"departure": date(2026, 11, 20)}, TODAY, "antigo quarto deste hóspede"),
            ({"status": "saida"}, date(2026, 11, 18), "e o hóspede estava no 106 quando ela foi aberta"),
        ],
    )
    def test_is_told_with_the_day(self, fields: dict[str, Any], opened: date, told: str) -> None:
        with translation.override("pt-br"):
            assert room_clause("106", self.stay(**fields), opened, self.TODAY) == f"a OS cita o 106, {told}"

    def test_counts_from_the_move_into_the_room(self) -> None:
        moved = [
            {"uh": "304", "de": "2026-11-13", "ate": "2026-11-19"},
            {"uh": "106", "de": "2026-11-19", "ate": "2026-11-25"},
        ]
        with translation.override("pt-br"):
            assert room_clause("106", self.stay(occupancies=moved), self.TODAY, self.TODAY).endswith(
                "no 106 desde quinta"
            )

    def test_says_nothing_of_a_room_that_was_not_this_guests(self) -> None:
        assert room_clause("205", self.stay(), self.TODAY, self.TODAY) == ""


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.87, "0,87"),
        (0.7194, "0,72"),
        (0.4964, "0,49"),
        (0.8964, "0,89"),
        (0.9949, "0,99"),
        (0.9999, "> 0,99"),
        (1, "> 0,99"),
        (0.0049, "< 0,01"),
    ],
)
def test_a_probability_is_rounded_and_never_certain(probability: float, shown: str) -> None:
    with translation.override("pt-br"):
        assert labels.share(probability) == shown


class TestTheWaterfall:
    def test_each_bar_starts_where_the_last_one_ended(self) -> None:
        drawn = card_charts.waterfall([-7.3, 6.4, 0.0, 5.3, -2.8])
        for before, after in zip(drawn.bars, drawn.bars[1:], strict=False):
            assert after.before == before.after
        assert drawn.bars[-1].after == drawn.total
        assert [b.css for b in drawn.bars] == ["f-base", "f-pos", "f-pos", "f-pos", "f-neg"]

    @pytest.mark.parametrize("weights", [[], [0.0], [1e9, -1e9], [5.0], [-5.0, -5.0]])
    def test_stays_inside_its_box(self, weights: list[float]) -> None:
        drawn = card_charts.waterfall(weights)
        for bar in drawn.bars:
            assert float(bar.x) >= 0
            assert float(bar.x) + float(bar.width) <= card_charts.WIDTH
        assert 0 <= float(drawn.total) <= card_charts.WIDTH


def test_differing_letters_put_together_give_both_texts_back() -> None:
    left, right = card_charts.differing_letters("Thiago Figueredo", "tiago Figueiredo")
    assert "".join(piece for piece, _ in left) == "Thiago Figueredo"
    assert "".join(piece for piece, _ in right) == "tiago Figueiredo"
    assert [piece for piece, differs in left if differs] == ["h"]
    assert [piece for piece, differs in right if differs] == ["i"]


def test_letters_that_grow_when_folded_lose_nothing() -> None:
    left, right = card_charts.differing_letters("Weiß A", "Weiß B")
    assert left == [("Weiß ", False), ("A", True)]
    assert right == [("Weiß ", False), ("B", True)]


class TestTheStayLine:
    ARRIVAL, DEPARTURE = date(2026, 11, 19), date(2026, 11, 24)

    def test_shows_both_rooms_of_a_move(self) -> None:
        moved = date(2026, 11, 22)
        rooms = [("412", self.ARRIVAL, moved), ("415", moved, self.DEPARTURE)]
        line = card_charts.stay_line(self.ARRIVAL, self.DEPARTURE, rooms, date(2026, 11, 21))
        assert line is not None
        assert [(s.room, s.moved) for s in line.spans] == [("412", False), ("415", True)]

    @pytest.mark.parametrize("opened", [date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 19)])
    def test_holds_an_order_outside_the_stay(self, opened: date) -> None:
        line = card_charts.stay_line(self.ARRIVAL, self.DEPARTURE, [], opened)
        assert line is not None
        assert 0 <= float(line.opened) <= card_charts.LINE
        assert all(float(s.width) > 0 for s in line.spans)

    def test_is_left_out_when_it_would_say_nothing(self) -> None:
        assert card_charts.stay_line(self.ARRIVAL, self.DEPARTURE, [], date(2026, 1, 1)) is None


class TestFingerprints:
    def test_spelling_that_means_the_same_is_the_same(self) -> None:
        assert fingerprint({"room": "  0203 ", "name": "JOÃO  SILVA"}) == fingerprint(
            {"room": "0203", "name": "João Silva"}
        )

    def test_name_the_fields_that_differ(self) -> None:
        before = fingerprint({"name": "Ana", "room": "203", "email": "a@b"})
        assert differing(before, fingerprint({"name": "Ana", "room": "204", "phone": "1"})) == [
            "room",
            "phone",
            "email",
        ]

    def test_depend_on_the_key_and_hold_no_value(self, settings: Any) -> None:
        before = fingerprint({"document": "52998224725"})
        assert "52998224725" not in str(before)
        settings.HASH_KEY = "another"
        assert fingerprint({"document": "52998224725"}) != before


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("cpf 529.982.247-25 ok", "cpf ***.***.***-25 ok"),
        ("cpf 52998224725", "cpf ***.***.***-25"),
        ("529 982 247 25", "***.***.***-25"),
        ("529.982.247/25", "***.***.***-25"),
        ("cel 48991234567", "cel 48991234567"),
        ("cnpj 12.345.678/0001-95", "cnpj [CNPJ]"),
        ("UH 412 dia 21/11/2026 22:10", "UH 412 dia 21/11/2026 22:10"),
        ("reserva 1234567890123456", "reserva 1234567890123456"),
    ],
)
def test_documents_are_masked_and_the_rest_is_left(typed: str, kept: str) -> None:
    assert without_documents(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("(85) 98888-1141", "(85) •••••-••41"),
        ("+55 85 98888 1141", "(85) •••••-••41"),
        ("85988881141", "(85) •••••-••41"),
        ("412", "412"),
        ("20/11–24/11", "20/11–24/11"),
    ],
)
def test_phones_keep_area_and_last_digits(typed: str, kept: str) -> None:
    assert masked_phones(typed) == kept


def test_what_is_searched_has_no_accents() -> None:
    assert searchable("  JOÃO ", None, "Conceição") == "joao conceicao"
