"""Service orders: the hotel's columns and our snapshot row (see `stays` for the other source)."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop

from matching.core.parsing.fields import opening
from pipeline.hotel import labels
from pipeline.hotel.stays import Row, clean, room
from sistema_os.masking import without_documents
from snapshots.guards import Thresholds
from snapshots.source_spec import SourceSpec

TABLE = "ordens_servico"
SOURCE = "ordens_servico"
KEY = "id"
OPENED = "aberta_em"

OPEN_STATUSES = ("aberta", "em_andamento", "aguardando")
HOTEL_ZONE = ZoneInfo("America/Sao_Paulo")

# Typed by staff: a change in one of these increments `texto_versao` in the hotel's database.
TYPED = ("uh_texto", "hospede_texto", "telefone_texto", "solicitante_texto", "descricao")

COLUMNS = (
    "id",
    "numero",
    "aberta_em",
    "origem",
    "setor",
    "tipo",
    "prioridade",
    "status",
    "local_tipo",
    *TYPED,
    "concluida_em",
)
# Read with every order but not part of the snapshot: our own write-back would appear as a change.
LINK = ("hospede_id", "listagem_id", "sem_hospede", "matched_by", "matched_at", "match_origem", "texto_versao")
SELECT = ",".join((*COLUMNS, *LINK, "prazo", "created_at", "updated_at"))

_INSTANTS = ("aberta_em", "concluida_em")

# What the engine reads of an order.
MATCHED_BY = frozenset({*TYPED, OPENED, "setor", "tipo", "local_tipo"})


def spec() -> SourceSpec:
    return SourceSpec(
        name=SOURCE,
        title=gettext_noop("Service orders"),
        key=KEY,
        columns=COLUMNS,
        explained=lambda row: not is_open(row),
        kinds={"id": "exact", "numero": "exact", "uh_texto": "room", **dict.fromkeys(_INSTANTS, "instant")},
        room="uh_texto",
        label="numero",
        labels=labels.ORDERS,
        summary=("setor", "status", "descricao"),
        # The numbers of orders, and of those closed or begun, vary from day to day and prove nothing; and staff
        # create orders at any hour, also during the reading.
        thresholds=Thresholds(min_rows=0, changed_share=1.0, median_share=0.0, fill_share=0.0, count_drift=20),
    )


def changed_since(business_date: date, previous: date | None) -> datetime:
    """Orders changed from here on are read besides the open ones.

    Counted from the business date before this one, not from the last run: a second run of the same date
    reads the same rows, and after days without a run no closed order is missed.
    """
    day = min(previous or business_date, business_date - timedelta(1)) - timedelta(1)
    return datetime.combine(day, time(), HOTEL_ZONE).astimezone(UTC)


def filter_open_or_changed(since: datetime) -> str:
    """The argument of `or_`."""
    return f"status.in.({','.join(OPEN_STATUSES)}),updated_at.gte.{since:%Y-%m-%dT%H:%M:%SZ}"


def flatten(source: Mapping[str, Any]) -> Row:
    """PostgREST's row -> the snapshot row (exactly COLUMNS): typed text in NFC and without documents."""
    row = {name: clean(source.get(name)) for name in COLUMNS}
    row |= {name: without_documents(row[name]) for name in TYPED if row[name]}
    row["uh_texto"] = room(source.get("uh_texto"))
    row |= {name: _utc(source.get(name)) for name in _INSTANTS}
    return row


def _utc(value: Any) -> str | None:
    """A timestamp that Python cannot represent is kept unchanged."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat() if value else None
    except (ValueError, OverflowError):
        return str(value)


def is_open(row: Mapping[str, Any]) -> bool:
    """A closed order leaves the reading after two business dates; an open one must stay in it."""
    return row["status"] in OPEN_STATUSES


def is_linked(row: Mapping[str, Any]) -> bool:
    """Linked to a guest, or decided to be about no guest."""
    return row["matched_at"] is not None


def is_without_guest(row: Mapping[str, Any]) -> bool:
    """It was decided that the order is about no guest."""
    return bool(row["sem_hospede"])


def opened_on(row: Mapping[str, Any]) -> date:
    """The hotel's calendar day on which the order was opened, as the engine dates it."""
    return opening(row)[0].date()


def is_undated(row: Mapping[str, Any]) -> bool:
    """The opening date cannot be read. PostgreSQL knows "infinity" and the year 20000, Python does not."""
    return bool(opening(row)[1])


def rooms_named(row: Mapping[str, Any]) -> frozenset[str]:
    """The words and digit sequences of the typed text: a superset of the rooms that the order may mean."""
    text = " ".join(str(row.get(name) or "") for name in TYPED).upper()
    return frozenset(re.findall(r"[A-Z0-9]+", text)) | frozenset(re.findall(r"[0-9]+", text))
