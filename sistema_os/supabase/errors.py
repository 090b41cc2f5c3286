"""What can go wrong with a query, as a tree.

    SupabaseError
    ├── UsageError                 refused here, nothing was sent
    │   ├── UnfilteredWrite        UPDATE or DELETE of a whole table
    │   ├── LostFilter             a filter was added to a write and its result dropped
    │   └── SyncCallInLoop         a synchronous call inside a running loop
    ├── TransportError             no whole answer
    │   ├── DeadlineExceeded       also a TimeoutError
    │   ├── PoolExhausted          the deadline passed while the query queued for a connection
    │   └── ConnectionFailed       `sent` tells whether the server may have seen the request
    └── ResponseError              an answer, but not the one asked for
        ├── AuthError              wrong key, or a role that may not
        ├── NotFound               no such table, view or function
        ├── BadQuery               the request, or a value in it, is wrong
        ├── Conflict               unique or foreign key, serialisation, deadlock
        ├── NotSingleRow           single() met none or several
        ├── DuplicateKeyInBatch    one upsert names a row twice
        ├── StatementTimeout       PostgreSQL ended the statement
        ├── Unavailable            overloaded, restarting or unreachable behind its gateway
        ├── UnreadableBody         not what the content type promised, cut, or over the size limit
        └── TruncatedResult        the server's row cap cut the answer

`str()` of each is short text for people. None carries a key, a filter's value or the server's
`details` (which quote rows), and none chains the HTTP library's exception (which carries headers).
"""


class SupabaseError(Exception):
    """Everything that a query can raise, except cancellation.

    `message`, `code`, `hint` and `details` are those of the official client's APIError; `details` is always
    empty, because the server's quotes rows.
    """

    code = ""
    hint = ""
    details = ""

    @property
    def message(self) -> str:
        return str(self)


class UsageError(SupabaseError):
    """The call itself is wrong; nothing was sent."""


class UnfilteredWrite(UsageError):
    """An UPDATE or DELETE without a filter would reach every row."""


class LostFilter(UsageError):
    """A builder that narrowed an update or delete was dropped, and the wider one was sent instead."""


class SyncCallInLoop(UsageError, RuntimeError):
    """A blocking call where a running loop would stop beating."""


class TransportError(SupabaseError):
    """No whole answer arrived; `attempt` counts the tries, from 1."""

    def __init__(self, message: str, *, operation: str = "", table: str = "", attempt: int = 1) -> None:
        super().__init__(message)
        self.operation = operation
        self.table = table
        self.attempt = attempt


class DeadlineExceeded(TransportError, TimeoutError):
    """Waiting, sending, decoding and retrying together took longer than the query's deadline."""


class PoolExhausted(TransportError):
    """The deadline passed before a connection was free; nothing was sent."""


class ConnectionFailed(TransportError):
    """The connection could not be made (`sent` False) or broke (`sent` True: a write may have happened)."""

    sent = True


class ResponseError(SupabaseError):
    """The server answered with an error, or with something that is no answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        hint: str = "",
        operation: str = "",
        table: str = "",
        column: str = "",
        constraint: str = "",
        attempt: int = 1,
        retry_after: float | None = None,
        rows: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.hint = hint
        self.operation = operation
        self.table = table
        self.column = column
        self.constraint = constraint
        self.attempt = attempt
        self.retry_after = retry_after
        self.rows = rows


class AuthError(ResponseError):
    """The key is wrong or expired, or its role lacks the right."""


class NotFound(ResponseError):
    """The schema has no such table, view or function (a migration may be missing)."""


class BadQuery(ResponseError):
    """The server could not accept the request or a value in it."""


class Conflict(ResponseError):
    """The write collides with stored rows or with another transaction."""


class NotSingleRow(ResponseError):
    """Exactly one row was asked for; `rows` is how many there were, where the server says so. A write is undone."""


class DuplicateKeyInBatch(ResponseError):
    """One upsert holds two rows for the same stored row."""


class StatementTimeout(ResponseError):
    """PostgreSQL cancelled the statement; asking again would only add load."""


class Unavailable(ResponseError):
    """The service cannot answer now; `retry_after` is its own estimate in seconds."""


class UnreadableBody(ResponseError):
    """The body is not the JSON that was asked for, is cut off, or exceeds the limit."""


class TruncatedResult(ResponseError):
    """More rows match than the server hands out at once: walk them with pages() or stream()."""
