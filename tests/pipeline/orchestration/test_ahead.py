"""Reads that start before their step."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.hotel.reader import SourceFetch, SourceQuery, reading_ahead
from pipeline.runs.context import Cancelled


class Gone(Exception):
    pass


async def fail() -> int:
    raise Gone


class Source:
    """Answers counts and pages when the test lets it, and remembers what was asked in which order."""

    def __init__(self, counts: list[int], pages: list[list[int]]) -> None:
        self.asked: list[str] = []
        self.counts, self._pages = counts, pages
        self.may_end, self.counted_twice = asyncio.Event(), asyncio.Event()

    async def execute(self) -> Any:
        self.asked.append("count")
        if self.asked.count("count") == 2:
            self.counted_twice.set()
        return SimpleNamespace(count=self.counts.pop(0))

    async def pages(self, key: str, size: int) -> AsyncGenerator[list[dict[str, int]], None]:
        for page in self._pages:
            self.asked.append("page")
            yield [{key: number} for number in page]
        await self.may_end.wait()
        self.asked.append("no more")

    def query(self) -> SourceQuery:
        source = cast(Any, self)
        return SourceQuery(spec=cast(Any, SimpleNamespace(key="id")), rows=source, count=source, flatten=dict)


def played(work: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(5):
            await work

    asyncio.run(in_time())


def test_an_error_is_raised_where_it_is_asked_for_and_nowhere_else() -> None:
    async def play() -> None:
        async with reading_ahead() as ahead:
            failing, fine = ahead.begin(fail()), ahead.begin(asyncio.sleep(0, 7))
            assert await fine.get() == 7
            with pytest.raises(Gone):
                await failing.get()

    played(play())


def test_an_error_of_the_block_comes_through_as_it_is_and_ends_what_is_under_way() -> None:
    ended = []

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def play() -> None:
        async with reading_ahead() as ahead:
            ahead.begin(long())
            await asyncio.sleep(0)
            raise Gone

    with pytest.raises(Gone):
        played(play())
    assert ended == [True]


def test_a_cancelled_run_ends_what_is_under_way_and_stays_cancelled() -> None:
    ended = []

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def play() -> None:
        async with reading_ahead() as ahead:
            ahead.begin(long())
            await asyncio.sleep(0)
            raise Cancelled

    with pytest.raises(asyncio.CancelledError):
        played(play())
    assert ended == [True]


def test_a_source_is_counted_before_its_rows_and_again_beside_the_proof_that_there_are_no_more() -> None:
    async def play() -> None:
        source = Source([3, 3], [[1, 2], [3]])
        async with reading_ahead() as ahead:
            fetch = SourceFetch(ahead, source.query())
            pages = fetch.pages()
            assert [len(await anext(pages)) for _ in range(2)] == [2, 1]
            await source.counted_twice.wait()
            assert source.asked == ["count", "page", "page", "count"]
            source.may_end.set()
            assert [page async for page in pages] == []
            assert await fetch.after.get() == 3
            assert source.asked == ["count", "page", "page", "count", "no more"]

    played(play())


def test_where_more_came_than_was_announced_the_last_word_is_a_count_after_it() -> None:
    async def play() -> None:
        source = Source([2, 2, 3], [[1, 2], [3]])
        source.may_end.set()
        async with reading_ahead() as ahead:
            fetch = SourceFetch(ahead, source.query())
            assert sum([len(page) async for page in fetch.pages()]) == 3
            assert await fetch.after.get() == 3
            assert source.asked[-1] == "count"

    played(play())


def test_a_source_that_breaks_off_gives_what_came_and_then_its_error() -> None:
    async def play() -> None:
        source = Source([5], [[1, 2]])
        source.may_end.set()
        source.counts.append(5)

        async def broken(key: str, size: int) -> AsyncGenerator[list[dict[str, int]], None]:
            yield [{key: 1}]
            raise Gone

        source.pages = broken  # type: ignore[method-assign]  # this one breaks off
        async with reading_ahead() as ahead:
            fetch = SourceFetch(ahead, source.query())
            assert [page async for page in fetch.pages()] == [[{"id": 1}]]
            with pytest.raises(Gone):
                await fetch.after.get()

    played(play())
