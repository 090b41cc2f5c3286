"""A read, a write and an upsert against a failing server, and the assertions after each."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.servers import Server, settled

KEY = "the-key-that-nobody-may-see"
# Of the loop's own time, which a busy machine delays as much as the query; the benchmark measures it by the clock.
OVERSHOOT = 2.0
# So many turns of the loop a query takes to end after the timer of its deadline.
TURNS = 100
PERSON = "Conceição-123.456.789-09"
ERROR = (
    b'{"code":"%s","message":"invalid input: \\"Concei\xc3\xa7\xc3\xa3o-123.456.789-09\\"","details":"row","hint":null}'
)

T = TypeVar("T")


@asynccontextmanager
async def client(server: Server, deadline: float = 5, **options: Any) -> AsyncIterator[SupabaseClient]:
    """Afterwards no task and no connection of this client may be left."""
    before = asyncio.all_tasks()
    async with SupabaseClient(server.url, KEY, deadline=deadline, **options) as supabase:
        yield supabase
    assert await settled(server, before) == set()


async def read(supabase: SupabaseClient) -> Any:
    return (await supabase.async_table("hospedes").select("*").eq("nome", PERSON).execute()).data


async def write(supabase: SupabaseClient) -> Any:
    return (await supabase.async_table("hospedes").insert({"nome": PERSON}).execute()).data


async def upsert(supabase: SupabaseClient) -> Any:
    return (await supabase.async_table("hospedes").upsert({"id": 1, "nome": PERSON}, on_conflict="id").execute()).data


def shown(error: BaseException) -> list[str]:
    """Those of message, repr, attributes and traceback that show the key or personal data."""
    texts = [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
    return [text for text in texts if KEY in text or PERSON in text or "123.456" in text]


def assert_keeps_quiet(error: BaseException) -> None:
    assert not shown(error)
    assert error.__cause__ is None
    assert error.__context__ is None or isinstance(error.__context__, TimeoutError | asyncio.CancelledError)


async def over_in(query: asyncio.Future[Any], seconds: float) -> bool:
    """Whether the query is over when a timer of the same loop rings. No clock is read: on a busy machine both are late,
    and the query's own timer is still the earlier one."""
    await asyncio.wait([query], timeout=seconds)
    for _ in range(TURNS):
        if query.done():
            return True
        await asyncio.sleep(0)
    return False


async def in_time(query: Coroutine[Any, Any, T], seconds: float) -> T:
    """What the query returns or raises."""
    task = asyncio.ensure_future(query)
    if not await over_in(task, seconds):
        task.cancel()
        raise AssertionError(f"the query was not over after {seconds:g} s")
    return await task


async def failing(call: Any, supabase: SupabaseClient, kind: type[sb.SupabaseError]) -> Any:
    with pytest.raises(kind) as caught:
        await call(supabase)
    assert type(caught.value) is kind
    assert_keeps_quiet(caught.value)
    return caught.value
