"""Sends queries: deadline, queue, attempts, response."""

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx

from sistema_os.supabase import codec, responses, retry
from sistema_os.supabase import query as queries
from sistema_os.supabase.errors import (
    DeadlineExceeded,
    NotSingleRow,
    PoolExhausted,
    SupabaseError,
    SyncCallInLoop,
    TransportError,
    UsageError,
)
from sistema_os.supabase.query import Call, Head, Param, Query
from sistema_os.supabase.responses import Answer, Embedded, Verdict, truncated
from sistema_os.supabase.retry import Deadline, Deadlines
from sistema_os.supabase.transport import KEEP_ALIVE_OF_WRITES, Reply, Request, exchange, open_transport
from sistema_os.supabase.types import APIResponse, Secret, ServerInfo

log = logging.getLogger("sistema_os.supabase")
# A key that is no token goes into `apikey` alone: the gateway would refuse it as a token.
_TOKEN = re.compile(r"(?<![\w-])[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
# Kinds of requests whose headers are kept ready.
_MOST_KINDS = 64
# What this process knows of each server, by address.
_servers: dict[str, ServerInfo] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """`deadline` in seconds for a whole query; `max_rows` is the server's cap; `max_body` in bytes, decoded."""

    deadline: float = 30.0
    max_connections: int = 8
    max_rows: int = 1000
    max_body: int = 64 * 1024 * 1024


class Session:
    """The connections, the key and the limits that every view of one client shares."""

    def __init__(
        self,
        base: httpx.URL,
        key: Secret[str],
        limits: Limits,
        transport: httpx.AsyncBaseTransport | None = None,
        proxy: httpx.Proxy | None = None,
        exact: bool = False,
        api_key: Secret[str] | None = None,
    ) -> None:
        self.base = base
        self.limits = limits
        self.exact = exact
        self.closed = False
        self._address = str(base)
        self._key = key
        self._api_key = api_key or key
        self._prepared: dict[tuple[str, str, str, tuple[str, ...], bool, bool], Secret[dict[str, str]]] = {}
        self._proxy = proxy
        self._given = transport
        self.transport = transport or open_transport(base, limits.max_connections, proxy)
        self._for_writes = transport
        self._slots = asyncio.Semaphore(limits.max_connections)
        self._deadlines = Deadlines(limits.deadline)
        # A given transport is a test's own server: nothing that it shows holds for another one.
        self.server = ServerInfo() if transport else _servers.setdefault(self._address, ServerInfo())
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"<Session {self.base.host}>"

    async def aclose(self) -> None:
        """Closes the connections; later queries are refused."""
        if self.closed:
            return
        self.closed = True
        await self.transport.aclose()
        if self._for_writes is not None and self._for_writes is not self.transport:
            await self._for_writes.aclose()

    async def run(self, query: Query) -> APIResponse[Any]:
        return responses.joined(await self.decode(await self.fetch(query)))

    def run_blocking(self, query: Query) -> APIResponse[Any]:
        """In a loop and with a connection of its own, which end with the query."""
        refuse_in_loop()
        return asyncio.run(self._run_alone(query))

    async def _run_alone(self, query: Query) -> APIResponse[Any]:
        alone = Session(self.base, self._key, self.limits, self._given, self._proxy, self.exact, self._api_key)
        try:
            return await alone.run(query)
        finally:
            if self._given is None:
                await alone.aclose()

    async def fetch(self, query: Query, *, paged: bool = False) -> list[Answer]:
        """One deadline around everything: queueing, sending, receiving, all retries, all parts.

        `paged`: the caller reads on from the last row, so that it does not matter what ended the rows.
        """
        deadline = Deadline(self._deadlines, self._usable_loop())
        queries.check(query)
        calls = queries.calls(query, self.server.max_rows or self.limits.max_rows)
        with deadline:
            if query._head.verb == "update":
                await self._refuse_misleading(query)
            if len(calls) == 1:
                return [await self._answer(query, calls[0], deadline, paged)]
            return await self._parts(query, calls, deadline, paged)
        raise self._late(query._head, deadline)

    def _usable_loop(self) -> asyncio.AbstractEventLoop:
        if self.closed:
            raise UsageError("This SupabaseClient is closed.")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise UsageError("This SupabaseClient belongs to another event loop; open one in each.")
        return loop

    async def _refuse_misleading(self, query: Query) -> None:
        """PostgREST before 14.4 filters the rows that an update returns, by their new values, once more."""
        if _returns_rows_of_or(query) and await self._is_before(14, 4):
            raise UsageError(
                f"Before PostgREST 14.4, an update of {query._head.table} by or_() or and_() returns only the rows "
                'that still match afterwards: use returning="minimal".'
            )

    async def decode(self, answers: list[Answer]) -> list[APIResponse[Any]]:
        """Raises UnreadableBody, NotSingleRow, or TruncatedResult for a list cut inside a row."""
        decoded = []
        for answer in answers:
            response = answer.response()
            decoded.append(response)
            if "(" not in answer.call.target:
                continue
            most = self.server.max_rows or self.limits.max_rows
            longest = responses.longest_embedding(answer.query, response.data, most)
            if longest and longest.rows and responses.may_be_cap(longest.rows, self.limits.max_rows, self.server):
                await self._refuse_cut(answer.call.head, longest)
        return decoded

    async def _refuse_cut(self, head: Head, longest: Embedded) -> None:
        """Raises TruncatedResult if the server's cap is the length of that list."""
        if longest.rows != (self.server.max_rows or self.limits.max_rows):
            try:
                await self.learn_cap(longest.table, longest.rows, head.schema)
            except SupabaseError:
                return  # not the name of a table: nothing can be learned from it
            if longest.rows != self.server.max_rows:
                return
        raise truncated(head, f"embedded {longest.name}", longest.rows)

    async def _parts(self, query: Query, calls: list[Call], deadline: Deadline, paged: bool) -> list[Answer]:
        """Reads at once; writes one after the other, each its own transaction: those before a failure stay."""
        if query._head.verb != "read":
            return [await self._answer(query, call, deadline, paged) for call in calls]
        tasks = [asyncio.ensure_future(self._answer(query, call, deadline, paged)) for call in calls]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, query: Query, call: Call, deadline: Deadline, paged: bool) -> Answer:
        try:
            reply = await self._send(call, deadline)
        except NotSingleRow as error:
            if call.head.shape != "maybe" or error.rows != 0:
                raise
            reply = Reply(200, {}, b"[]")
        seen = responses.window(reply)
        found = Verdict.WHOLE if paged else responses.verdict(query, call, seen, self.limits.max_rows, self.server)
        if found is Verdict.UNSURE:
            found = Verdict.CUT if await self._has_more(call, seen, deadline) else Verdict.WHOLE
        if call.head.verb == "read":
            self._note_rows(seen.rows)
        if found is Verdict.CUT:
            self.server.max_rows = seen.rows
            raise truncated(call.head, f"rows of {call.head.table}", seen.rows)
        return Answer(query, call, reply, seen)

    def _note_rows(self, rows: int) -> None:
        server = self.server
        if rows > server.proven_rows:
            server.proven_rows = rows
        if server.max_rows is not None and rows > server.max_rows:
            server.max_rows = None

    async def _has_more(self, call: Call, seen: responses.Window, deadline: Deadline) -> bool:
        probe = queries.probe(call, seen.first + seen.rows)
        return responses.window(await self._send(probe, deadline)).rows > 0

    async def learn_cap(self, table: str, beyond: int, schema: str) -> None:
        """Asks for more than `beyond` rows of a table, without their contents, to see where the server stops.

        A table of fewer rows than the cap shows only that the cap is not lower.
        """
        head = Head("read", "HEAD", table, queries.escaped(table), schema, repeatable=True)
        looked = Query(self, head, (Param("window", "limit", str(beyond + 1)),))
        answer = (await self.fetch(looked))[0]
        if 0 < answer.seen.rows <= beyond:
            following = Query(
                self, head, (Param("window", "offset", str(answer.seen.rows)), Param("window", "limit", "1"))
            )
            if (await self.fetch(following))[0].seen.rows:
                self.server.max_rows = answer.seen.rows

    async def learn_version(self) -> str:
        """From the `Server` header of any answer, else from the description of the schema at the root."""
        if not self.server.version:
            head = Head(
                "read", "GET", "the schema", "", accept="application/openapi+json", shape="call", repeatable=True
            )
            answer = (await self.fetch(Query(self, head)))[0]
            if not self.server.version:
                described = codec.decode(answer.reply.body)
                found = described.get("info", {}).get("version", "") if isinstance(described, dict) else ""
                self.server.version = str(found).partition(" ")[0]
        return self.server.version

    async def _is_before(self, major: int, minor: int) -> bool:
        try:
            await self.learn_version()
        except (SupabaseError, ValueError):
            log.info("The version of PostgREST at %s cannot be learned", self.base.host)
        return self.server.is_before(major, minor)

    async def _send(self, call: Call, deadline: Deadline) -> Reply:
        """A 2xx reply, after as many attempts as retry.py allows before the deadline."""
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._try(call, deadline, attempt)
            if isinstance(outcome, Reply):
                return outcome
            wait = retry.pause(call.head, outcome, attempt, deadline.remaining())
            if wait is None:
                raise outcome
            deadline.last = type(outcome).__name__
            log.warning("%s %s: %s, trying again", call.head.method, call.head.table, deadline.last)
            await asyncio.sleep(wait)

    async def _try(self, call: Call, deadline: Deadline, attempt: int) -> Reply | SupabaseError:
        head = call.head
        await self._slots.acquire()
        try:
            if not deadline.sent and self._is_too_late(deadline):
                return self._late(head, deadline)
            deadline.sent += 1
            started = time.perf_counter()
            request = Request(head.method, self._address + call.target, self._headers_of(call), call.content)
            outcome = await exchange(self._transport_of(head), request, self.limits.max_body)
        finally:
            self._slots.release()
        if isinstance(outcome, TransportError):
            return self._unreached(call.head, outcome, attempt)
        if not self.server.version:
            self._note_version(outcome)
        if log.isEnabledFor(logging.DEBUG):
            self._note(call, outcome, started)
        if not 200 <= outcome.status < 300:
            return responses.failure(call, outcome, attempt)
        return responses.unreadable(call, outcome, outcome.damage) if outcome.damage else outcome

    def _transport_of(self, head: Head) -> httpx.AsyncBaseTransport:
        """What must not be sent twice goes over connections that have not idled for long."""
        if head.repeatable:
            return self.transport
        if self._for_writes is None:
            self._for_writes = open_transport(self.base, self.limits.max_connections, self._proxy, KEEP_ALIVE_OF_WRITES)
        return self._for_writes

    def _is_too_late(self, deadline: Deadline) -> bool:
        """A query that queued until now would be cut off, and a write might be stored all the same."""
        return deadline.remaining() < self.limits.deadline / 20

    def _headers_of(self, call: Call) -> Secret[dict[str, str]]:
        """Prepared once for each kind of request; the key stands in no local variable that a traceback might show."""
        head = call.head
        kind = (head.method, head.schema, head.accept, head.prefer, head.strip_nulls, head.body is None)
        prepared = self._prepared.get(kind)
        if prepared is None:
            if len(self._prepared) >= _MOST_KINDS:
                self._prepared.clear()
            prepared = self._prepared[kind] = Secret(self._fixed_headers(head))
        if not call.content:
            return prepared
        return Secret({**prepared.reveal(), "Content-Length": str(len(call.content))})

    def _fixed_headers(self, head: Head) -> dict[str, str]:
        token = {"Authorization": f"Bearer {self._key.reveal()}"} if _TOKEN.fullmatch(self._key.reveal()) else {}
        return {
            **queries.headers(head),
            "Accept-Profile" if head.method in ("GET", "HEAD") else "Content-Profile": head.schema,
            "Accept-Encoding": "gzip",
            "User-Agent": "sistema-os",
            "apikey": self._api_key.reveal(),
            **token,
        }

    def _unreached(self, head: Head, failure: TransportError, attempt: int) -> TransportError:
        port = f":{self.base.port}" if self.base.port else ""
        failure.args = (f"Supabase at {self.base.host}{port} could not {head.verb} {head.table}: {failure}.",)
        failure.operation, failure.table, failure.attempt = head.verb, head.table, attempt
        return failure

    def _note_version(self, reply: Reply) -> None:
        name, _, version = reply.headers.get("server", "").partition("/")
        if name.lower() == "postgrest":
            self.server.version = version.partition(" ")[0]

    def _note(self, call: Call, reply: Reply, started: float) -> None:
        took = (time.perf_counter() - started) * 1000
        rows = responses.window(reply).rows
        line = (call.head.method, call.head.table, call.filtered_columns(), reply.status, rows, len(reply.body), took)
        log.debug("%s %s [%s] -> %d, %d rows, %d bytes, %.1f ms", *line)

    def _late(self, head: Head, deadline: Deadline) -> TransportError:
        what = f"{head.verb} {head.table} within {self.limits.deadline:g} s"
        if not deadline.sent:
            queue = f"all {self.limits.max_connections} connections were busy"
            return PoolExhausted(f"Supabase could not {what}: {queue}.", operation=head.verb, table=head.table)
        tries = f"{deadline.sent} requests, the last failure {deadline.last}" if deadline.last else "no whole answer"
        return DeadlineExceeded(
            f"Supabase did not {what}: {tries}.", operation=head.verb, table=head.table, attempt=deadline.sent
        )


def refuse_in_loop() -> None:
    """Raises SyncCallInLoop inside a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise SyncCallInLoop(
        "table() blocks, and an event loop is running in this thread: "
        "use `await supabase.async_table(name)...execute()`."
    )


def _returns_rows_of_or(query: Query) -> bool:
    """An update that filters by or_() or and_() and wants its rows back."""
    head = query._head
    return (
        head.verb == "update"
        and ("return=representation" in head.prefer or head.shape in ("single", "maybe"))
        and any(p.kind == "filter" and p.key in ("or", "and", "not.or", "not.and") for p in query._params)
    )
