"""One file into flat lines: recognise, decide, read. Everything that was guessed leaves its evidence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

from pipeline.intake import date_order
from pipeline.intake.bands import read_period
from pipeline.intake.columns import Columns
from pipeline.intake.contract import MOST_QUESTIONS, Answers, Limits, Question, RefusedFile, Undecided
from pipeline.intake.dates import Order, scan
from pipeline.intake.edges import business_date, check_end, heading_dates, hotel_of, mended, scope_of
from pipeline.intake.formats import Content, chats, open_file
from pipeline.intake.orders import KEYS as ORDER_KEYS
from pipeline.intake.orders import OrderRows, decide_statuses, order_statuses
from pipeline.intake.people import style_of
from pipeline.intake.stays import Collected, Learned, StayRows
from pipeline.intake.survey import Survey, fingerprint, override, survey
from pipeline.intake.tables import DataRow, Ignored, Sheet, data_rows, find_sheet, text_of
from pipeline.intake.text import fold, is_formula
from pipeline.intake.values import STAY_STATUSES, are_types, has_types, status_of, stay_codes
from pipeline.intake.words import KINDS, Kind, header_phrase
from pipeline.intake.words import sentences as say

# Names of columns that hold several people.
_PLURALS = frozenset(
    {
        "guest name s",
        "guest names",
        "guests",
        "names",
        "guest list",
        "hospedes",
        "nome hospedes",
        "nomes hospedes",
        "nomes",
    }
    | {"huespedes"}
)
_TOUCHED = frozenset(
    {"last activity date", "last activity", "last modified", "last updated", "updated at", "updated"}
    | {"ultima atualizacao", "ultima atividade", "atualizado em", "data atualizacao", "ultima modificacao"}
)
_DAY_NAMES = frozenset({"dia", "data", "date", "fecha", "day"})


@dataclass
class Reading:
    """What a file says. `lines` is read as it is walked; `ignored` is complete after that."""

    kind: Kind
    lines: Iterator[dict[str, Any]]
    ignored: list[Ignored] = field(default_factory=list)
    evidence: list[tuple[str, str]] = field(default_factory=list)
    """(what was recognised, why), in the order of the decisions."""
    scope: str | None = None
    """"house", "arrivals", "departures", "group"; None where the file does not say it and somebody has to be asked."""
    business_date: date | None = None
    """The hotel's day as the file itself states it."""
    hotel: str | None = None
    """The hotel that the file names."""
    survey: Survey | None = None
    """Columns and lines of the file as it came."""

    def saw(self, what: str, why: str) -> None:
        self.evidence.append((what, why))


def read(
    data: bytes,
    *,
    name: str = "",
    kind: Kind | None = None,
    date: date | None = None,
    answers: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    questions: int = MOST_QUESTIONS,
) -> Reading:
    """Flat lines of a file.

    `name` is its file name (evidence for the scope, nothing else), `date` the hotel's business date, `answers` what was
    asked before, `columns` corrects fields by the name of their column ("" leaves one out), `questions` is how many the
    file may ask. Raises `RefusedFile` with a Portuguese sentence, or `Undecided` with a question and what was
    understood so far.
    """
    limits = limits or Limits()
    content = open_file(data, limits)
    del data
    asked = Answers(answers or {}, questions)
    if content.chat:
        return _read_chat(content, kind, date, asked)
    kind, sheets = _choose(content, kind, asked)
    for sheet in sheets:
        override(sheet, columns or {})
    evidence = [("formato", content.name), *content.evidence]
    reading = Reading(kind, iter(()), evidence=evidence, survey=survey(kind, sheets))
    try:
        return (_read_stays if kind == "stays" else _read_orders)(reading, sheets, _Task(name, date, asked, limits))
    except Undecided as error:
        error.survey, error.evidence, error.scope = reading.survey, reading.evidence, reading.scope
        raise


@dataclass(frozen=True)
class _Task:
    name: str
    today: date | None
    answers: Answers
    limits: Limits


def _read_chat(content: Content, kind: Kind | None, today: date | None, answers: Answers) -> Reading:
    if kind == "stays":
        raise RefusedFile(say.CHAT_AS_STAYS)
    reading = Reading("orders", iter(()), evidence=[("formato", content.name), *content.evidence])
    first = tuple(enumerate(content.chat[:9], start=1))
    reading.survey = Survey("orders", fingerprint("orders", ["chat"]), (), first, len(content.chat))
    found = list(chats.messages(content.chat))
    decision = chats.decide_order(found, today, answers)
    if decision.why:
        reading.saw("datas", f"{say.ORDER_NAMES[decision.order]}: {decision.why}")
    empty = dict.fromkeys(ORDER_KEYS)
    lines = chats.order_lines(found, decision.order, today, reading.ignored.append)
    reading.lines = ({**empty, **line} for line in lines)
    return reading


