"""The first try to write a link, while the person who decided waits."""

import logging
from time import monotonic

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import QuerySet

from matching.models import WriteBack
from matching.states import WriteState
from matching.writeback import deliver
from sistema_os.supabase import SupabaseClient, SupabaseError

log = logging.getLogger(__name__)


def send_now(writes: QuerySet[WriteBack]) -> None:
    """For as long as settings.WRITEBACK_DEADLINE allows; what is not written by then stays in the outbox."""
    ids = list(writes.order_by("pk").values_list("pk", flat=True))
    if ids:
        async_to_sync(_send)(ids)


async def _send(ids: list[int]) -> None:
    end = monotonic() + settings.WRITEBACK_DEADLINE
    try:
        async with SupabaseClient(**settings.SUPABASE | {"deadline": settings.WRITEBACK_DEADLINE}) as supabase:
            for pk in ids:
                if monotonic() >= end or await deliver(pk, supabase) == WriteState.OPEN:
                    return
    except SupabaseError as error:
        log.warning("links wait in the outbox: %s", error)
