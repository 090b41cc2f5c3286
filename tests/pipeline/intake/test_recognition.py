"""The single guesses: columns, dates, names, rooms, statuses, encodings, bands, broken lines."""

import json
from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from pipeline.intake import Undecided, read
from pipeline.intake.bands import read_band
from pipeline.intake.columns import recognise
from pipeline.intake.dates import Order, scan, scan_time
from pipeline.intake.formats.chats import is_order
from pipeline.intake.people import minor_by_age, read_person, split_people, style_of
from pipeline.intake.text import clean, is_nothing
from pipeline.intake.values import has_types, order_codes, phone_of, sector_of, split_rooms, split_type, status_of
from pipeline.intake.words import KINDS, LANGUAGES, WORDS, Kind, header_phrase, load, values
from tests.pipeline.intake.files import TODAY, orders, stays


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_of_a_column_stands_for_one_field(kind: Kind) -> None:
    fields = defaultdict(set)
    for language in LANGUAGES:
        for field, phrases in load(f"columns.{language}.json")[kind].items():
            for phrase in phrases:
                fields[header_phrase(phrase)].add(field)
    assert {phrase: found for phrase, found in fields.items() if len(found) > 1} == {}


@pytest.mark.parametrize("group", ["stays", "orders"])
def test_a_word_stands_for_one_status(group: str) -> None:
    found = [phrase for phrases in values()[group].values() for phrase in phrases]
    assert sorted(found) == sorted(set(found))


def test_data_files_hold_folded_words_only() -> None:
    for path in WORDS.glob("columns.*.json"):
        text = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
        assert text.isascii(), path.name
        assert text == text.lower(), path.name


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Nº da Reserva", "booking"),
        ("numeroReserva", "booking"),
        ("CONFIRMATION_NO", "booking"),
        ("Nº Res.", "booking"),
        ("Apto nº", "room"),
        ("Nº de adultos", "adults"),
        ("Hóspede Principal", "name"),
        ("Guest name(s)", "name"),
        ("Apellidos", "last_name"),
        ("Hóspede 2", "companions"),
        ("Acompanhante 1", "companions"),
        ("Data de Chegada", "arrival"),
        ("Check-out date", "departure"),
        ("Fecha de ingreso", "arrival"),
        ("Empresa / Agência", "company"),
        ("Pax (A/C1/C2)", "pax"),
        ("DATAPARTPREVISTA", "departure"),
        ("Habitación", "room"),
        ("Chegda prevista", "arrival"),
        ("Em qual quarto ficou?", "room"),
        ("Room Type", None),
        ("Tipo de UH", None),
        ("Data da Reserva", None),
        ("Hora de chegada", None),
        ("CPF do hóspede", None),
        ("", None),
    ],
)
def test_columns_of_guest_lists_by_name(header: str, field: str | None) -> None:
    found = recognise(header, "stays")
    assert (found[0] if found else None) == field


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Carimbo de data/hora", "opened"),
        ("Marca temporal", "opened"),
        ("HR_ABERTURA", "opened_time"),
        ("Apto / Local", "room"),
        ("Quarto ou área", "room"),
        ("Requested By", "requester"),
        ("Seu nome", "requester"),
        ("Qual o problema?", "text"),
        ("Card Name", "title"),
        ("Concluído em", "closed"),
        ("Responsável", None),
        ("Prioridade", None),
    ],
)
def test_columns_of_orders_by_name(header: str, field: str | None) -> None:
    found = recognise(header, "orders")
    assert (found[0] if found else None) == field


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("10/03/2026", "dmy", date(2026, 3, 10)),
        ("10/03/2026", "mdy", date(2026, 10, 3)),
        ("03-14-26", "mdy", date(2026, 3, 14)),
        ("03-14-26", "dmy", None),
        ("2026-03-10T15:00:00Z", "mdy", date(2026, 3, 10)),
        ("20260310", "mdy", date(2026, 3, 10)),
        ("10032026", "mdy", date(2026, 3, 10)),
        ("10-MAR-26", "mdy", date(2026, 3, 10)),
        ("10 de março de 2026", "mdy", date(2026, 3, 10)),
        ("Mar 10, 2026", "dmy", date(2026, 3, 10)),
        ("ter, 10/03/2026", "dmy", date(2026, 3, 10)),
        ("10/mar", "dmy", date(2026, 3, 10)),
        ("28/12", "dmy", date(2025, 12, 28)),
        ("46091", "dmy", date(2026, 3, 10)),
        ("31/02/2026", "dmy", None),
        ("2/1/0", "dmy", None),
        ("0412", "dmy", None),
        ("11 98812-3401", "dmy", None),
        ("06:40", "dmy", None),
        ("2026/03/10 6:40:12 AM GMT-3", "mdy", date(2026, 3, 10)),
    ],
)
def test_dates_as_exports_write_them(text: str, order: Order, day: date | None) -> None:
    stamp = scan(text)
    assert (stamp.day(order, TODAY) if stamp else None) == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("0640", "06:40"),
        ("6h40", "06:40"),
        ("6:40 PM", "18:40"),
        ("12:05 AM", "00:05"),
        ("064002", "06:40"),
        ("2460", None),
        ("x", None),
    ],
)
def test_times_of_their_own(text: str, clock: str | None) -> None:
    found = scan_time(text)
    assert (f"{found:%H:%M}" if found else None) == clock


