"""Rows as the snapshots and PostgREST give them, whole, so that a test names only what it is about."""

from datetime import date
from typing import Any

from pipeline.hotel import orders, stays
from snapshots.diffing import ChangeView, between

D = date(2026, 1, 10)


def stay(key: int = 7, **fields: Any) -> dict[str, Any]:
    base = dict.fromkeys(stays.COLUMNS) | {
        "id": key,
        "reserva_id": 70,
        "hospede_id": 700,
        "num_reserva": "R70",
        "nome_listagem": "Ana Souza",
        "nome": "Ana Souza",
        "titular": True,
        "status": "na_casa",
        "uh": "203",
        "chegada": "2026-01-08",
        "saida": "2026-01-12",
        "doc_hmac": "aa",
        "doc_final": "25",
        "menor": False,
        "incognito": False,
    }
    return base | fields


def order(key: int = 1, **fields: Any) -> dict[str, Any]:
    base = dict.fromkeys((*orders.COLUMNS, *orders.LINK)) | {
        "id": key,
        "numero": f"OS{key}",
        "aberta_em": "2026-01-09T15:00:00+00:00",
        "setor": "manutencao",
        "tipo": "corretiva",
        "prioridade": "normal",
        "status": "aberta",
        "local_tipo": "uh",
        "uh_texto": None,
        "descricao": "ar não gela",
        "sem_hospede": False,
        "texto_versao": 1,
    }
    return base | fields


def stay_change(before: dict[str, Any] | None, after: dict[str, Any] | None) -> ChangeView:
    return _change(before, after, stays.COLUMNS)


def order_change(before: dict[str, Any] | None, after: dict[str, Any] | None) -> ChangeView:
    return _change(before, after, orders.COLUMNS)


def _change(before: dict[str, Any] | None, after: dict[str, Any] | None, columns: tuple[str, ...]) -> ChangeView:
    row = after or before
    assert row is not None
    change = between(str(row["id"]), before, after, columns, {})
    assert change is not None, "the two rows are equal"
    return change
