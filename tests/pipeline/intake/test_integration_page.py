"""The curl examples of docs/integracao.md are answered by the hotel's real functions, once and a second time."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "integracao.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"curl -sS \"https://PROJETO\.supabase\.co/rest/v1/([^\"]+)\"[^`]*?-d '(.*?)'", TEXT, re.DOTALL)


def test_the_page_has_an_example_for_each_function() -> None:
    assert [path for path, _body in EXAMPLES] == ["rpc/receber_listagem", "rpc/receber_ordens"]


@pytest.mark.stack
def test_the_examples_are_accepted_twice(hotel_db: psycopg.Connection, feed_settings: dict[str, Any]) -> None:
    key = feed_settings["key"]
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    answers = []
    for _ in range(2):
        for path, body in EXAMPLES:
            answer = httpx.post(
                f"{feed_settings['url']}{feed_settings['rest_path']}/{path}", json=json.loads(body), headers=headers
            )
            assert answer.status_code == 200, answer.text
            answers.append([answer.json()[name] for name in ("recusa", "novas", "iguais")])
    assert answers == [[None, 2, 0], [None, 1, 0], [None, 0, 2], [None, 0, 1]]


@pytest.mark.stack
def test_every_key_of_the_answers_is_explained(hotel_db: psycopg.Connection) -> None:
    for call in ("receber_listagem('[]', '2026-03-12', 'grupo')", "receber_ordens('[]', '2026-03-12')"):
        found = hotel_db.execute(f"select jsonb_object_keys({call})".encode()).fetchall()
        assert not [name for (name,) in found if f"`{name}`" not in TEXT]