def _choose(content: Content, kind: Kind | None, answers: Answers) -> tuple[Kind, list[Sheet]]:
    """The kind of the file and its sheets. Sheets of the same columns are read one after the other."""
    kinds: tuple[Kind, ...] = (kind,) if kind else KINDS
    found = {
        one: [sheet for table in content.tables if table.kind in (None, one) and (sheet := find_sheet(table, one))]
        for one in kinds
    }
    best = {one: max((sheet.score for sheet in sheets), default=0) for one, sheets in found.items()}
    if not any(best.values()):
        raise RefusedFile(say.NO_TABLE.format(wanted=" ou ".join(say.WANTED[one] for one in kinds)))
    chosen = max(kinds, key=lambda one: best[one])
    if len(kinds) > 1 and len(set(best.values())) == 1:
        answer = answers.ask(Question("kind", KINDS, say.ASK_KIND))
        chosen = next(one for one in KINDS if one == answer)
    top = max(found[chosen], key=lambda sheet: (sheet.score, len(sheet.table.rows)))
    if top.columns.by_values:
        _confirm_columns(top, chosen, answers)
    names = top.columns.names()
    alike = [one for one in found[chosen] if one.columns.of == top.columns.of or one.columns.names() == names]
    for sheet in alike:
        sheet.columns = top.columns
    return chosen, alike


def _confirm_columns(sheet: Sheet, kind: Kind, answers: Answers) -> None:
    """Columns without names are a guess: somebody has to say that these are guests."""
    field = "name" if kind == "stays" else "text"
    at = sheet.columns.of[field]
    row = next(row for row in sheet.table.rows if at < len(row.cells) and row.cells[at] != "")
    sentence = say.ASK_NO_HEADER.format(row=row.number, value=row.cells[at], field=say.FIELD_NAMES[field])
    if answers.ask(Question("no_header", (say.OPTION_YES, say.OPTION_NO), sentence)) == say.OPTION_NO:
        raise RefusedFile(say.NO_TABLE.format(wanted=say.WANTED[kind]))


def _observe(reading: Reading, sheets: list[Sheet]) -> None:
    top = sheets[0]
    reading.evidence += top.table.evidence
    if len(sheets) > 1:
        reading.saw("planilhas", say.SAW_SHEETS.format(names=", ".join(sheet.table.words for sheet in sheets)))
    elif top.table.words:
        reading.saw("planilha", top.table.words)
    if top.columns.by_values:
        reading.saw("colunas", say.SAW_NO_HEADER)
    else:
        known = len(top.columns.of) + len(top.columns.companions)
        number = top.table.rows[top.header_at].number
        every = sum(1 for header in top.columns.headers if header)
        reading.saw("colunas", say.SAW_HEADER.format(row=number, known=known, all=every))
    for at, header in enumerate(top.columns.headers):
        if name := top.columns.field_at(at):
            reading.saw("coluna", say.SAW_COLUMN.format(header=header, field=name))


def _rows(reading: Reading, sheets: list[Sheet], limits: Limits) -> list[DataRow]:
    """The data rows of all sheets. Ignored ones are reported."""
    found: list[DataRow] = []
    sources = (data_rows(sheet, mended(sheet), reading.ignored.append, _day_of_sheet(sheet)) for sheet in sheets)
    for row in chain.from_iterable(sources):
        found.append(row)
        if len(found) > limits.rows:
            raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
        _refuse_formulas(row, sheets[0])
    return found


def _split_periods(sheet: Sheet) -> None:
    """A column of "10/03/2026 a 14/03/2026" becomes one of arrivals and one of departures."""
    columns, rows = sheet.columns, sheet.table.rows
    if {"arrival", "departure", "arrived", "left", "nights"} & set(columns.of):
        return
    for at in range(len(columns.headers)):
        texts = [text for row in rows[sheet.first :] if at < len(row.cells) and (text := text_of(row.cells[at]))]
        if not texts or sum(read_period(text) is not None for text in texts) * 2 < len(texts):
            continue
        width = len(columns.headers)
        for index, row in enumerate(rows):
            period = read_period(text_of(row.cells[at])) if index >= sheet.first and at < len(row.cells) else None
            row.cells.extend([""] * (width - len(row.cells)))
            row.cells.extend(period or ("", ""))
        columns.of |= {"arrival": width, "departure": width + 1}
        columns.headers += [columns.headers[at]] * 2
        return