def _order_of(text: str, **options: Any) -> str:
    """The first arrival, which tells the order of the dates."""
    return str(stays(text, **options)[0]["arrival"])


HEADER = "UH;Hóspede;Chegada;Saída\n"


def test_a_day_above_twelve_decides_the_order() -> None:
    assert _order_of(f"{HEADER}1;Ana Lima;03/14/2026;03/15/2026\n2;Rui Sá;03/10/2026;03/11/2026\n") == "2026-03-14"


def test_arrival_before_departure_decides_the_order() -> None:
    assert _order_of(f"{HEADER}1;Ana Lima;01/12/2026;02/11/2026\n") == "2026-01-12"


def test_the_nights_decide_the_order() -> None:
    text = "UH;Hóspede;Chegada;Saída;Noites\n1;Ana Lima;03/04/2026;05/04/2026;2\n"
    assert _order_of(text) == "2026-04-03"


def test_the_business_date_decides_the_order_of_a_house_list() -> None:
    text = f"Hóspedes na casa\n{HEADER}1;Ana Lima;03/11/2026;04/12/2026\n"
    assert _order_of(text) == "2026-03-11"


def test_a_date_elsewhere_in_the_file_decides_the_order() -> None:
    text = "UH;Hóspede;Chegada;Saída;Reservado em\n1;Ana Lima;03/04/2026;04/05/2026;25/01/2026\n"
    assert _order_of(text) == "2026-04-03"


def test_no_order_is_opened_tomorrow() -> None:
    assert orders("Aberta em;Descrição;Quarto\n12/03/2026 06:40;Luz;1\n")[0]["opened"] == "2026-03-12 06:40:00"


def test_an_order_that_nothing_decides_is_asked() -> None:
    with pytest.raises(Undecided):
        orders("Aberta em;Descrição;Quarto\n02/03/2026 06:40;Luz;1\n")


def test_a_last_line_that_may_be_cut_is_asked() -> None:
    text = "Chegada;Saída;UH;Hóspede\n10/03/2026;13/03/2026;1;Ana Lima\n10/03/2026;13/03/2026;2;Rui Sá"
    with pytest.raises(Undecided) as raised:
        stays(text)
    assert raised.value.question.as_json()["question"] == "last_line"
    assert [line["name"] for line in stays(text, answers={"last_line": "inteira"})] == ["Ana Lima", "Rui Sá"]
    assert [line["name"] for line in stays(text, answers={"last_line": "cortada"})] == ["Ana Lima"]


def test_a_status_that_follows_from_the_list_leaves_evidence() -> None:
    reading = read(f"Hóspedes na casa\n{HEADER}1;Ana Lima;10/03/2026;13/03/2026\n".encode(), kind="stays", date=TODAY)
    assert [line["status"] for line in reading.lines] == ["na_casa"]
    assert any(what == "situação" and "lista da casa" in why for what, why in reading.evidence)


