"""Service orders: the hotel's columns and our snapshot row (see `listing_rows` for the other source)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.orchestration.listing_rows import Row, clean, room

TABLE = "ordens_servico"
SOURCE = "ordens_servico"
KEY = "id"

OPEN_STATUSES = ("aberta", "em_andamento", "aguardando")
HOTEL_ZONE = ZoneInfo("America/Sao_Paulo")

# What staff typed: a change in one of these raises `texto_versao` in the hotel's database.
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
# Read with every order and kept out of the snapshot: our own write-back would come back as a change.
LINK = ("hospede_id", "listagem_id", "sem_hospede", "matched_by", "matched_at", "match_origem", "texto_versao")
SELECT = ",".join((*COLUMNS, *LINK, "updated_at"))

_INSTANTS = ("aberta_em", "concluida_em")


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
    """PostgREST's row -> the snapshot row (exactly COLUMNS): typed text in NFC, instants in UTC."""
    row = {name: clean(source.get(name)) for name in COLUMNS}
    row["uh_texto"] = room(source.get("uh_texto"))
    row |= {name: _utc(source.get(name)) for name in _INSTANTS}
    return row


def _utc(value: Any) -> str | None:
    return datetime.fromisoformat(value).astimezone(UTC).isoformat() if value else None


def explained(row: Mapping[str, Any]) -> bool:
    """A closed order leaves the reading after two business dates; an open one must not."""
    return row["status"] not in OPEN_STATUSES


def is_open(row: Mapping[str, Any]) -> bool:
    return row["status"] in OPEN_STATUSES


def is_linked(row: Mapping[str, Any]) -> bool:
    """A guest or, just as good, the decision that there is none."""
    return row["matched_at"] is not None


def opened_on(row: Mapping[str, Any]) -> date:
    """The hotel's calendar day on which the order was typed."""
    return datetime.fromisoformat(row["aberta_em"]).astimezone(HOTEL_ZONE).date()


def rooms_named(row: Mapping[str, Any]) -> frozenset[str]:
    """The filled-in room and every word of the texts: enough to ask whether an order may mean a room."""
    text = " ".join(str(row.get(name) or "") for name in TYPED)
    words = "".join(c if c.isalnum() else " " for c in text.upper()).split()
    return frozenset(words) | frozenset(w.lstrip("0") for w in words if w.isdigit())
