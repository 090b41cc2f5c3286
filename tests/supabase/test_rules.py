"""Retries, bodies and literals, decided without a server."""

import contextlib
import gc
from datetime import UTC, datetime
from typing import Any

import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import codec, literals, responses, retry
from sistema_os.supabase.query import Head
from sistema_os.supabase.transport import Reply

READ = Head("read", "GET", "t", "t", repeatable=True)
WRITE = Head("insert", "POST", "t", "t")


def failed(sent: bool) -> sb.ConnectionFailed:
    failure = sb.ConnectionFailed("no")
    failure.sent = sent
    return failure


@pytest.mark.parametrize(
    ("head", "error", "allowed"),
    [
        (READ, failed(sent=True), True),
        (READ, sb.Unavailable("", status=503), True),
        (READ, sb.StatementTimeout("", status=500, code="57014"), False),
        (READ, sb.StatementTimeout("", status=503, code="57014"), False),
        (READ, sb.Conflict("", status=409, code="40001"), True),
        (READ, sb.BadQuery("", status=400), False),
        (READ, sb.PoolExhausted(""), False),
        (WRITE, failed(sent=True), False),
        (WRITE, failed(sent=False), True),
        (WRITE, sb.Unavailable("", status=429), False),
        (WRITE, sb.Conflict("", status=409, code="40P01"), False),
    ],
)
def test_only_what_is_safe_is_tried_again(head: Head, error: sb.SupabaseError, allowed: bool) -> None:
    assert retry.may_repeat(head, error) is allowed
    assert (retry.pause(head, error, attempt=1, remaining=30) is not None) is allowed
    assert retry.pause(head, error, attempt=4, remaining=30) is None
    assert retry.pause(head, error, attempt=1, remaining=0) is None


def test_retry_after_reads_both_forms_and_ignores_nonsense() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert retry.retry_after("7") == 7
    assert retry.retry_after("Thu, 01 Jan 2026 12:00:30 GMT", now) == 30
    assert retry.retry_after("Thu, 01 Jan 2026 11:00:00 GMT", now) == 0
    assert [retry.retry_after(header) for header in (None, "", "soon", "-1", "²")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("0-24/*", (0, 25, None)),
        ("10-19/3573458", (10, 10, 3573458)),
        ("*/0", (0, 0, 0)),
        ("*/*", (0, 0, None)),
        ("", (0, 0, None)),
        ("items 0-24/*", (0, 0, None)),
        (f"0-{'9' * 5000}/*", (0, 0, None)),
    ],
)
def test_content_range_is_read_or_ignored(text: str, window: tuple[int, int, int | None]) -> None:
    assert responses.window(Reply(200, {"content-range": text}, b"")) == window


def test_null_in_a_body_is_only_refused_where_nan_made_it() -> None:
    assert codec.encode({"a": None, "b": "null"}) == b'{"a":null,"b":"null"}'
    for value in (float("nan"), [float("inf")], {"a": (1, float("-inf"))}):
        with pytest.raises(sb.UsageError, match="NaN"):
            codec.encode({"v": value})


@pytest.mark.parametrize(("text", "item"), [("a", "a"), ("", '""'), (" a", '" a"'), ('a"', '"a\\""'), (True, "true")])
def test_list_items_are_quoted_where_postgrest_would_misread_them(text: Any, item: str) -> None:
    assert literals.list_item(text) == item


@pytest.mark.parametrize("collecting", [True, False])
@pytest.mark.parametrize("body", [b"[" + b"1," * 50_000 + b"1]", b"[" + b"1," * 50_000])
def test_decoding_a_large_body_leaves_the_garbage_collector_as_it_was(body: bytes, collecting: bool) -> None:
    before = gc.isenabled()
    try:
        gc.enable() if collecting else gc.disable()
        with contextlib.suppress(ValueError):
            codec.decode(body)
        assert gc.isenabled() is collecting
    finally:
        gc.enable() if before else gc.disable()
