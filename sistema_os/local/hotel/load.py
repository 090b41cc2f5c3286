"""The hotel's state in its Supabase, beside what comes as files.

`complete` adds what the hotel's other systems know of rows that came by the import: documents, rates, kinds of orders.
`load` writes everything itself, for tests and benchmarks: changed rows only, with constant ids.

Nothing is deleted: a row that is missing from an export keeps its last values and its `visto_em`. The link columns of
orders belong to Sistema OS and are never written.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg import sql

from sistema_os.local.hotel.bookings import ROOM_TYPES, Booking
from sistema_os.local.hotel.clock import export_time
from sistema_os.local.hotel.hotel import Hotel, Line
from sistema_os.local.hotel.noise import plain
from sistema_os.local.hotel.orders import Order

Row = tuple[Any, ...]
_INVENTORY_SINCE = timedelta(days=60)


def _columns(text: str) -> list[str]:
    return text.split()


_PERSON = _columns(
    "id pms_hospede_id nome nome_social doc_tipo doc_numero pais menor incognito telefone telefone_e164 email"
)
_BOOKING = _columns(
    "id num_reserva status chegada_prevista saida_prevista chegada_real saida_real uh tipo_uh adultos criancas "
    "canal agencia empresa grupo_codigo segmento regime diaria"
)
_LINE = _columns("id reserva_id hospede_id pms_linha_id nome_listagem titular status uh chegada saida visto_em")
_ORDER = _columns(
    "id numero aberta_em aberta_por origem setor tipo prioridade status local_tipo uh_texto solicitante_texto "
    "hospede_texto telefone_texto descricao concluida_em"
)
_KNOWN_OF_PERSON = _columns("nome_social doc_tipo doc_numero incognito telefone_e164")
_KNOWN_OF_BOOKING = _columns("chegada_real saida_real tipo_uh segmento regime diaria")
_KNOWN_OF_ORDER = _columns("aberta_por origem tipo prioridade local_tipo")
_INVENTORY = _columns("tipo_uh desde uh_total uh_bloqueadas")


def load(connection: psycopg.Connection, hotel: Hotel) -> None:
    """Writes the 06:00 export of `hotel.date` and all orders so far, in one transaction."""
    lines = [line for booking in hotel.bookings for line in hotel.lines(booking)]
    with connection.transaction():
        _upsert(connection, "inventario_uh", _INVENTORY, _inventory(hotel), key=("tipo_uh", "desde"))
        _upsert(connection, "hospedes", _PERSON, _people(lines))
        _upsert(connection, "reservas", _BOOKING, map(_booking, hotel.bookings))
        # A booking has at most one main guest at any moment, so former main guests are written first.
        rows = [_line(hotel, line) for line in lines]
        for is_main in (False, True):
            _upsert(connection, "listagem_hospedes", _LINE, [row for row in rows if row[5] is is_main])
        _upsert(connection, "ordens_servico", _ORDER, map(_order, hotel.orders))
        for table in ("hospedes", "reservas", "listagem_hospedes", "ordens_servico"):
            _continue_ids(connection, table)


def rows_as_read(hotel: Hotel, earliest: date, latest: date) -> Iterator[dict[str, Any]]:
    """Rows of `listagem_hospedes` as PostgREST returns them with their reservation and guest, without a database: those
    that leave from `earliest` on and arrive by `latest`."""
    shown = [one for one in hotel.bookings if one.arrival <= latest and (one.ended or one.departure) >= earliest]
    by_booking = [(booking, list(hotel.lines(booking))) for booking in shown]
    people = {row[0]: _read(_PERSON, row) for row in _people(line for _, lines in by_booking for line in lines)}
    for booking, lines in by_booking:
        reservation = _read(_BOOKING, _booking(booking))
        for line in lines:
            if max(line.departure, booking.arrival) >= earliest:
                row = _read(_LINE, _line(hotel, line))
                yield row | {"reservas": reservation, "hospedes": people.get(row["hospede_id"])}


def _read(columns: Sequence[str], row: Row) -> dict[str, Any]:
    """JSON values: dates and times as texts, as PostgREST writes them."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in zip(columns, row, strict=True)
    }


def complete(connection: psycopg.Connection, hotel: Hotel) -> None:
    """Fills the columns that a guest list and an order list do not have, in one transaction."""
    lines = [line for booking in hotel.bookings for line in hotel.lines(booking)]
    with connection.transaction():
        _upsert(connection, "inventario_uh", _INVENTORY, _inventory(hotel), key=("tipo_uh", "desde"))
        _update(connection, "hospedes", "pms_hospede_id", _KNOWN_OF_PERSON, _PERSON, _people(lines))
        _update(connection, "reservas", "num_reserva", _KNOWN_OF_BOOKING, _BOOKING, map(_booking, hotel.bookings))
        _update(connection, "ordens_servico", "numero", _KNOWN_OF_ORDER, _ORDER, map(_order, hotel.orders))


