"""The Supabase client side by side with others, in one run: `make bench-client` (`--million` adds the memory test).

Prints a table and, last, one JSON object with every ratio and its target.
"""

import asyncio
import json
import resource
import sys
import time
import timeit
from collections.abc import Awaitable, Callable
from typing import Any

from sistema_os.supabase import DeadlineExceeded, SupabaseClient
from sistema_os.supabase.query import render
from tests.benchmarks.client_ground import Ground, distant, ground, sample
from tests.benchmarks.client_rivals import Bare, Official, copy_in, curl_all, spread
from tests.supabase.servers import Server, answer, read_request, serving, silent

ROWS = 100_000
ROUNDS = 5
Work = Callable[[], Awaitable[Any]]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Targets:
    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, name: str, value: float, target: float, *, at_least: bool = True) -> None:
        met = value >= target if at_least else value <= target
        sign = ">=" if at_least else "<="
        self.rows.append({"name": name, "value": round(value, 4), "target": f"{sign} {target:g}", "met": met})
        say(f"{'ok  ' if met else 'MISS'} {name:<66} {value:>10.3f}   {sign} {target:g}")


async def timed(work: Work) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def best(**works: Work) -> dict[str, float]:
    """Seconds of each, the best of several rounds that take turns, so that a noisy moment hits all alike."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            seen[name].append(await timed(work))
    return {name: min(times) for name, times in seen.items()}


def show(title: str, seconds: dict[str, float]) -> None:
    say(f"\n{title}: " + ", ".join(f"{name} {value:.3f} s" for name, value in seconds.items()))


async def reading(where: Ground, targets: Targets) -> None:
    key = where.options["key"]
    async with (
        SupabaseClient(**where.options) as supabase,
        Official(where.base, key, 1) as single,
        Official(where.base, key, 8) as eight,
        Bare(where.base, key, 8) as bare,
    ):

        async def ours() -> None:
            rows = 0
            async for page in supabase.async_table("bench").pages(parallel=8):
                rows += len(page)
            assert rows == ROWS

        took = await best(
            ours=ours,
            official=lambda: single.read_all(ROWS),
            official_8=lambda: eight.read_all(ROWS),
            transport_8=lambda: bare.read_all(ROWS),
            curl_8=lambda: asyncio.to_thread(curl_all, where, ROWS),
        )
    show("read 100k x 12 columns", took)
    targets.add("read: times faster than postgrest-py one by one", took["official"] / took["ours"], 3.5)
    targets.add("read: times faster than postgrest-py 8 at a time", took["official_8"] / took["ours"], 1.7)
    targets.add("read: of the bare transport's time", took["ours"] / took["transport_8"], 1.15, at_least=False)
    targets.add("read: of curl's time", took["ours"] / took["curl_8"], 2, at_least=False)


async def single_rows(where: Ground, targets: Targets) -> None:
    key = where.options["key"]
    for at_once, target in ((1, None), (8, 1.8), (32, 2.5)):
        numbers = list(range(300 if at_once == 1 else 800))
        async with (
            SupabaseClient(**where.options, max_connections=at_once) as supabase,
            Official(where.base, key, at_once) as official,
            Bare(where.base, key, at_once) as bare,
        ):

            async def ours(number: int, supabase: SupabaseClient = supabase) -> None:
                assert (await supabase.async_table("bench").select("*").eq("id", number + 1).execute()).data

            took = await best(
                ours=lambda: spread(ours, numbers, at_once),  # noqa: B023 - awaited in this turn
                official=lambda: spread(official.one_row, numbers, at_once),  # noqa: B023 - the same
                transport=lambda: spread(bare.one_row, numbers, at_once),  # noqa: B023 - the same
            )
        show(f"1-row GET, {at_once} at once, {len(numbers)} queries", took)
        if target:
            ratio = took["official"] / took["ours"]
            targets.add(f"1 row: queries/s of postgrest-py at {at_once} at once, times", ratio, target)
        else:
            each = (took["ours"] - took["transport"]) / len(numbers) * 1e6
            targets.add("1 row: microseconds a query over the bare transport", each, 100, at_least=False)


async def latency(targets: Targets) -> None:
    for at_once, target in ((8, 1.25), (16, 1.25), (32, 1.6)):
        async with distant(0.05) as server, SupabaseClient(server.url, "k", max_connections=at_once) as supabase:

            async def ours(_: int, supabase: SupabaseClient = supabase) -> None:
                await supabase.async_table("t").select("*").eq("id", 1).execute()

            took = await best(ours=lambda: spread(ours, list(range(320)), at_once))  # noqa: B023 - awaited in this turn
        ideal = 320 / at_once * 0.05
        targets.add(
            f"320 queries at 50 ms, {at_once} at once: of the ideal time", took["ours"] / ideal, target, at_least=False
        )


async def writing(where: Ground, targets: Targets) -> None:
    rows, key = sample(ROWS), where.options["key"]
    async with SupabaseClient(**where.options) as supabase, Official(where.base, key, 1) as official:

        async def ours(count: int = ROWS) -> None:
            outcomes = await supabase.async_table("bench").upsert_many(rows[:count], "id")
            outcomes.raise_for_failure()

        async def row_by_row() -> None:
            for row in rows[:300]:
                await supabase.async_table("bench").upsert(row, on_conflict="id", returning="minimal").execute()

        took = {}
        for name, work in (
            ("ours", ours),
            ("official", lambda: official.upsert(rows)),
            ("copy", lambda: asyncio.to_thread(copy_in, where, rows)),
        ):
            times = []
            for _ in range(2):
                where.empty()
                times.append(await timed(work))
            took[name] = min(times)
        where.empty()
        took |= await best(ten_thousand=lambda: ours(10_000), row_by_row=row_by_row)
    show("upsert 100k", took)
    slow = took["row_by_row"] / 300 * 10_000
    targets.add("upsert 10k: times faster than row by row (300 rows, scaled)", slow / took["ten_thousand"], 200)
    targets.add("upsert 100k: times faster than postgrest-py", took["official"] / took["ours"], 2)
    targets.add("upsert 100k: of COPY + ON CONFLICT's time", took["ours"] / took["copy"], 1.5, at_least=False)


async def endings(targets: Targets) -> None:
    async def late(server: Server, deadline: float) -> float:
        async with SupabaseClient(server.url, "k", deadline=deadline) as supabase:
            started = time.perf_counter()
            try:
                await supabase.async_table("t").select("*").execute()
            except DeadlineExceeded:
                return time.perf_counter() - started - deadline
        raise AssertionError("it answered")

    async with silent() as server:
        worst = max([await late(server, 0.2) for _ in range(20)])
        targets.add("a silent server: seconds past the deadline, worst of 20", worst, 0.05, at_least=False)
    drips = Server()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, drips)
        writer.write(answer(length=1000, body=b""))
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.2)

    async with serving(drip, drips):
        targets.add("a dripping server: seconds past the deadline", await late(drips, 1.0), 0.1, at_least=False)


async def churn(where: Ground, targets: Targets) -> None:
    async with SupabaseClient(**where.options) as supabase:
        read = supabase.async_table("bench").select("*").limit(200)
        for turn in range(100):
            tasks = [asyncio.ensure_future(read.execute()) for _ in range(40)]
            await asyncio.sleep(0.0005 * (turn % 20))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        after = await asyncio.gather(*(read.execute() for _ in range(10)), return_exceptions=True)
    passed = sum(not isinstance(answer, BaseException) for answer in after)
    targets.add("requests of 10 that pass after 4000 cancellations", passed, 10)


async def building(targets: Targets) -> None:
    async with SupabaseClient("http://127.0.0.1:1", "k") as supabase:

        def build() -> None:
            query = supabase.async_table("t").select("id,numero").eq("id", 1).gte("uh", "0101").order("id").limit(5)
            render(query._head, query._params)

        each = min(timeit.repeat(build, number=200, repeat=50)) / 200 * 1e6
    targets.add("building and rendering a query with five calls: microseconds", each, 15, at_least=False)


async def memory(where: Ground, targets: Targets) -> None:
    where.fill(ROWS + 1, 1_000_000)
    async with SupabaseClient(**where.options) as supabase:
        await supabase.async_table("bench").select("*").limit(1).execute()
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = 0
        async for _ in supabase.async_table("bench").stream():
            rows += 1
        assert rows == 1_000_000
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    targets.add("streaming a million rows: MB above idle", grown, 60, at_least=False)


async def run(where: Ground, targets: Targets) -> None:
    where.fill(1, ROWS)
    if "--million" in sys.argv:
        await memory(where, targets)
        where.empty()
        where.fill(1, ROWS)
    await building(targets)
    await reading(where, targets)
    await single_rows(where, targets)
    await churn(where, targets)
    await latency(targets)
    await endings(targets)
    await writing(where, targets)


def main() -> None:
    targets = Targets()
    with ground() as where:
        asyncio.run(run(where, targets))
    say(json.dumps({"targets": targets.rows}))


if __name__ == "__main__":
    main()
