"""The first try to write a link, while the person who decided waits."""

import logging
from collections.abc import Iterable
from time import monotonic

from asgiref.sync import async_to_sync
from django.conf import settings

from matching.models import WriteBack
from matching.models.choices import WriteState
from matching.writeback import deliver
from sistema_os.supabase import SupabaseClient, SupabaseError

log = logging.getLogger(__name__)


def send_now(writes: Iterable[WriteBack]) -> bool:
    """True when the hotel confirmed every one. For as long as settings.WRITEBACK_DEADLINE allows; what is not written
    by then stays in the outbox."""
    told = list(writes)
    return not told or async_to_sync(_send)(told)


async def _send(writes: list[WriteBack]) -> bool:
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