def _name_opening(reading: Reading, sheet: Sheet) -> None:
    """A board that does not say when a card was made says when it was last touched."""
    if {"opened", "opened_time"} & set(sheet.columns.of):
        return
    for at, header in enumerate(sheet.columns.headers):
        if header_phrase(header) in _TOUCHED and not sheet.columns.field_at(at):
            sheet.columns.of["opened"] = at
            reading.saw("abertura", say.SAW_TOUCHED.format(header=header))
            return


def _day_of_sheet(sheet: Sheet) -> dict[str, str]:
    """The day of a sheet of orders that only have times: its name or its heading says it."""
    if "opened" in sheet.columns or "opened_time" not in sheet.columns:
        return {}
    name = sheet.table.words
    days = [name] if scan(name) else list(dict.fromkeys(text for _, text in heading_dates(sheet)))
    return {"opened": days[0]} if len(days) == 1 else {}


def _refuse_formulas(row: DataRow, sheet: Sheet) -> None:
    for at, cell in enumerate(row.cells):
        if isinstance(cell, str) and cell[:1] in ("=", "@") and is_formula(cell) and sheet.columns.field_at(at):
            raise RefusedFile(say.FORMULA.format(row=row.number, column=sheet.columns.headers[at]))


def _decide_dates(reading: Reading, dates: date_order.Dates, answers: Answers) -> Order:
    decision = date_order.decide(dates, answers)
    if decision.why:
        reading.saw("datas", f"{say.ORDER_NAMES[decision.order]}: {decision.why}")
    return decision.order


def _report_statuses(
    reading: Reading, statuses: Mapping[str, str | None], left: Iterable[str], words: Mapping[str, int]
) -> None:
    for word, status in statuses.items():
        if status:
            reading.saw("situação", say.SAW_STATUS.format(value=word, status=status))
    for word in left:
        reading.saw("situação", say.LEFT_OPEN.format(value=word, lines=say.lines(words[word])))


def _read_orders(reading: Reading, sheets: list[Sheet], task: _Task) -> Reading:
    _observe(reading, sheets)
    reader = OrderRows(sheets[0], task.today)
    _name_opening(reading, sheets[0])
    for sheet in sheets:
        reading.ignored += check_end(sheet, "orders", task.answers)
    rows = _rows(reading, sheets, task.limits)
    if "opened" not in sheets[0].columns and not any("opened" in row.bands for row in rows):
        raise RefusedFile(say.NO_OPENED)
    dates, words, ended = reader.collect(rows)
    dates.others += heading_dates(sheets[0])
    reader.order = _decide_dates(reading, dates, task.answers)
    reader.statuses, left = order_statuses(words, ended, task.answers)
    _report_statuses(reading, reader.statuses, left, words)
    reading.business_date = business_date(sheets[0], reader.order, reading.saw)
    reading.lines = reader.lines(rows, reading.ignored.append)
    return reading


def _read_stays(reading: Reading, sheets: list[Sheet], task: _Task) -> Reading:
    _observe(reading, sheets)
    columns = sheets[0].columns
    for sheet in sheets:
        reading.ignored += check_end(sheet, "stays", task.answers)
        _split_periods(sheet)
    learned = Learned(real_dates="arrived" in columns and "status" not in columns)
    reader = StayRows(sheets[0], task.today, learned)
    reading.scope = scope_of(sheets, task.name, reading.saw)
    learned.whole_house = reading.scope == "house"
    _name_day_column(sheets[0], reading.scope)
    rows = _rows(reading, sheets, task.limits)
    found = reader.collect(rows)
    found.dates.whole_house = learned.whole_house
    found.dates.others += heading_dates(sheets[0])
    learned.order = _decide_dates(reading, found.dates, task.answers)
    reading.business_date = business_date(sheets[0], learned.order, reading.saw)
    reading.hotel = hotel_of(sheets[0])
    _day_of_list(reading, sheets[0], rows, learned, task)
    _learn_names(reading, columns, learned, found)
    known = _stay_statuses(found, learned, task.today)
    likely = _likely_statuses(found, learned, task.today)
    learned.statuses, left = decide_statuses(found.words, STAY_STATUSES, known, task.answers, likely)
    _report_statuses(reading, learned.statuses, left, found.words)
    if "status" not in columns and (learned.whole_house or learned.real_dates):
        reading.saw("situação", say.SAW_STATUS_REAL if learned.real_dates else say.SAW_STATUS_SCOPE)
    reading.lines = reader.lines(rows, reading.ignored.append)
    return reading


