"""The outbox: carries decided links to Supabase, once the decision is safe in our own database.

Two deliverers never write the same row (a conditional claim), rows of one order go out in the order of their ids,
and a process that dies in between leaves the row open: the functions in Supabase are idempotent, so it is sent again.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

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

LINK, UNLINK = "vincular_os", "desvincular_os"
LEASE_MARGIN = timedelta(seconds=10)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=10)


@dataclass
class Delivered:
    done: int = 0
    conflicts: int = 0
    still_open: int = 0
    errors: list[str] = field(default_factory=list)


async def deliver(write: WriteBack | int, supabase: SupabaseClient) -> WriteState | None:
    """The row's state afterwards; None when there was nothing to do or somebody else is at it. A row that the caller
    has just read or made need not be read again."""
    state, _ = await _deliver(write, supabase)
    return state


async def deliver_open(supabase: SupabaseClient, check_fence: Callable[[], Awaitable[None]] | None = None) -> Delivered:
    """Everything that is due, oldest first; stops at the first sign that Supabase cannot be reached."""
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
        order = await _look_again(write, supabase) if answer == "conflito" else None
    except SupabaseError as error:
        log.warning("write-back %s stays open: %s", write.pk, error)
        await sync_to_async(_give_back)(write, error)
        return WriteState.OPEN, error
    return await sync_to_async(settle)(write, answer, order), None


async def _send(write: WriteBack, supabase: SupabaseClient) -> str:
    if write.kind == WriteKind.UNLINK:
        call = supabase.rpc(UNLINK, {"p_os_id": write.order_id, "p_listagem_id": write.stay_id})
    else:
        call = supabase.rpc(
            LINK,
            {
                "p_os_id": write.order_id,
                "p_texto_versao": write.texto_versao,
                "p_listagem_id": write.stay_id,
                "p_usuario": write.username,
                "p_score": None if write.score is None else float(write.score),
            },
        )
    return str((await call.execute()).data)


async def _look_again(write: WriteBack, supabase: SupabaseClient) -> dict[str, Any]:
    """The order as it is now: tells a changed text from somebody else's link."""
    query = supabase.async_table("ordens_servico").select(ORDER_COLUMNS).eq("id", write.order_id)
    rows = (await query.execute()).data
    return dict(rows[0]) if rows else {}


def _next_due(after: int) -> int | None:
    due = WriteBack.objects.filter(_free(timezone.now()), pk__gt=after, next_try_at__lte=timezone.now())
    return due.order_by("pk").values_list("pk", flat=True).first()


def _free(now: datetime) -> Q:
    earlier = WriteBack.objects.filter(order=OuterRef("order"), state=WriteState.OPEN, pk__lt=OuterRef("pk"))
    return Q(~Exists(earlier), Q(leased_until=None) | Q(leased_until__lt=now), state=WriteState.OPEN)


def _claim(due: WriteBack | int) -> WriteBack | None:
    """Ours, for longer than a query can take; None when it is settled, leased, or not yet its turn."""
    now = timezone.now()
    claim = uuid.uuid4()
    taken = WriteBack.objects.filter(_free(now), pk=due if isinstance(due, int) else due.pk).update(
        claim=claim,
        leased_until=now + 2 * timedelta(seconds=settings.QUERY_TIMEOUT) + LEASE_MARGIN,
        attempts=F("attempts") + 1,
        maybe_written=True,
    )
    if taken == 0:
        return None
    if isinstance(due, int):
        return WriteBack.objects.get(pk=due)
    due.claim, due.maybe_written, due.attempts = claim, True, due.attempts + 1
    return due


def _give_back(write: WriteBack, error: SupabaseError) -> None:
    """A first try whose connection failed has certainly written nothing; after that nobody can tell any more."""
    unsent = isinstance(error, PoolExhausted) or (isinstance(error, ConnectionFailed) and not error.sent)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(write.attempts - 1, 10)) if write.attempts > 1 else timedelta(0)
    WriteBack.objects.filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN).update(
        claim=None,
        leased_until=None,
        next_try_at=timezone.now() + wait,
        last_error=str(error)[:200],
        maybe_written=write.attempts > 1 or not unsent,
    )


log = logging.getLogger(__name__)


def send_now(writes: Iterable[WriteBack]) -> bool:
    """True when the hotel confirmed every one. For as long as settings.WRITEBACK_DEADLINE allows; what is not written
    by then stays in the outbox."""
    told = list(writes)
    return not told or async_to_sync(_send_all)(told)


async def _send_all(writes: list[WriteBack]) -> bool:
    end, done = monotonic() + settings.WRITEBACK_DEADLINE, 0
    try:
        async with SupabaseClient(**settings.SUPABASE | {"deadline": settings.WRITEBACK_DEADLINE}) as supabase:
            for write in writes:
                state = WriteState.OPEN if monotonic() >= end else await deliver(write, supabase)
                if state == WriteState.OPEN:
                    return False
                done += state == WriteState.DONE
    except SupabaseError as error:
        log.warning("links wait in the outbox: %s", error)
    return done == len(writes)