def test_a_file_without_headings_is_asked_before_anybody_is_read() -> None:
    text = "101;Ana Lima;10/03/2026;13/03/2026\n102;Rui Sá Neto;11/03/2026;14/03/2026\n"
    with pytest.raises(Undecided) as raised:
        stays(text)
    assert "“Ana Lima”" in raised.value.question.sentence
    assert [line["room"] for line in stays(text, answers={"no_header": "sim"})] == ["101", "102"]


@pytest.mark.parametrize(
    ("cells", "people"),
    [
        (["MENDONÇA, CARLOS EDUARDO, MR"], ["MENDONÇA, CARLOS EDUARDO"]),
        (["Mendonça,Carlos Eduardo,Mr."], ["Mendonça, Carlos Eduardo"]),
        (["BARBOSA/EDGAR MR"], ["BARBOSA, EDGAR"]),
        (["Xiaoming Wang, Na Li", "Sean O'Connor"], ["Xiaoming Wang", "Na Li", "Sean O'Connor"]),
        (["Ana Souza / Pedro Souza"], ["Ana Souza", "Pedro Souza"]),
        (["Ana Souza\nPedro Souza"], ["Ana Souza", "Pedro Souza"]),
        (["Artur da Costa e Silva"], ["Artur da Costa e Silva"]),
        (["Sra. Dulce Prates"], ["Dulce Prates"]),
        (["+Brandão e Silva,Caetano,Mr."], ["Brandão e Silva, Caetano"]),
        (["Bia Lima (6 anos)"], ["Bia Lima"]),
        (["Bia Lima - criança"], ["Bia Lima"]),
    ],
)
def test_people_of_a_cell(cells: list[str], people: list[str]) -> None:
    style = style_of(cells, plural=False)
    assert [person.name for cell in cells for person in split_people(cell, style)] == people


def test_two_people_joined_by_and_need_a_person_behind_it() -> None:
    assert [p.name for p in split_people("João Lima e Ana Lima", "plain", 2)] == ["João Lima", "Ana Lima"]
    assert [p.name for p in split_people("Artur da Costa e Silva Neto", "plain", 2)] == ["Artur da Costa e Silva Neto"]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("Bia (6 anos)", True),
        ("Bia Lima - 8 meses", True),
        ("LIMA, BIA, MSTR", True),
        ("Bia (40 anos)", False),
        ("Bia", None),
    ],
)
def test_a_name_may_say_minor(text: str, minor: bool | None) -> None:
    assert split_people(text, "last_first")[0].minor is minor


def test_ages() -> None:
    assert [minor_by_age(text) for text in ("6", "8 meses", "17 anos", "18", "?")] == [True, True, True, False, None]


@pytest.mark.parametrize(
    ("text", "rooms"),
    [
        ("0413, 0414", ["0413", "0414"]),
        ("101/102", ["101", "102"]),
        ("Q 3 - Cama 01", ["Q 3 - Cama 01"]),
        ("N/A", []),
        ("a definir", []),
        ("Suíte Presidencial", ["Suíte Presidencial"]),
    ],
)
def test_rooms_of_a_cell(text: str, rooms: list[str]) -> None:
    assert split_rooms(text) == rooms


def test_types_are_split_off_only_where_the_column_has_them() -> None:
    assert has_types(["0412 - LUXO", "0413 - STD", "CH07 - CHALÉ"])
    assert not has_types(["Q 3 - Cama 01", "Q 3 - Cama 02", "Q 2"])
    assert split_type("0412 - LUXO") == ("0412", "LUXO")


@pytest.mark.parametrize(
    ("filled", "field"),
    [
        (["UH 0412 - LUXO"], {"room": "0412"}),
        (["UH: 0412", "Tipo: LUXO", "Pax: 2"], {"room": "0412"}),
        (["Apto", "CH 07"], {"room": "CH 07"}),
        (["Empresa: Petrobras S.A."], {"company": "Petrobras S.A."}),
        (["Hóspedes na casa"], {}),
        (["Ana Lima"], {}),
    ],
)
def test_bands(filled: list[str], field: dict[str, str]) -> None:
    assert read_band(filled, room_column=False) == field


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("In-House", "na_casa"),
        ("CKIN", "na_casa"),
        ("Checked out", "saida"),
        ("Não confirmada", "a_confirmar"),
        ("cancelled_by_guest", "cancelada"),
        ("No-show", "no_show"),
        ("Não hospedado", None),
        ("???", None),
    ],
)
def test_statuses_of_stays(word: str, status: str | None) -> None:
    assert status_of(word, "stays") == status