def _name_day_column(sheet: Sheet, scope: str | None) -> None:
    """ "Dia" in a list of arrivals is the day of arrival."""
    field = {"arrivals": "arrival", "departures": "departure"}.get(scope or "")
    if field is None or {field, {"arrival": "arrived", "departure": "left"}[field]} & set(sheet.columns.of):
        return
    for at, header in enumerate(sheet.columns.headers):
        if header_phrase(header) in _DAY_NAMES and not sheet.columns.field_at(at):
            sheet.columns.of[field] = at
            return


def _day_of_list(reading: Reading, sheet: Sheet, rows: list[DataRow], learned: Learned, task: _Task) -> None:
    """A list of one day's arrivals may have no column for the arrival. Raises `RefusedFile` without any dates."""
    fields = set(sheet.columns.of)
    fields |= {name for row in rows[-1:] for name in row.bands}
    arrival, departure = bool({"arrival", "arrived"} & fields), bool({"departure", "left"} & fields)
    if (arrival and departure) or ((arrival or departure) and "nights" in fields):
        return
    day = reading.business_date or next(
        (day for stamp, _ in heading_dates(sheet) if (day := stamp.day(learned.order, task.today))), task.today
    )
    if reading.scope == "arrivals" and (departure or "nights" in fields) and day:
        learned.arrival = day
    elif reading.scope == "departures" and (arrival or "nights" in fields) and day:
        learned.departure = day
    else:
        raise RefusedFile(say.NO_DATES)
    reading.saw("datas", say.SAW_DAY_OF_LIST.format(day=f"{day:%d/%m/%Y}"))


def _learn_names(reading: Reading, columns: Columns, learned: Learned, found: Collected) -> None:
    plural = header_phrase(columns.header("name")) in _PLURALS
    learned.style = style_of(found.names, plural)
    reading.saw("nomes", say.SAW_NAMES[learned.style])
    learned.no_rooms = are_types(found.bookings_of)
    if learned.no_rooms:
        reading.saw("quartos", say.SAW_ONLY_TYPES.format(value=found.rooms[0]))
    learned.typed_rooms = not learned.no_rooms and has_types(found.rooms)
    if learned.typed_rooms:
        reading.saw("quartos", say.SAW_ROOM_TYPE.format(value=found.rooms[0]))


def _stay_statuses(found: Collected, learned: Learned, today: date | None) -> dict[str, str | None]:
    """Statuses by word; by code only where no line's dates contradict what the code usually means."""
    codes = stay_codes(found.words) if today else {}
    for word, stays in found.stays_of.items():
        days = [tuple(stamp and stamp.day(learned.order, today) for stamp in stay) for stay in stays]
        if today and not all(_agrees(codes.get(fold(word)), arrival, departure, today) for arrival, departure in days):
            codes = {}
    return {word: codes.get(fold(word)) or status_of(word, "stays") for word in found.words}


def _likely_statuses(found: Collected, learned: Learned, today: date | None) -> dict[str, tuple[str, str]]:
    """What the dates of all stays with a word suggest: all of them present, still to come, or over."""
    likely = {}
    for word, stays in found.stays_of.items():
        days = [tuple(stamp and stamp.day(learned.order, today) for stamp in stay) for stay in stays]
        whole = [(arrival, departure) for arrival, departure in days if arrival and departure]
        if today is None or len(whole) < len(days):
            continue
        for status, holds in (
            ("na_casa", all(arrival <= today < departure for arrival, departure in whole)),
            ("confirmada", all(arrival > today for arrival, _ in whole)),
            ("saida", all(departure < today for _, departure in whole)),
        ):
            if holds:
                likely[word] = (status, say.EFFECT_DATES)
    return likely


def _agrees(status: str | None, arrival: date | None, departure: date | None, today: date) -> bool:
    if status == "na_casa":
        return bool(arrival and departure and arrival <= today <= departure)
    if status in ("confirmada", "a_confirmar"):
        return arrival is None or arrival >= today
    return status != "saida" or (departure is not None and arrival is not None and arrival <= today)
