"""A table of any number of rows on the real PostgREST."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sistema_os.supabase import SupabaseClient

Options = dict[str, Any]


@asynccontextmanager
async def filled(settings: Options, rows: int) -> AsyncIterator[SupabaseClient]:
    async with SupabaseClient(**settings) as supabase:
        people = [{"id": n, "house": n % 7, "name": f"n{n:06}"} for n in range(1, rows + 1)]
        (await supabase.async_table("crowd").upsert_many(people, "id")).raise_for_failure()
        yield supabase
