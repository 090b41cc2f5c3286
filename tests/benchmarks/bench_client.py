"""The Supabase client side by side with others, in one run: `make bench-client`.

Prints a table and, last, one JSON object with every ratio, its target and what fell short. `--million` adds the memory
of a million rows.
"""

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from sistema_os.supabase import SupabaseClient
from tests.benchmarks import client_endings
from tests.benchmarks.client_ground import Ground, distant, ground
from tests.benchmarks.client_peers import Peers, environment, peers
from tests.benchmarks.client_report import Race, Report, Work, timed
from tests.benchmarks.client_rivals import Bare, copy_in, curl_all
from tests.benchmarks.client_rows import sample, spread

ROWS = 100_000
ROUNDS = 5


@dataclass
class Bench:
    where: Ground
    peers: Peers
    report: Report

    @property
    def key(self) -> str:
        return str(self.where.options["key"])

    def peer(self, who: str, work: str, at_once: int, count: int, base: str = "") -> Work:
        async def run() -> float:
            return await self.peers.work(who, work, base or self.where.base, self.key, at_once, count)

        return run


async def reading(bench: Bench) -> None:
    async with SupabaseClient(**bench.where.options) as supabase, Bare(bench.where.base, bench.key, 8) as bare:

        async def ours() -> None:
            rows = 0
            async for page in supabase.async_table("bench").pages(parallel=8):
                rows += len(page)
            assert rows == ROWS

        works: dict[str, Work] = {
            "ours": ours,
            "postgrest-py": bench.peer("postgrest", "read", 1, ROWS),
            "postgrest-py x8": bench.peer("postgrest", "read", 8, ROWS),
            "httpx": bench.peer("httpx", "read", 8, ROWS),
            "bare transport": lambda: bare.read(ROWS),
            "floor": lambda: asyncio.to_thread(curl_all, bench.where, ROWS),
        }
        race = await Race().run(works, ROUNDS)
    bench.report.race("read 100k x 12, 8 at once (curl)", race)
    add = bench.report.add
    add("read: times faster than postgrest-py one by one", race.ratio("postgrest-py", "ours"), 3.5)
    add("read: times faster than postgrest-py 8 at a time", race.ratio("postgrest-py x8", "ours"), 1.7)
    add("read: of the bare transport's time", race.ratio("ours", "bare transport"), 1.15, at_least=False)
    add("read: of curl's time", race.ratio("ours", "floor"), 1.4, at_least=False)


async def one_row(supabase: SupabaseClient, number: int) -> None:
    assert (await supabase.async_table("bench").select("*").eq("id", number + 1).execute()).data


async def overhead(bench: Bench) -> None:
    """Query by query in turns: what the client adds to the CPU time of the bare transport in this process.

    The target is for the undisturbed queries (lower deciles). Medians are shown as well: on shared cores, elapsed time
    contains the work of other programs, and CPU time contains caches that they emptied.
    """
    processor: dict[str, list[float]] = {"ours": [], "bare": []}
    elapsed: dict[str, list[float]] = {"ours": [], "bare": []}
    async with SupabaseClient(**bench.where.options) as supabase, Bare(bench.where.base, bench.key, 8) as bare:
        for number in range(1200):
            for name in ("ours", "bare") if number % 2 else ("bare", "ours"):
                before, started = time.process_time(), time.perf_counter()
                await (one_row(supabase, number) if name == "ours" else bare.one_row(number))
                elapsed[name].append(time.perf_counter() - started)
                processor[name].append(time.process_time() - before)

    def added(times: dict[str, list[float]], tenths: int) -> float:
        ours, bare = [statistics.quantiles(times[name][100:], n=10)[tenths - 1] for name in ("ours", "bare")]
        return (ours - bare) * 1e6

    medians = f"median {added(processor, 5):.0f} us of CPU time, {added(elapsed, 5):.0f} us elapsed"
    bench.report.row("1 row over the bare transport", {"ours": medians})
    name = "1 row: microseconds of CPU time a query over the bare transport"
    bench.report.add(name, added(processor, 1), 60, at_least=False)