def _update(
    connection: psycopg.Connection,
    table: str,
    key: str,
    wanted: Sequence[str],
    columns: Sequence[str],
    rows: Iterable[Row],
) -> None:
    """Sets the `wanted` columns of the rows that are there, where they differ; `rows` have all `columns`."""
    at = [columns.index(name) for name in (key, *wanted)]
    names = sql.SQL(", ").join(map(sql.Identifier, (key, *wanted)))
    draft, target = sql.Identifier(f"draft_{table}"), sql.Identifier(table)
    connection.execute(sql.SQL("create temp table {} as select {} from {} with no data").format(draft, names, target))
    with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(draft, names)) as copy:
        for row in rows:
            copy.write_row([row[index] for index in at])
    pairs = [(sql.Identifier(table, name), sql.Identifier(f"draft_{table}", name)) for name in wanted]
    connection.execute(
        sql.SQL(
            "update {table} set ({names}) = row({new}) from {draft} "
            "where {own} = {other} and row({old}) is distinct from row({new})"
        ).format(
            table=target,
            names=sql.SQL(", ").join(map(sql.Identifier, wanted)),
            new=sql.SQL(", ").join(new for _old, new in pairs),
            old=sql.SQL(", ").join(old for old, _new in pairs),
            draft=draft,
            own=sql.Identifier(table, key),
            other=sql.Identifier(f"draft_{table}", key),
        )
    )
    connection.execute(sql.SQL("drop table {}").format(draft))


def _continue_ids(connection: psycopg.Connection, table: str) -> None:
    """Rows that a file brings afterwards get ids beyond the loaded ones."""
    connection.execute(
        sql.SQL("select setval(pg_get_serial_sequence({name}, 'id'), greatest(max(id), 1)) from {table}").format(
            name=sql.Literal(table), table=sql.Identifier(table)
        )
    )


def _inventory(hotel: Hotel) -> list[Row]:
    since = hotel.date.replace(day=1) - _INVENTORY_SINCE
    since = date(since.year, since.month, 1)
    count = {kind: list(hotel.rooms.values()).count(kind) for kind in ROOM_TYPES}
    return [(kind, since, total, 2 if kind == "STD" else 0) for kind, total in count.items() if total]


def _people(lines: Iterable[Line]) -> list[Row]:
    """A profile has the values of its latest row, including a name misspelt by an agency, until check-in."""
    found: dict[int, Row] = {}
    for line in lines:
        guest, person = line.guest, line.guest.person
        if guest.unnamed:
            continue
        known = found.get(person.id)
        document = person.document if guest.document_known or (known and known[5]) else None
        reachable = guest.main or bool(known and known[9])
        found[person.id] = (
            person.id,
            f"H{person.id}",
            plain(guest.listed).upper() if person.id % 3 else guest.listed,
            person.social_name,
            person.document_kind if document else None,
            document,
            person.country,
            person.minor,
            person.incognito,
            person.phone if reachable else None,
            _international(person.phone) if reachable and person.id % 2 else None,
            person.email if reachable else None,
        )
    return list(found.values())


def _international(phone: str) -> str:
    digits = "".join(c for c in phone if c.isdigit())
    return f"+{digits}" if phone.startswith("+") else f"+55{digits}"


def _booking(booking: Booking) -> Row:
    return (
        booking.id,
        f"R{booking.id}",
        booking.status,
        booking.arrival,
        booking.departure,
        booking.checked_in_at,
        export_time(booking.ended).replace(hour=11) if booking.ended and booking.checked_in_at else None,
        booking.room,
        booking.room_type,
        booking.adults,
        booking.children,
        booking.channel,
        booking.agency,
        booking.company,
        booking.group,
        booking.purpose,
        "café da manhã",
        booking.rate,
    )


def _line(hotel: Hotel, line: Line) -> Row:
    guest, booking = line.guest, line.booking
    return (
        guest.id,
        booking.id,
        None if guest.unnamed else guest.person.id,
        f"L{guest.id}",
        guest.name_in_listing,
        guest.main,
        line.status,
        line.room,
        booking.arrival,
        max(line.departure, booking.arrival),
        export_time(hotel.last_shown(booking)),
    )


def _order(order: Order) -> Row:
    return (
        order.id,
        order.number,
        order.opened,
        "recepção",
        order.origin,
        order.sector,
        order.kind,
        order.priority,
        order.status,
        order.place,
        order.room,
        order.requester,
        order.guest,
        order.phone,
        order.text,
        order.closed,
    )


def _upsert(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    key: Sequence[str] = ("id",),
) -> None:
    """Copies into a temporary table, then inserts or updates what differs: unchanged rows keep their updated_at."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    draft, target = sql.Identifier(f"draft_{table}"), sql.Identifier(table)
    others = [sql.Identifier(column) for column in columns if column not in key]
    connection.execute(sql.SQL("create temp table {} as select {} from {} with no data").format(draft, names, target))
    with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(draft, names)) as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(
        sql.SQL(
            "insert into {table} as old ({names}) overriding system value select {names} from {draft} "
            "on conflict ({key}) do update set ({others}) = row({new}) where row({olds}) is distinct from row({new})"
        ).format(
            table=target,
            names=names,
            draft=draft,
            key=sql.SQL(", ").join(map(sql.Identifier, key)),
            others=sql.SQL(", ").join(others),
            new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in others),
            olds=sql.SQL(", ").join(sql.SQL("old.{}").format(name) for name in others),
        )
    )
    connection.execute(sql.SQL("drop table {}").format(draft))
