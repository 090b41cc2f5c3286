"""Runs a query: deadline, queue, tries, answer."""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

import httpx

from sistema_os.supabase import query as queries
from sistema_os.supabase import responses, retry
from sistema_os.supabase.errors import (
    DeadlineExceeded,
    PoolExhausted,
    SupabaseError,
    TransportError,
    UnfilteredWrite,
    UsageError,
)
from sistema_os.supabase.query import Call, Head, Query
from sistema_os.supabase.responses import Answer, Verdict, truncated
from sistema_os.supabase.transport import Reply, content, exchange
from sistema_os.supabase.types import APIResponse, Secret

log = logging.getLogger("sistema_os.supabase")


@dataclass(slots=True)
class Trace:
    """How far a query has come, for the message of its deadline."""

    until: float
    sent: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """`deadline` in seconds for a whole query; `max_rows` is the server's cap; `max_body` in bytes, decoded."""

    deadline: float = 30.0
    max_connections: int = 8
    max_rows: int = 1000
    max_body: int = 64 * 1024 * 1024


class Session:
    """The connections, the key and the limits that every view of one client shares."""

    def __init__(self, base: str, key: Secret, limits: Limits, transport: httpx.AsyncBaseTransport) -> None:
        self.base = base
        self.limits = limits
        self.transport = transport
        self.closed = False
        self._key = key
        self._slots = asyncio.Semaphore(limits.max_connections)
        # Rows that one answer is known to hold: a shorter page of no more than this is the last one.
        self.proven_rows = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, query: Query, schema: str) -> APIResponse[Any]:
        return responses.joined([answer.response() for answer in await self.fetch(query, schema)])

    async def fetch(self, query: Query, schema: str) -> list[Answer]:
        """One deadline around everything: queueing, sending, receiving, all retries, all parts."""
        check(query)
        self._stay_in_one_loop()
        trace = Trace(asyncio.get_running_loop().time() + self.limits.deadline)
        calls = queries.calls(query, self.limits.max_rows)
        scope = asyncio.timeout_at(trace.until)
        try:
            async with scope:
                if len(calls) == 1:
                    return [await self._answer(query, calls[0], schema, trace)]
                return await self._parts(query, calls, schema, trace)
        except TimeoutError:
            if not scope.expired():
                raise
        raise self._late(query._head, trace)

    def _stay_in_one_loop(self) -> None:
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise UsageError("This SupabaseClient belongs to another event loop; open one in each.")

    async def _parts(self, query: Query, calls: list[Call], schema: str, trace: Trace) -> list[Answer]:
        """Reads at once; writes one after the other, each its own transaction: those before a failure stay."""
        if query._head.verb != "read":
            return [await self._answer(query, call, schema, trace) for call in calls]
        tasks = [asyncio.ensure_future(self._answer(query, call, schema, trace)) for call in calls]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, query: Query, call: Call, schema: str, trace: Trace) -> Answer:
        reply = await self.send(call, schema, trace)
        seen = responses.window(reply)
        self.proven_rows = max(self.proven_rows, seen.rows if call.head.verb == "read" else 0)
        found = responses.verdict(query, call, seen, self.limits.max_rows)
        if found is Verdict.CUT or (found is Verdict.UNSURE and await self._has_more(call, seen, schema, trace)):
            raise truncated(call.head, f"rows of {call.head.table}", seen.rows)
        return Answer(query, call, reply, seen, self.limits.max_rows)

    async def _has_more(self, call: Call, seen: responses.Window, schema: str, trace: Trace) -> bool:
        probe = queries.probe(call, seen.first + seen.rows)
        return responses.window(await self.send(probe, schema, trace)).rows > 0

    async def send(self, call: Call, schema: str, trace: Trace) -> Reply:
        """A 2xx reply, after as many tries as retry.py allows before the deadline."""
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._try(call, schema, trace, attempt)
            if isinstance(outcome, Reply):
                return outcome
            remaining = trace.until - asyncio.get_running_loop().time()
            wait = retry.pause(call.head, outcome, attempt, remaining)
            if wait is None:
                raise outcome
            trace.last = type(outcome).__name__
            log.warning("%s %s: %s, trying again", call.head.method, call.head.table, trace.last)
            await asyncio.sleep(wait)

    async def _try(self, call: Call, schema: str, trace: Trace, attempt: int) -> Reply | SupabaseError:
        async with self._slots:
            if not trace.sent and self._is_too_late(trace):
                return self._late(call.head, trace)
            trace.sent += 1
            started = time.perf_counter()
            outcome = await exchange(self.transport, self._request(call, schema), self.limits.max_body)
        if isinstance(outcome, TransportError):
            return self._unreached(call.head, outcome, attempt)
        self._note(call, outcome, started)
        if not 200 <= outcome.status < 300:
            return responses.failure(call, outcome, attempt)
        return responses.unreadable(call, outcome, outcome.damage) if outcome.damage else outcome

    def _is_too_late(self, trace: Trace) -> bool:
        """A query that queued until now would be cut off, and a write might be stored all the same."""
        return trace.until - asyncio.get_running_loop().time() < self.limits.deadline / 20

    def _request(self, call: Call, schema: str) -> httpx.Request:
        profile = "Accept-Profile" if call.head.method in ("GET", "HEAD") else "Content-Profile"
        headers = [*call.headers, (profile, schema), ("Accept-Encoding", "gzip"), ("User-Agent", "sistema-os")]
        if call.content:
            headers.append(("Content-Length", str(len(call.content))))
        request = httpx.Request(
            call.head.method, self.base + call.target, headers=headers, content=content(call.content)
        )
        # Last, so that no failure above has the key among its local variables.
        request.headers["apikey"] = self._key.reveal()
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request

    def _unreached(self, head: Head, failure: TransportError, attempt: int) -> TransportError:
        place = httpx.URL(self.base)
        port = f":{place.port}" if place.port else ""
        failure.args = (f"Supabase at {place.host}{port} could not {head.verb} {head.table}: {failure}.",)
        failure.operation, failure.table, failure.attempt = head.verb, head.table, attempt
        return failure

    def _note(self, call: Call, reply: Reply, started: float) -> None:
        if not log.isEnabledFor(logging.DEBUG):
            return
        took = (time.perf_counter() - started) * 1000
        rows = responses.window(reply).rows
        line = (call.head.method, call.head.table, call.columns, reply.status, rows, len(reply.body), took)
        log.debug("%s %s [%s] -> %d, %d rows, %d bytes, %.1f ms", *line)

    def _late(self, head: Head, trace: Trace) -> TransportError:
        what = f"{head.verb} {head.table} within {self.limits.deadline:g} s"
        if not trace.sent:
            queue = f"all {self.limits.max_connections} connections were busy"
            return PoolExhausted(f"Supabase could not {what}: {queue}.", operation=head.verb, table=head.table)
        tries = f"{trace.sent} requests, the last failure {trace.last}" if trace.last else "no whole answer"
        return DeadlineExceeded(
            f"Supabase did not {what}: {tries}.", operation=head.verb, table=head.table, attempt=trace.sent
        )


def check(query: Query) -> None:
    head = query._head
    if head.verb in ("update", "delete") and not query._filters():
        raise UnfilteredWrite(f"This {head.verb} of {head.table} has no filter and would reach every row.")
