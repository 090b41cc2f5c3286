"""A small listing, its declaration, and one call that collects it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from snapshots import snapshot_manager as manager
from snapshots.models import Snapshot

Rows = list[dict[str, Any]]
DAY = date(2026, 1, 1)
SPEC = manager.SourceSpec(
    name="listagem",
    key="id",
    columns=("id", "nome", "uh", "status", "titular", "telefone", "doc_hmac", "doc_final", "pessoa"),
    explained=lambda row: row["status"] in ("saida", "cancelada", "no_show"),
    kinds={"id": "exact", "uh": "room", "telefone": "phone", "doc_hmac": "secret", "doc_final": "document"},
    freshness="visto_em",
    room="uh",
    label="nome",
    identity=("doc_hmac", "pessoa"),
    title="Guest listing",
)


# For listings that turn over from day to day as no hotel's does.
BUSY = replace(SPEC, thresholds=manager.Thresholds(removed_share=0.5, changed_share=1))


def stay(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "nome": f"Hóspede {number}",
        "uh": str(200 + number),
        "status": "na_casa",
        "titular": number % 2 == 0,
        "telefone": f"+55 48 9{number:08}",
        "doc_hmac": f"hmac-{number}",
        "doc_final": f"{number % 100:02}",
        "pessoa": 1000 + number,
        **fields,
    }


def stays(count: int, first: int = 1) -> Rows:
    return [stay(number) for number in range(first, first + count)]


def collect(
    rows: Sequence[dict[str, Any]], day: int = 1, declared: int | None = None, spec: manager.SourceSpec = SPEC
) -> Snapshot:
    """Collects the rows as the listing of the `day`-th day, in pages of ten; `declared` defaults to their count."""
    ingest = manager.begin(spec, business_date=DAY + timedelta(days=day - 1), run_id=day)
    for start in range(0, len(rows), 10):
        ingest.add(rows[start : start + 10])
    return ingest.publish(len(rows) if declared is None else declared, manager.no_fence)