async def single_rows(bench: Bench, at_once: int, target: float | None) -> None:
    count = 300 if at_once == 1 else 800
    options: dict[str, Any] = {**bench.where.options, "max_connections": at_once}
    async with SupabaseClient(**options) as supabase, Bare(bench.where.base, bench.key, at_once) as bare:
        works: dict[str, Work] = {
            "ours": lambda: spread(lambda n: one_row(supabase, n), list(range(count)), at_once),
            "postgrest-py": bench.peer("postgrest", "one_row", at_once, count),
            "httpx": bench.peer("httpx", "one_row", at_once, count),
            "bare transport": lambda: spread(bare.one_row, list(range(count)), at_once),
        }
        race = await Race().run(works, ROUNDS)
    cells = {name: f"{count / race.seconds(name):.0f} q/s" for name in race.times}
    bench.report.row(f"1-row GET, {at_once} at once", cells)
    if target:
        name = f"1 row: queries/s of postgrest-py at {at_once} at once, times"
        bench.report.add(name, race.ratio("postgrest-py", "ours"), target)


async def latency(bench: Bench, at_once: int, target: float | None) -> None:
    """Answers come 50 ms after each question, from a server in this process."""
    ideal = 320 / at_once * 0.05
    async with distant(0.05) as server, SupabaseClient(server.url, "k", max_connections=at_once) as supabase:
        works: dict[str, Work] = {
            "ours": lambda: spread(lambda n: one_row(supabase, n), list(range(320)), at_once),
            "postgrest-py": bench.peer("postgrest", "one_row", at_once, 320, server.url),
            "httpx": bench.peer("httpx", "one_row", at_once, 320, server.url),
        }
        race = await Race().run(works, 3)
    cells = {name: f"{race.seconds(name) / ideal:.2f} x ideal" for name in race.times}
    bench.report.row(f"320 queries at 50 ms, {at_once} at once", cells)
    if target:
        name = f"320 queries at 50 ms, {at_once} at once: of the ideal time"
        bench.report.add(name, race.seconds("ours") / ideal, target, at_least=False)


async def writing(bench: Bench) -> None:
    rows, where, report = sample(ROWS), bench.where, bench.report
    async with SupabaseClient(**where.options) as supabase:

        async def ours(count: int = ROWS) -> None:
            outcomes = await supabase.async_table("bench").upsert_many(rows[:count], "id", parallel=8)
            outcomes.raise_for_failure()

        def into_nothing(work: Work) -> Work:
            async def run() -> float:
                await asyncio.to_thread(where.empty)
                return await timed(work)

            return run

        works: dict[str, Work] = {
            "ours": into_nothing(ours),
            "postgrest-py": into_nothing(bench.peer("postgrest", "upsert", 1, ROWS)),
            "httpx": into_nothing(bench.peer("httpx", "upsert", 8, ROWS)),
            "floor": into_nothing(lambda: asyncio.to_thread(copy_in, where, rows)),
        }
        big = await Race().run(works, 3)
        works = {
            "ours": into_nothing(lambda: ours(10_000)),
            "postgrest-py": into_nothing(bench.peer("postgrest", "row_by_row", 1, 300)),
            "floor": into_nothing(lambda: asyncio.to_thread(copy_in, where, rows[:10_000])),
        }
        small = await Race().run(works, ROUNDS)
    report.race("upsert 100k (floor: COPY)", big)
    report.add("upsert 100k: times faster than postgrest-py", big.ratio("postgrest-py", "ours"), 2)
    report.add("upsert 100k: of COPY + ON CONFLICT's time", big.ratio("ours", "floor"), 1.5, at_least=False)
    report.row("upsert 10k (floor: COPY)", {name: f"{small.seconds(name):.3f} s" for name in ("ours", "floor")})
    slow = f"{10_000 / 300 * small.seconds('postgrest-py'):.3f} s"
    report.row("upsert 10k row by row (300, scaled)", {"postgrest-py": slow})
    report.add("upsert 10k: of COPY + ON CONFLICT's time", small.ratio("ours", "floor"), 1.5, at_least=False)
    name = "upsert 10k: times faster than postgrest-py row by row"
    report.add(name, small.ratio("postgrest-py", "ours") * 10_000 / 300, 200)


async def run(where: Ground, report: Report) -> None:
    if "--million" in sys.argv:
        await client_endings.memory(where, report)
    where.fill(1, ROWS)
    await client_endings.building(report)
    async with peers(environment()) as ready:
        bench = Bench(where, ready, report)
        await overhead(bench)
        await reading(bench)
        for at_once, target in ((1, None), (8, 1.8), (32, 2.5)):
            await single_rows(bench, at_once, target)
        for at_once, target in ((8, 1.25), (16, 1.25), (32, None)):
            await latency(bench, at_once, target)
        await client_endings.endings(report)
        await client_endings.churn(where, report)
        await writing(bench)


def main() -> None:
    report = Report()
    with ground() as where:
        asyncio.run(run(where, report))
    report.close()


if __name__ == "__main__":
    main()
