"""The outbox: delivers links to Supabase once the decision is committed in our own database.

A conditional claim keeps two processes from writing the same row, and the rows of an order are written in the order of
their ids. A row whose process dies stays open and is sent again: the functions in Supabase are idempotent.
"""

import logging
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from matching.hotel_rows import ORDER_COLUMNS
from matching.models import WriteBack
from matching.models.choices import WriteKind, WriteState
from matching.writeback.settlement import settle
from sistema_os.supabase import ConnectionFailed, PoolExhausted, SupabaseClient, SupabaseError, TransportError

log = logging.getLogger(__name__)

FUNCTIONS = {
    WriteKind.LINK: "vincular_os",
    WriteKind.UNLINK: "desvincular_os",
    WriteKind.FURTHER: "vincular_hospede_os",
    WriteKind.UNFURTHER: "desvincular_hospede_os",
}
CONFLICT = "conflito"
LEASE_MARGIN = timedelta(seconds=10)
FIRST_WAIT = timedelta(seconds=5)
MAX_WAIT = timedelta(minutes=10)
# Of the people who wait for Supabase in one process: how many, how long for a place, how long nobody after one in vain.
SEATS: Final = 3
PATIENCE: Final = 0.25
PAUSE: Final = 10.0


@dataclass
class Delivered:
    done: int = 0
    conflicts: int = 0
    still_open: int = 0
    errors: list[str] = field(default_factory=list)


class WaitingRoom:
    """How many people of this process may wait for Supabase at once, and whether anybody should; safe for threads.

    Eight acceptances during a hanging Supabase used to hold all threads of the server for the whole deadline, and the
    pages behind them. Now at most SEATS threads wait; after one that waited in vain, nobody waits for PAUSE seconds,
    and all links go to the outbox at once. Then one thread tries. Whoever enters calls `leave` afterwards."""

    def __init__(self) -> None:
        self._seats = threading.BoundedSemaphore(SEATS)
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._tries_after_pause = False

    def enter(self) -> bool:
        """Waits for a seat for PATIENCE seconds: a Supabase that works frees one in less."""
        if self._is_closed() or not self._seats.acquire(timeout=PATIENCE):
            return False
        with self._lock:
            if monotonic() < self._closed_until or self._tries_after_pause:
                self._seats.release()
                return False
            self._tries_after_pause = self._closed_until > 0
        return True

    def leave(self, *, answered: bool) -> None:
        with self._lock:
            self._closed_until = 0.0 if answered else monotonic() + PAUSE
            self._tries_after_pause = False
        self._seats.release()

    def _is_closed(self) -> bool:
        with self._lock:
            return monotonic() < self._closed_until or self._tries_after_pause


waiting_room = WaitingRoom()


def send_now(writes: Iterable[WriteBack]) -> bool:
    """Delivers while the person who decided waits, for settings.WRITEBACK_DEADLINE seconds at most. True when Supabase
    confirmed every row; what is not written by then stays in the outbox, which the watch delivers within seconds.

    The people who decide share one budget, so that a hanging Supabase cannot occupy every thread of the server: see
    `WaitingRoom`."""
    rows = list(writes)
    if not rows:
        return True
    if not waiting_room.enter():
        return False
    answered = False
    try:
        confirmed, answered = async_to_sync(_send_all)(rows)
        return confirmed
    finally:
        waiting_room.leave(answered=answered)


async def _send_all(writes: list[WriteBack]) -> tuple[bool, bool]:
    """Whether Supabase confirmed every row, and whether it answered at all within the deadline."""
    end, done = monotonic() + settings.WRITEBACK_DEADLINE, 0
    try:
        async with SupabaseClient(**settings.SUPABASE | {"deadline": settings.WRITEBACK_DEADLINE}) as supabase:
            for write in writes:
                state = WriteState.OPEN if monotonic() >= end else await deliver(write, supabase)
                if state == WriteState.OPEN:
                    return False, False
                done += state == WriteState.DONE
    except SupabaseError as error:
        log.warning("links stay in the outbox: %s", error)
        return False, False
    return done == len(writes), True


async def deliver(write: WriteBack | int, supabase: SupabaseClient) -> WriteState | None:
    """The row's state afterwards; None when it is not open or another process has claimed it. Given as an object, the
    row is not read again."""
    state, _ = await _deliver(write, supabase)
    return state


