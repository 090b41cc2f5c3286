"""A whole reply that is still bytes: small to keep while it waits its turn, decoded when it is wanted."""

from dataclasses import dataclass
from typing import Any

from sistema_os.supabase import caps, responses
from sistema_os.supabase.errors import NotSingleRow, TruncatedResult
from sistema_os.supabase.query import Call, Head, Query
from sistema_os.supabase.transport import Reply
from sistema_os.supabase.types import APIResponse


@dataclass(frozen=True, slots=True)
class Answer:
    query: Query
    call: Call
    reply: Reply
    seen: responses.Window
    max_rows: int

    def response(self) -> APIResponse[Any]:
        """Raises UnreadableBody, NotSingleRow, or TruncatedResult for a list cut inside a row."""
        data = responses.data(self.call, self.reply)
        if cut := caps.cut_embedding(self.query, data, self.max_rows):
            raise truncated(self.call.head, f"embedded {cut}", self.max_rows)
        counted = any(preference.startswith("count=") for preference in self.call.head.prefer)
        return APIResponse(_shaped(self.call.head, data), self.seen.total if counted else None)


def truncated(head: Head, what: str, rows: int) -> TruncatedResult:
    return TruncatedResult(
        f"More {what} match than the {rows} that the server answers at once; read them with pages() or stream().",
        status=200,
        operation=head.verb,
        table=head.table,
    )


def _shaped(head: Head, data: Any) -> Any:
    if head.shape != "maybe" or not isinstance(data, list):
        return data
    if len(data) > 1:
        raise NotSingleRow(
            f"{len(data)} rows of {head.table} match where at most one was expected.",
            status=200,
            operation=head.verb,
            table=head.table,
        )
    return data[0] if data else None