def test_letters_of_old_systems_depend_on_each_other() -> None:
    assert order_codes(["P", "E", "B", "C"])["c"] == "cancelada"
    assert order_codes(["A", "C", "X"])["c"] == "concluida"
    assert "c" not in order_codes(["A", "C"])


def test_codes_that_contradict_the_dates_are_asked() -> None:
    text = "UH;Hóspede;Chegada;Saída;Status\n1;Ana Lima;20/03/2026;25/03/2026;2\n2;Rui Sá;10/03/2026;14/03/2026;1\n"
    with pytest.raises(Undecided) as raised:
        stays(text)
    assert raised.value.question.name == "status:2"


def test_more_than_three_unknown_words_are_left_empty_and_reported() -> None:
    words = ["Alfa", "Beta", "Gama", "Delta"]
    text = "UH;Hóspede;Chegada;Saída;Status\n" + "".join(
        f"{n};Ana Lima {'I' * n};10/03/2026;14/03/2026;{word}\n" for n, word in enumerate(words, 1)
    )
    answers = {f"status:{word.lower()}": "na_casa" for word in words[:3]}
    reading = read(text.encode(), kind="stays", date=TODAY, answers=answers)
    assert [line["status"] for line in reading.lines] == ["na_casa"] * 3 + [None]
    assert any("Delta" in why for _, why in reading.evidence)


def test_sectors_and_telephones() -> None:
    assert [sector_of(text) for text in ("A&B", "Manutenção", "HK", "Lost & Found", "Jardim")] == [
        *("aeb", "manutencao", "governanca", "achados"),
        None,
    ]
    assert phone_of("988123401", "11", "55") == "+55 11 988123401"
    assert phone_of("n/a", "11", "55") is None


def test_an_unquoted_line_break_does_not_tear_a_line() -> None:
    text = "Reserva;Hóspede;Obs;Chegada;Saída\n1;Ana Lima;berço\ne vista;10/03/2026;13/03/2026\n"
    assert [(line["name"], line["note"]) for line in stays(text)] == [("Ana Lima", "berço\ne vista")]


def test_an_unquoted_separator_does_not_shift_a_line() -> None:
    text = "OS,Aberta em,Descrição,Quarto\n1,12/03/2026 06:40,Luz, e torneira,305\n"
    assert [(line["text"], line["room"]) for line in orders(text)] == [("Luz, e torneira", "305")]


def test_the_rest_of_a_remark_is_no_companion() -> None:
    text = "Hóspede;Chegada;Saída;Obs\nAna Lima;10/03/2026;13/03/2026;pede berço\nBeto Lima gosta de silêncio\n"
    assert [line["name"] for line in stays(text)] == ["Ana Lima"]


def test_a_companion_takes_over_room_and_dates() -> None:
    text = "UH;Hóspede;Reserva;Chegada;Saída\n101;Ana Lima;7;10/03/2026;13/03/2026\n;Beto Lima;;;\n"
    first, second = stays(text)
    assert (second["room"], second["booking"], second["arrival"], second["main"]) == ("101", "7", "2026-03-10", False)
    assert first["main"]


def test_nights_stand_in_for_a_departure() -> None:
    text = "UH;Hóspede;Chegada;Noites\n101;Ana Lima;12/03/2026;3\n102;Rui Sá;13/03/2026;1\n"
    assert [line["departure"] for line in stays(text)] == ["2026-03-15", "2026-03-14"]


@pytest.mark.parametrize("nights", ["²", "9" * 300, "3.0", "três"])
def test_an_odd_number_of_nights_is_no_error(nights: str) -> None:
    text = f"UH;Hóspede;Chegada;Saída;Noites\n101;Ana Lima;12/03/2026;15/03/2026;{nights}\n"
    assert [line["departure"] for line in stays(text)] == ["2026-03-15"]


