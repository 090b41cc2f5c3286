"""One timer keeps the deadlines of all queries of a client."""

import asyncio

import pytest

from sistema_os.supabase.retry import Deadline, Deadlines

pytestmark = pytest.mark.anyio


async def within(deadlines: Deadlines, seconds: float) -> bool:
    """Whether the deadline ended a sleep of so many seconds."""
    with Deadline(deadlines, asyncio.get_running_loop()):
        await asyncio.sleep(seconds)
        return False
    return True


async def test_only_the_queries_that_take_too_long_are_ended() -> None:
    deadlines = Deadlines(0.1)
    seconds = [0, 5, 0.01, 5, 0, 5]
    assert await asyncio.gather(*(within(deadlines, each) for each in seconds)) == [each == 5 for each in seconds]
    assert (len(deadlines._running), deadlines._timer) == (0, None)


async def test_a_later_query_has_its_own_deadline_although_the_timer_was_set_for_an_earlier_one() -> None:
    deadlines, loop = Deadlines(0.2), asyncio.get_running_loop()
    assert not await within(deadlines, 0)
    await asyncio.sleep(0.1)
    started = loop.time()
    assert await within(deadlines, 5)
    assert loop.time() - started >= 0.2


async def test_finished_queries_are_forgotten_while_a_long_one_runs() -> None:
    deadlines = Deadlines(20)
    long = asyncio.ensure_future(within(deadlines, 10))
    await asyncio.sleep(0)
    for _ in range(1000):
        await within(deadlines, 0)
    assert len(deadlines._running) == 1
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long
    assert len(deadlines._running) == 0


async def test_a_cancellation_from_outside_at_the_same_moment_is_not_swallowed() -> None:
    deadlines = Deadlines(20)
    query = asyncio.ensure_future(within(deadlines, 5))
    await asyncio.sleep(0)
    deadlines._running[0].expire()
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query


async def test_the_end_of_the_time_leaves_no_cancellation_behind() -> None:
    assert await within(Deadlines(0.01), 5)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    async with asyncio.timeout(5):
        assert await within(Deadlines(0.01), 5)


async def test_an_error_inside_is_passed_on() -> None:
    deadlines = Deadlines(5)
    with pytest.raises(KeyError), Deadline(deadlines, asyncio.get_running_loop()):
        raise KeyError
    assert len(deadlines._running) == 0
