"""What the client promises beyond speed: endings in time, cancelling for nothing, little memory."""

import asyncio
import resource
import time
import timeit

from sistema_os.supabase import DeadlineExceeded, SupabaseClient
from sistema_os.supabase.query import render
from tests.benchmarks.client_ground import Ground
from tests.benchmarks.client_report import Report
from tests.supabase.servers import Server, answer, read_request, serving, silent

MILLION = 1_000_000


async def building(report: Report) -> None:
    async with SupabaseClient("http://127.0.0.1:1", "k") as supabase:

        def build() -> None:
            query = supabase.async_table("t").select("id,numero").eq("id", 1).gte("uh", "0101").order("id").limit(5)
            render(query._head, query._params)

        each = min(timeit.repeat(build, number=200, repeat=50)) / 200 * 1e6
    report.add("building and rendering a query with five calls: microseconds", each, 15, at_least=False)


async def _late(server: Server, deadline: float) -> float:
    async with SupabaseClient(server.url, "k", deadline=deadline) as supabase:
        started = time.perf_counter()
        try:
            await supabase.async_table("t").select("*").execute()
        except DeadlineExceeded:
            return time.perf_counter() - started - deadline
    raise AssertionError("it answered")


async def _after_cancel(server: Server) -> float:
    """Seconds from the moment that wait_for's time is up until the caller goes on."""
    async with SupabaseClient(server.url, "k") as supabase:
        started = time.perf_counter()
        try:
            await asyncio.wait_for(supabase.async_table("t").select("*").execute(), 0.1)
        except TimeoutError:
            return time.perf_counter() - started - 0.1
    raise AssertionError("it answered")


async def endings(report: Report) -> None:
    async with silent() as server:
        worst = max([await _after_cancel(server) for _ in range(40)])
        report.add("cancelled by wait_for: seconds of overshoot, worst of 40", worst, 0.05, at_least=False)
        worst = max([await _late(server, 0.2) for _ in range(20)])
        report.add("a silent server: seconds past the deadline, worst of 20", worst, 0.05, at_least=False)
    drips = Server()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, drips)
        writer.write(answer(length=1000, body=b""))
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.2)

    async with serving(drip, drips):
        report.add("a dripping server: seconds past the deadline", await _late(drips, 1.0), 0.1, at_least=False)


async def churn(where: Ground, report: Report) -> None:
    before = asyncio.all_tasks()
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
    report.add("requests of 10 that pass after 4000 cancellations", passed, 10)
    await asyncio.sleep(0.1)
    report.add("tasks left after them", len(asyncio.all_tasks() - before), 0, at_least=False)


async def memory(where: Ground, report: Report) -> None:
    """First of all: the peak of a process never falls."""
    where.fill(1, MILLION)
    async with SupabaseClient(**where.options) as supabase:
        await supabase.async_table("bench").select("*").limit(1).execute()
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = 0
        async for _ in supabase.async_table("bench").stream(parallel=8):
            rows += 1
        assert rows == MILLION
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    report.add("streaming a million rows: MB above idle", grown, 60, at_least=False)
    where.empty()
