"""The async client of the hotel's Supabase. Nothing here imports Django."""

from sistema_os.supabase.bulk_writes import ChunkOutcome, Outcomes
from sistema_os.supabase.client import SupabaseClient
from sistema_os.supabase.errors import (
    AuthError,
    BadQuery,
    Conflict,
    ConnectionFailed,
    DeadlineExceeded,
    DuplicateKeyInBatch,
    NotFound,
    NotSingleRow,
    PoolExhausted,
    ResponseError,
    StatementTimeout,
    SupabaseError,
    SyncCallInLoop,
    TransportError,
    TruncatedResult,
    Unavailable,
    UnfilteredWrite,
    UnreadableBody,
    UsageError,
)
from sistema_os.supabase.query_builder import AsyncQueryBuilder, SyncQueryBuilder
from sistema_os.supabase.types import APIResponse, CountMethod, ReturnMethod, Row

__all__ = [
    "APIResponse",
    "AsyncQueryBuilder",
    "AuthError",
    "BadQuery",
    "ChunkOutcome",
    "Conflict",
    "ConnectionFailed",
    "CountMethod",
    "DeadlineExceeded",
    "DuplicateKeyInBatch",
    "NotFound",
    "NotSingleRow",
    "Outcomes",
    "PoolExhausted",
    "ResponseError",
    "ReturnMethod",
    "Row",
    "StatementTimeout",
    "SupabaseClient",
    "SupabaseError",
    "SyncCallInLoop",
    "SyncQueryBuilder",
    "TransportError",
    "TruncatedResult",
    "Unavailable",
    "UnfilteredWrite",
    "UnreadableBody",
    "UsageError",
]
