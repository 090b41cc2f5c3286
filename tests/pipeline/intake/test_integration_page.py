"""The curl examples of docs/integracao.md are answered by the hotel's real tables, once and a second time."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "integracao.md"
EXAMPLE = re.compile(
    r"curl -sS \"https://PROJETO\.supabase\.co/rest/v1/([^\"]+)\".*?\"Prefer: ([^\"]+)\".*?-d '(.*?)'", re.DOTALL
)
EXAMPLES = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))


def test_the_page_has_examples_for_each_table_of_a_feed() -> None:
    assert [path.partition("?")[0] for path, _, _ in EXAMPLES] == ["ordens_servico", "reservas", "listagem_hospedes"]


@pytest.mark.stack
def test_the_examples_are_accepted_twice(hotel_db: psycopg.Connection, supabase_settings: dict[str, Any]) -> None:
    key = supabase_settings["key"]
    base = f"{supabase_settings['url']}{supabase_settings.get('rest_path', '/rest/v1')}"
    for _ in range(2):
        booking = 0
        for path, prefer, body in EXAMPLES:
            rows = json.loads(body)
            for row in rows:
                if "reserva_id" in row:
                    row["reserva_id"] = booking
            headers = {"apikey": key, "Authorization": f"Bearer {key}", "Prefer": prefer}
            answer = httpx.post(f"{base}/{path}", json=rows, headers=headers)
            assert answer.status_code in (200, 201), answer.text
            booking = answer.json()[0]["id"] if answer.content else booking
    counts = [
        hotel_db.execute(query).fetchone()
        for query in (
            "select count(*), min(aberta_em) = '2026-03-12 06:40-03' from ordens_servico",
            "select count(*), min(uh) = '0201' from reservas",
            "select count(*), bool_and(titular and removido_em is null) from listagem_hospedes",
        )
    ]
    assert counts == [(1, True)] * 3
