"""Which rows of the guest list are of the person: certainly, or perhaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from matching.models import Stay
from matching.person_text import PersonText
from pipeline.data_subjects.sought import Sought, distinct
from pipeline.hotel import stays
from snapshots.erasure import stored_rows
from snapshots.models import Source

_NAMES = ("nome_listagem", "nome", "nome_social")


@dataclass
class ListedRow:
    """All that our database has under one id of the guest list: every version of the row, and our copy."""

    key: int
    versions: list[dict[str, Any]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def values(self, *columns: str) -> tuple[Any, ...]:
        return distinct(version.get(column) for column in columns for version in self.versions)

    @property
    def newest(self) -> Mapping[str, Any]:
        return self.versions[0]

    def sought(self) -> Sought:
        return Sought(
            names=self.values(*_NAMES),
            phones=self.values("telefone", "telefone_e164"),
            emails=self.values("email"),
            documents=self.values(stays.DOCUMENT_HMAC),
            document_end=str(next(iter(self.values(stays.DOCUMENT_END)), "")),
            bookings=self.values(stays.BOOKING_NUMBER),
            rows=(self.key,),
            guests=self.values("hospede_id"),
        )

    @property
    def text(self) -> str:
        return " · ".join(str(value) for version in self.versions for value in version.values() if value)


def listed_rows() -> dict[int, ListedRow]:
    """Every row of the guest list that we hold, by id: versions in force first, then older and held ones."""
    found: dict[int, ListedRow] = {}
    for source in Source.objects.filter(name=stays.SOURCE):
        for stored in stored_rows(source):
            if stored.key.isdecimal():
                row = found.setdefault(int(stored.key), ListedRow(int(stored.key)))
                row.versions.append(stored.row)
                row.places.add(stored.place)
    for stay in Stay.objects.order_by("pk").iterator(chunk_size=2000):
        row = found.setdefault(stay.pk, ListedRow(stay.pk))
        row.versions.append(_of_copy(stay))
        row.places.add("copy")
    return found


def _of_copy(stay: Stay) -> dict[str, Any]:
    """Our copy in the columns of a listing row; texts that it has beyond them go under their own names."""
    return {
        "hospede_id": stay.guest_id,
        "reserva_id": stay.reservation_id,
        "num_reserva": stay.reservation,
        "nome_listagem": stay.listed_name,
        "nome": stay.registered_name,
        "nome_social": stay.social_name,
        "uh": stay.room,
        "chegada": stay.arrival.isoformat(),
        "saida": stay.departure.isoformat(),
        "status": stay.status,
        "occupancies": stay.occupancies or None,
        "search": stay.search,
        "terms": stay.terms,
        "fingerprint": stay.fingerprint or None,
    }


@dataclass(frozen=True)
class FoundRows:
    """`sought` knows everything that the certain rows know of the person."""

    sought: Sought
    certain: list[ListedRow]
    doubtful: list[tuple[ListedRow, str]]
    """With the code of the reason: "name", "contact", "companion" or "text"."""


def search_listing(sought: Sought, answers: Mapping[str, bool], rows: Mapping[int, ListedRow]) -> FoundRows:
    """Certain: named by id, the same person profile, the same document, or the same name in the same booking; and the
    rows that somebody confirmed. Certain rows extend what is searched for, until nothing new is found."""
    certain: dict[int, ListedRow] = {}
    named = sought
    while True:
        text = named.text()
        fresh = [row for key, row in rows.items() if key not in certain and _is_certain(row, named, text, answers)]
        if not fresh:
            break
        for row in fresh:
            certain[row.key] = row
            named = named.joined(row.sought())
    bookings = {value for row in certain.values() for value in row.values("reserva_id")}
    doubtful = [
        (row, why)
        for key, row in rows.items()
        if key not in certain
        and answers.get(trace_id(key)) is not False
        and (why := next(_doubts(row, text, bookings), ""))
    ]
    return FoundRows(named, list(certain.values()), doubtful)


def trace_id(row: int) -> str:
    return f"stay:{row}"


def _is_certain(row: ListedRow, sought: Sought, text: PersonText, answers: Mapping[str, bool]) -> bool:
    answer = answers.get(trace_id(row.key))
    if answer is not None:
        return answer or row.key in sought.rows
    known = row.sought()
    return (
        row.key in sought.rows
        or bool({*known.guests} & {*sought.guests})
        or bool({*known.documents} & {*sought.documents})
        or (bool({*known.bookings} & {*sought.bookings}) and text.same_name(known.names))
    )


def _doubts(row: ListedRow, text: PersonText, bookings: set[Any]) -> Iterator[str]:
    known = row.sought()
    if text.same_name(known.names):
        yield "name"
    of_row = text.evidence(row.text)
    if of_row.contact or of_row.document:
        yield "contact"
    if of_row.words and {*row.values("reserva_id")} & bookings:
        yield "companion"
    if of_row.strong and len(of_row.words) > 1:
        yield "text"