@pytest.mark.parametrize("span", ["²", "9" * 5_000, "x"])
def test_an_odd_width_of_a_cell_is_no_error(span: str) -> None:
    cells = "<td>101</td><td>Ana Lima</td><td>12/03/2026</td><td>15/03/2026</td>"
    head = "<th>UH</th><th>Hóspede</th><th>Chegada</th><th>Saída</th>"
    text = f"<html><table><tr><td colspan='{span}'>Lista</td></tr><tr>{head}</tr><tr>{cells}</tr></table></html>"
    assert [line["room"] for line in stays(text)] == ["101"]


def test_the_day_of_a_list_of_arrivals_stands_in_for_the_column() -> None:
    text = "Chegadas previstas para 13/03/2026\nReserva;UH;Hóspede;Saída\n1;101;Ana Lima;15/03/2026\n"
    assert [line["arrival"] for line in stays(text)] == ["2026-03-13"]


def test_invisible_characters_and_spellings_of_nothing() -> None:
    assert clean("\u2060Ana\u200e  Lima\u00a0") == "Ana Lima"
    assert [is_nothing(text) for text in ("", "-", "N/A", "n/d", "(null)", "0", "Nádia")] == [*[True] * 5, False, False]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Bom dia! Apto 118 sem água quente", True),
        ("412 shower leaking, sr Thiago", True),
        ("no 101 falta toalha de rosto", True),
        ("ok, já vou", False),
        ("Feito 👍", False),
        ("obrigada!", False),
        ("chuveiro do 305 consertado", False),
        ("chuveiro do 305 ainda não consertado", True),
        ("bom dia", False),
    ],
)
def test_answers_in_a_chat_are_no_orders(text: str, order: bool) -> None:
    assert is_order(text) is order


@pytest.mark.parametrize(
    ("above", "hotel"),
    [
        ("HOTEL EXEMPLO LTDA", "HOTEL EXEMPLO LTDA"),
        ("Grande Hotel", "Grande Hotel"),
        ("Hóspedes na casa - Hotel", None),
        ("Data do hotel: 12/03/2026", None),
    ],
)
def test_the_hotel_of_a_heading_is_read(above: str, hotel: str | None) -> None:
    text = f"{above};;;\nUH;Hóspede;Chegada;Saída\n101;Ana Lima;10/03/2026;14/03/2026\n"
    assert read(text.encode(), kind="stays", date=TODAY).hotel == hotel


def test_the_hotel_of_a_column_is_read() -> None:
    text = "Hotel;UH;Hóspede;Chegada;Saída\n" + "Morro Alto;101;Ana Lima;10/03/2026;14/03/2026\n" * 2
    assert read(text.encode(), kind="stays", date=TODAY).hotel == "Morro Alto"


def test_the_title_of_an_xml_report_is_no_order() -> None:
    line = "<L><Numero>{n}</Numero><Abertura>12/03/2026 06:4{n}</Abertura><Descricao>Luz queimada</Descricao></L>"
    text = "<R Titulo='Ordens de serviço'>" + "".join(line.format(n=n) for n in range(3)) + "</R>"
    assert [(one["number"], one["text"]) for one in orders(text)] == [(str(n), "Luz queimada") for n in range(3)]


def test_a_remark_in_brackets_says_minor_behind_a_surname_too() -> None:
    assert read_person("CAMPOS, BIA (CHD)") == ("CAMPOS, BIA", True)
    assert read_person("CAMPOS, BIA (VIP)") == ("CAMPOS, BIA", None)
    assert read_person("Bia Campos - menor de idade") == ("Bia Campos", True)


def test_a_board_without_openings_says_when_its_cards_were_touched() -> None:
    text = "Card Name,List Name,Last Activity Date\nAr não gela,Feito,2026-03-10T09:40:00Z\n"
    assert [(line["opened"], line["status"]) for line in orders(text)] == [("2026-03-10 09:40:00", "concluida")]


@pytest.mark.parametrize("text", ["vou ver agora", "blz tô indo", "101 ok, era o filtro", "levo eu", "ok ok obrigado"])
def test_answers_put_together_are_no_orders(text: str) -> None:
    assert not is_order(text)


@pytest.mark.parametrize("text", ["101 ok, mas o 102 sem água", "305 pronto?", "levo eu a mala do 302?"])
def test_an_answer_that_goes_on_with_a_request_is_an_order(text: str) -> None:
    assert is_order(text)
