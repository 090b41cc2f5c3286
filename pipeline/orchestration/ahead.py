"""Reads that begin before the step that wants them: while one source is stored, the others are on their way.

What fails on the way is raised where it is asked for and nowhere else: a source that cannot be read must not end the
step of another. Leaving the block ends what nobody asked for.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """The result of work that is under way, or its error."""

    def __init__(self, task: "asyncio.Task[T | Exception]") -> None:
        self._task = task

    async def get(self) -> T:
        found = await self._task
        if isinstance(found, Exception):
            raise found
        return found


class Ahead:
    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: list[asyncio.Task[Any]] = []

    def begin(self, work: Coroutine[Any, Any, T]) -> Later[T]:
        task = self._group.create_task(_settled(work))
        self._tasks.append(task)
        return Later(task)

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def reading_ahead() -> AsyncGenerator[Ahead, None]:
    failed: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        ahead = Ahead(group)
        try:
            yield ahead
        except BaseException as error:  # raised below as it is: the group would wrap it, a Cancelled too
            failed = error
        finally:
            ahead.end()
    if failed is not None:
        raise failed


async def _settled(work: Coroutine[Any, Any, T]) -> T | Exception:
    """An error is a result: as the error of a task it would end the whole group."""
    try:
        return await work
    except Exception as error:  # raised by Later.get
        return error
