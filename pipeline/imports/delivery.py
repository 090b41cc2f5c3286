"""Hands flat lines to the hotel's SQL functions: one call, and so one transaction, a file."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from asgiref.sync import sync_to_async

from pipeline.imports import spool
from pipeline.imports.questions import SCOPE_WORDS
from pipeline.models import ImportedFile
from sistema_os.supabase import SupabaseClient

STAYS: Final = "receber_listagem"
ORDERS: Final = "receber_ordens"
_COUNTS: Final = {
    "received": "recebidas",
    "added": "novas",
    "changed": "alteradas",
    "same": "iguais",
    "missing": "faltaram",
    "departed": "sairam",
    "removed": "sumiram",
}


@dataclass(frozen=True)
class Delivered:
    """What the function did, or would do, in numbers of lines or guests.

    `refusal` is a sentence: the whole call was refused and nothing written. `refused` are single lines that were not
    taken, as {"linha", "motivo"}.
    """

    received: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    missing: int = 0
    """Guests who are absent from the whole house for the first time: nothing changes for them yet."""
    departed: int = 0
    removed: int = 0
    """Bookings that are absent for the second time."""
    refusal: str = ""
    refused: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def writes(self) -> int:
        return self.added + self.changed + self.missing + self.departed + self.removed

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def deliver(
    supabase: SupabaseClient, file: ImportedFile, business_date: date, *, simulate: bool = False
) -> Delivered:
    """Sends the lines of a file that is ready. Raises SupabaseError; then nothing of the file was written."""
    lines = await sync_to_async(_lines)(file)
    arguments: dict[str, Any] = {
        "linhas": lines,
        "data": business_date.isoformat(),
        "fonte": file.origin,
        "simular": simulate,
    }
    if file.kind == "stays":
        arguments["escopo"] = SCOPE_WORDS[file.scope]
    answer = await supabase.rpc(STAYS if file.kind == "stays" else ORDERS, arguments).execute()
    return _delivered(answer.data)


def _lines(file: ImportedFile) -> list[dict[str, Any]]:
    return list(spool.lines(file.session_id, file.sha256))


def _delivered(data: Any) -> Delivered:
    return Delivered(
        **{name: int(data.get(key) or 0) for name, key in _COUNTS.items()},
        refusal=data.get("recusa") or "",
        refused=list(data.get("recusadas") or []),
        notices=[str(notice) for notice in data.get("avisos") or []],
    )