async def deliver_open(supabase: SupabaseClient, check_fence: Callable[[], Awaitable[None]] | None = None) -> Delivered:
    """Every row that is due, oldest first; stops as soon as Supabase cannot be reached."""
    total = Delivered()
    after = 0
    while (due := await sync_to_async(_next_due)(after)) is not None:
        after = due
        if check_fence is not None:
            await check_fence()
        state, error = await _deliver(due, supabase)
        total.done += state == WriteState.DONE
        total.conflicts += state == WriteState.CONFLICT
        total.still_open += state == WriteState.OPEN
        if error is not None:
            total.errors.append(str(error))
        if isinstance(error, TransportError):
            break
    return total


async def _deliver(due: WriteBack | int, supabase: SupabaseClient) -> tuple[WriteState | None, SupabaseError | None]:
    write = await sync_to_async(_claim)(due)
    if write is None:
        return None, None
    try:
        answer = await _send(write, supabase)
        order = await _current_order(write, supabase) if answer == CONFLICT else None
    except SupabaseError as error:
        log.warning("write-back %s stays open: %s", write.pk, error)
        await sync_to_async(_release)(write, error)
        return WriteState.OPEN, error
    return await sync_to_async(settle)(write, answer, order), None


async def _send(write: WriteBack, supabase: SupabaseClient) -> str:
    parameters: dict[str, Any] = {"p_os_id": write.order_id, "p_listagem_id": write.stay_id}
    if write.kind in (WriteKind.LINK, WriteKind.FURTHER):
        parameters |= {"p_texto_versao": write.texto_versao, "p_usuario": write.username}
    if write.kind == WriteKind.LINK:
        parameters["p_score"] = None if write.score is None else float(write.score)
    return str((await supabase.rpc(FUNCTIONS[WriteKind(write.kind)], parameters).execute()).data)


async def _current_order(write: WriteBack, supabase: SupabaseClient) -> dict[str, Any]:
    """The order's row in Supabase, which distinguishes a changed text from a link of another system."""
    query = supabase.async_table("ordens_servico").select(ORDER_COLUMNS).eq("id", write.order_id)
    rows = (await query.execute()).data
    return dict(rows[0]) if rows else {}


def _next_due(after: int) -> int | None:
    due = WriteBack.objects.filter(_claimable(timezone.now()), pk__gt=after, next_try_at__lte=timezone.now())
    return due.order_by("pk").values_list("pk", flat=True).first()


def _claimable(now: datetime) -> Q:
    earlier = WriteBack.objects.filter(order=OuterRef("order"), state=WriteState.OPEN, pk__lt=OuterRef("pk"))
    return Q(~Exists(earlier), Q(leased_until=None) | Q(leased_until__lt=now), state=WriteState.OPEN)


def _claim(due: WriteBack | int) -> WriteBack | None:
    """Claims the row for longer than a query can take; None when it is settled, claimed, or behind an earlier row."""
    now = timezone.now()
    claim = uuid.uuid4()
    claimed = WriteBack.objects.filter(_claimable(now), pk=due if isinstance(due, int) else due.pk).update(
        claim=claim,
        leased_until=now + 2 * timedelta(seconds=settings.QUERY_TIMEOUT) + LEASE_MARGIN,
        attempts=F("attempts") + 1,
        maybe_written=True,
    )
    if claimed == 0:
        return None
    if isinstance(due, int):
        return WriteBack.objects.get(pk=due)
    due.claim, due.maybe_written, due.attempts = claim, True, due.attempts + 1
    return due


def _release(write: WriteBack, error: SupabaseError) -> None:
    """Schedules the next try. A first try whose connection failed has written nothing; any other may have."""
    unsent = isinstance(error, PoolExhausted) or (isinstance(error, ConnectionFailed) and not error.sent)
    wait = min(MAX_WAIT, FIRST_WAIT * 2 ** min(write.attempts - 1, 10)) if write.attempts > 1 else timedelta(0)
    WriteBack.objects.filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN).update(
        claim=None,
        leased_until=None,
        next_try_at=timezone.now() + wait,
        last_error=str(error)[:200],
        maybe_written=write.attempts > 1 or not unsent,
    )
