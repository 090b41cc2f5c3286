"""The examples of docs/supabase.md run."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sistema_os.supabase import SupabaseClient

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "supabase.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
ROWS = """
insert into inventario_uh (tipo_uh, desde, uh_total) values ('STD', '2026-01-01', 80);
insert into ordens_servico (numero, setor, prioridade, descricao) values
  ('OS-1', 'manutencao', 'urgente', 'x'), ('OS-2', 'governanca', 'normal', 'x'), ('OS-3', 'ti', 'normal', 'x');
insert into rm_diario (data_coleta, data_estadia, tipo_uh, uh_total, uh_vendidas, fonte)
  select '2026-01-01', date '2026-01-01' + n, 'TOTAL', 120, 60, 'teste' from generate_series(1, 1500) n;
"""


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
async def test_an_example_runs(example: str, hotel_db: psycopg.Connection, feed_settings: dict[str, Any]) -> None:
    hotel_db.execute(ROWS.encode())
    code = compile(example, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    async with SupabaseClient(**feed_settings) as supabase:
        running = eval(code, {"supabase": supabase})  # noqa: S307 - our own page; eval is what answers the coroutine
        assert inspect.isawaitable(running)
        await running


def test_every_setting_of_the_client_is_explained() -> None:
    text = PAGE.read_text()
    assert not [name for name in inspect.signature(SupabaseClient).parameters if f"`{name}`" not in text]
