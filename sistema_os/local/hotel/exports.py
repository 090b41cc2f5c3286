"""The hotel's morning as files, as three systems export them: what the import reads.

The guest list and the orders of a date are written in the layout of that date; three dates in a row have three layouts.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from sistema_os.local.hotel.hotel import Hotel, Line
from sistema_os.local.hotel.orders import Order

STATUSES: Final = {
    "a_confirmar": "A confirmar",
    "confirmada": "Confirmada",
    "na_casa": "Na casa",
    "saida": "Saída",
    "cancelada": "Cancelada",
    "no_show": "No-show",
}
ORDER_STATUSES: Final = {
    "aberta": "Aberta",
    "em_andamento": "Em andamento",
    "aguardando": "Aguardando",
    "concluida": "Concluída",
    "cancelada": "Cancelada",
}
SECTORS: Final = {
    "manutencao": "Manutenção",
    "governanca": "Governança",
    "recepcao": "Recepção",
    "receptivo": "Receptivo",
    "aeb": "A&B",
    "spa": "Spa",
    "achados": "Achados e perdidos",
    "ti": "TI",
}
_GUESTS: Final = (
    *(
        "Reserva",
        "UH",
        "Hóspede",
        "Principal",
        "Chegada",
        "Partida",
        "Situação",
        "Empresa",
        "Agência",
        "Grupo",
        "Canal",
    ),
    *("Telefone", "E-mail", "País", "Menor de idade", "Código do hóspede", "ID da linha"),
)
_ORDERS: Final = (
    *("Nº OS", "Aberta em", "Apto", "Solicitante", "Hóspede", "Telefone", "Setor", "Descrição", "Status"),
    "Concluída em",
)
Rows = Iterable[Sequence[str]]
Writer = Callable[[str, Sequence[str], Rows, date], bytes]


def export(hotel: Hotel, folder: Path) -> list[Path]:
    """Writes the guest list and the orders of the hotel's date; returns their paths in this order."""
    ending, write = LAYOUTS[hotel.date.toordinal() % len(LAYOUTS)]
    folder.mkdir(parents=True, exist_ok=True)
    guests, orders = (folder / f"{name}-{hotel.date}.{ending}" for name in ("hospedes", "os"))
    guests.write_bytes(write("Hóspedes e reservas", _GUESTS, map(_guest, hotel.listing()), hotel.date))
    orders.write_bytes(write("Ordens de serviço", _ORDERS, map(_order, hotel.orders), hotel.date))
    return [guests, orders]


def _guest(line: Line) -> list[str]:
    guest, booking = line.guest, line.booking
    person = guest.person
    known = not guest.unnamed
    return [
        f"R{booking.id}",
        line.room or "",
        guest.name_in_listing,
        "S" if guest.main else "N",
        f"{booking.arrival:%d/%m/%Y}",
        f"{max(line.departure, booking.arrival):%d/%m/%Y}",
        STATUSES[line.status],
        booking.company or "",
        booking.agency or "",
        booking.group or "",
        booking.channel,
        person.phone if guest.main else "",
        person.email if guest.main else "",
        person.country if known else "",
        ("S" if person.minor else "N") if known else "",
        f"H{person.id}" if known else "",
        f"L{guest.id}",
    ]


def _order(order: Order) -> list[str]:
    return [
        order.number,
        _moment(order.opened),
        order.room or "",
        order.requester,
        order.guest or "",
        order.phone or "",
        SECTORS[order.sector],
        order.text,
        ORDER_STATUSES[order.status],
        _moment(order.closed),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at:%d/%m/%Y %H:%M:%S}" if at else ""


def _report(title: str, header: Sequence[str], rows: Rows, day: date) -> bytes:
    """Semicolons, Windows letters, a heading and a total."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([["HOTEL EXEMPLO LTDA"], [title], [f"Data hoteleira: {day:%d/%m/%Y}"], header])
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    writer.writerow([f"Total: {count}"])
    return text.getvalue().encode("cp1252", errors="replace")


def _sheet(_title: str, header: Sequence[str], rows: Rows, _day: date) -> bytes:
    """Tabs, UTF-16: a spreadsheet saved as text."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode("utf-16")


def _markup(title: str, header: Sequence[str], rows: Rows, day: date) -> bytes:
    """An element for each line, and one inside for each value."""
    root = ElementTree.Element("Relatorio", Titulo=title, DataHoteleira=f"{day:%d/%m/%Y}")
    tags = [name.replace("º", "umero").title().replace(" ", "").replace("-", "") for name in header]
    for row in rows:
        line = ElementTree.SubElement(root, "Linha")
        for tag, value in zip(tags, row, strict=True):
            ElementTree.SubElement(line, tag).text = value
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


LAYOUTS: Final[tuple[tuple[str, Writer], ...]] = (("csv", _report), ("txt", _sheet), ("xml", _markup))
