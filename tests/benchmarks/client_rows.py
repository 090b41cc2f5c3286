"""What every contender of the client's benchmark does alike; needs nothing installed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

PAGE = 1000


async def spread(work: Callable[[int], Awaitable[Any]], items: list[int], at_once: int) -> None:
    """`at_once` workers take the items in order."""
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await work(item)

    await asyncio.gather(*(worker() for _ in range(at_once)))


def page_of(start: int) -> str:
    return f"/bench?select=*&id=gt.{start}&id=lte.{start + PAGE}&order=id.asc&limit={PAGE}"


def sample(rows: int) -> list[dict[str, Any]]:
    return [
        {"id": n, "nome": f"HOSPEDE {n:x}", "uh": f"{n % 120:04}", "adultos": n % 4, "diaria": 100 + n % 900,
         "titular": n % 2 == 0, "status": "na_casa", "observacoes": "x" * (n % 40), "extra": {"n": n}}
        for n in range(1, rows + 1)
    ]  # fmt: skip
